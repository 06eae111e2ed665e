"""The registry: one recipient per address, consent, opt-out and forgetting."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import IntegrityError

from alerts.enrolment import enrol
from alerts.recipients import (
    Person,
    counts,
    find_person,
    forget,
    opt_out,
    recipient,
    recipient_address,
    recipient_forgotten,
)
from alerts.schema import prepare
from alerts.segments import read_segments

DAY = timedelta(days=1)
T0 = datetime(2026, 4, 1, tzinfo=UTC)
LINE, MAIL = ("line", "U1"), ("email", "private@mail.example")


def person(*addresses, at=T0, **changes):
    facts = {"district_id": "taira", "language": "ja", "household": "general"}
    return Person(**{**facts, **changes}, consent_at=at, consent_source="窓口", addresses=addresses)


@pytest.fixture
def connection(engine):
    with engine.begin() as connection:
        yield connection


def told(connection):
    return [
        one for each in read_segments(connection, ["taira", "uchigo"]) for one in each.recipients
    ]


def test_rows_that_share_an_address_are_one_recipient_and_the_latest_consent_decides(connection):
    rows = [
        person(LINE, at=T0 + DAY, household="car"),
        person(LINE, MAIL),
        person(MAIL, at=T0 - DAY, household="elderly"),
    ]
    done = enrol(connection, rows)
    assert (done.added, done.merged) == (1, 2)
    found = find_person(connection, *MAIL)
    assert (found.household, found.addresses) == ("car", (MAIL, LINE))


def test_a_row_that_links_two_known_recipients_merges_them(connection):
    enrol(connection, [person(LINE), person(MAIL)])
    done = enrol(connection, [person(LINE, MAIL, at=T0 + DAY, language="vi")])
    assert (done.added, done.changed) == (0, 1)
    assert connection.execute(select(func.count()).select_from(recipient)).scalar() == 1
    assert {each.language for each in counts(connection)} == {"vi"}


def test_an_older_list_changes_nothing_and_the_same_list_again_neither(connection):
    enrol(connection, [person(LINE, household="car")])
    enrol(connection, [person(LINE, at=T0 - DAY, household="elderly")])
    assert find_person(connection, *LINE).household == "car"
    assert enrol(connection, [person(LINE, household="car")]).added == 0


def test_an_opt_out_holds_against_old_lists_and_ends_with_a_new_consent(connection):
    enrol(connection, [person(LINE, MAIL)])
    assert opt_out(connection, *LINE, at=T0 + DAY)
    assert not opt_out(connection, *LINE, at=T0 + DAY)
    assert enrol(connection, [person(LINE, MAIL)]).silent == 1
    assert told(connection) == [MAIL[1]]
    enrol(connection, [person(LINE, at=T0 + 2 * DAY)])
    assert sorted(told(connection)) == sorted([LINE[1], MAIL[1]])


def test_what_is_forgotten_leaves_a_digest_that_old_lists_cannot_pass(connection):
    enrol(connection, [person(LINE, MAIL)])
    assert forget(connection, *MAIL, at=T0 + DAY) == 2
    assert forget(connection, *MAIL, at=T0 + DAY) == 0
    assert enrol(connection, [person(LINE, MAIL)]).silent == 2
    assert told(connection) == []
    kept = str([tuple(row) for row in connection.execute(select(recipient_forgotten))])
    assert "private" not in kept
    assert enrol(connection, [person(MAIL, at=T0 + 2 * DAY)]).added == 1


def test_segments_are_by_district_language_kind_and_channel(connection):
    people = [
        person(("line", "U1"), MAIL),
        person(("line", "U2")),
        person(("line", "U3"), household="car"),
        person(("line", "U4"), district_id="uchigo"),
    ]
    enrol(connection, people)
    found = [
        (each.district_id, each.language, each.household, each.channel, len(each.recipients))
        for each in read_segments(connection, ["taira"])
    ]
    assert found == [
        ("taira", "ja", "car", "line", 1),
        ("taira", "ja", "general", "email", 1),
        ("taira", "ja", "general", "line", 2),
    ]
    assert [each.people for each in counts(connection, district_ids=["taira"])] == [1, 1, 2]


def test_nobody_is_in_without_consent_or_with_a_kind_that_is_not_known(connection):
    with pytest.raises(IntegrityError):
        enrol(connection, [replace(person(LINE), household="castle")])


def test_no_repr_and_no_error_shows_an_address_or_a_need(engine):
    one = person(MAIL, needs=("medical",))
    with engine.begin() as connection:
        enrol(connection, [one])
        said = repr(one) + repr(read_segments(connection, ["taira"])) + repr(counts(connection))
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(
            recipient_address.insert().values(
                channel="email", address="private2@mail.example", recipient_id="nobody"
            )
        )
    assert "private" not in said + str(caught.value)
    assert "medical" not in said


PEOPLE = st.lists(
    st.builds(
        lambda numbers, day: person(*(("line", f"U{n}") for n in numbers), at=T0 + day * DAY),
        st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True),
        st.integers(0, 5),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=PEOPLE, second=PEOPLE)
def test_every_address_has_one_owner_and_is_told_once_whatever_the_lists(first, second):
    engine = prepare(create_engine("sqlite://"))
    with engine.begin() as connection:
        done = [enrol(connection, first), enrol(connection, second)]
        named = {address for one in (*first, *second) for _, address in one.addresses}
        assert sorted(told(connection)) == sorted(named)
        owners = connection.execute(select(func.count()).select_from(recipient)).scalar()
        with_address = connection.execute(
            select(func.count(recipient_address.c.recipient_id.distinct()))
        ).scalar()
        assert owners == with_address
        assert sum(each.added for each in done) >= owners
    engine.dispose()
