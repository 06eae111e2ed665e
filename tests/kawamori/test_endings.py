"""Lifting and taking back: the same people, the same languages, nothing of the order after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.cap.reading import read_document, text_of
from alerts.channels.cap import CapChannel
from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import approval, message, outbox
from alerts.standing import ended_since
from kawamori.approval import approve
from kawamori.endings import end_order
from kawamori.settings import Settings
from kawamori.stored import read_record


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, cap_sender="kawamori@city.example")


@pytest.fixture
def people(stored):
    engine, run = stored
    asked = [
        Person("d1", "ja", "general", run.issued_at, "窓口", (("email", "a@mail.example"),)),
        Person("d1", "en", "car", run.issued_at, "窓口", (("email", "b@mail.example"),)),
    ]
    with engine.begin() as connection:
        enrol(connection, asked)


@pytest.fixture
def order(stored, settings, people):
    engine, run = stored
    record = read_record(engine, run.run_id)
    at = run.issued_at + timedelta(minutes=5)
    (made,) = approve(engine, record, settings, officer="佐藤", second="鈴木", at=at)
    return made.approval_id


def end(stored, settings, order, kind="lifted", **changes):
    at = stored[1].issued_at + timedelta(minutes=65)
    given = {"officer": "佐藤", "second": "鈴木", "at": at, **changes}
    return end_order(order, settings, kind=kind, **given)


def texts(engine, approval_id):
    with engine.connect() as connection:
        rows = connection.execute(select(message).where(message.c.approval_id == approval_id)).all()
    return {(row.form, row.language, row.household): row for row in rows}


def test_the_same_people_are_told_in_their_own_language(stored, settings, order):
    engine, _ = stored
    ending = end(stored, settings, order)
    told = texts(engine, ending)
    assert told.keys() == texts(engine, order).keys()
    assert "避難指示を解除" in told["mail", "ja", "general"].subject
    assert "lifted" in told["mail", "en", "car"].subject
    with engine.connect() as connection:
        people = connection.execute(
            select(outbox.c.recipients).where(outbox.c.approval_id == ending)
        ).scalars()
        assert sorted(one for some in people for one in some) == [
            "a@mail.example", "b@mail.example", "feed",
        ]  # fmt: skip


def test_what_had_not_left_never_does(stored, settings, order):
    engine, _ = stored
    end(stored, settings, order)
    with engine.connect() as connection:
        rows = connection.execute(select(outbox.c.state).where(outbox.c.approval_id == order))
        assert set(rows.scalars()) == {"void"}


def test_a_mistake_names_the_message_it_takes_back(stored, settings, order):
    # told at 15:05 UTC, 0:05 in Japan
    said = texts(stored[0], end(stored, settings, order, "withdrawn"))["plain", "ja", ""]
    assert "0時05分に" in said.body.decode()
    assert "誤りでした" in said.body.decode()


def test_an_order_ends_once_and_an_unknown_one_never(stored, settings, order):
    end(stored, settings, order)
    with pytest.raises(ValueError, match="must be one that stands, ended"):
        end(stored, settings, order)
    with pytest.raises(ValueError, match="got none"):
        end(stored, settings, "no-such-approval")


def test_one_officer_alone_ends_nothing(stored, settings, order):
    engine, _ = stored
    with pytest.raises(ValueError, match="two different officers"):
        end(stored, settings, order, second=None)
    with engine.connect() as connection:
        rows = connection.execute(select(approval.c.voided_at)).scalars().all()
    assert rows == [None]  # the withdrawal was rolled back with it


def test_the_feed_cancels_what_it_published(stored, settings, order, tmp_path):
    engine, run = stored
    now = [run.issued_at + timedelta(minutes=6)]
    channels = {"cap": CapChannel(tmp_path / "cap", sender="k@city.example", clock=lambda: now[0])}
    assert [one.state for one in deliver(engine, channels, now=now[0])] == ["accepted"]
    now[0] = run.issued_at + timedelta(minutes=66)
    end(stored, settings, order)
    assert [one.state for one in deliver(engine, channels, now=now[0])] == ["accepted"]
    roots = [read_document(path.read_bytes()) for path in (tmp_path / "cap").glob("*.xml")]
    kinds = {text_of(root, "msgType"): text_of(root, "references") for root in roots}
    assert sorted(kinds) == ["Alert", "Cancel"]
    assert kinds["Cancel"].startswith("k@city.example,")


def test_what_the_city_ended_is_known_by_its_time_and_city(stored, settings, order):
    engine, run = stored
    end(stored, settings, order)  # 65 min after the run
    city = run.city.city_id
    later = run.issued_at + timedelta(minutes=66)
    with engine.connect() as connection:
        assert ended_since(connection, city, run.issued_at, drill=True) == {"d1"}
        assert ended_since(connection, city, run.issued_at) == set()  # the order was a drill's
        assert ended_since(connection, "another", run.issued_at, drill=True) == set()
        assert ended_since(connection, city, later, drill=True) == set()
