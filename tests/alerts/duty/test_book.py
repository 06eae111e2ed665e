from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from alerts.duty.book import (
    PICTURE_MAX,
    acknowledge,
    admit,
    advance,
    alert,
    open_alerts,
    take,
    told_of,
)
from alerts.duty.roster import on_watch
from alerts.duty.tables import staff_acknowledgement, staff_alert, staff_delivery
from alerts.outbox import prepare

NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)  # Tuesday 12:00 in Japan
CHANNELS = ("line", "email")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def look(engine, roster, staff):
    """Give one pass: take the turn, admit triggers, tell who is due."""

    def run(*found, at=NOON, kinds=("advice", "feed"), channels=CHANNELS, engine=engine, **changes):
        with engine.begin() as connection:
            take(connection, "iwaki", at)
            new = admit(
                connection, found, city_id="iwaki", city_name="いわき市", run_name="iwaki",
                notes=("模式",), kinds=kinds, staff=staff, now=at, **changes,
            )  # fmt: skip
            advance(connection, "iwaki", roster, channels=channels, staff=staff, now=at)
        return new

    return run


@pytest.fixture
def rows(engine):
    def read(table=staff_delivery):
        with engine.connect() as connection:
            return connection.execute(select(table)).all()

    return read


def test_a_new_alert_goes_to_the_first_on_duty_over_both_channels(look, rows, make_trigger):
    look(make_trigger())
    told = {(row.person_id, row.channel, row.step) for row in rows()}
    assert told == {("hayashi", "line", 1), ("hayashi", "email", 1)}


def test_the_same_again_tells_nobody_again(look, rows, make_trigger):
    assert len(look(make_trigger())) == 1
    assert look(make_trigger(), at=NOON + MINUTE) == []
    assert len(rows()) == 2


def test_without_acknowledgement_the_next_is_told_after_five_minutes(look, rows, make_trigger):
    look(make_trigger())
    look(make_trigger(), at=NOON + 4.9 * MINUTE)
    assert {row.person_id for row in rows()} == {"hayashi"}
    look(make_trigger(), at=NOON + 5 * MINUTE)
    assert [row.person_id for row in rows() if row.step == 2] == ["mori"]  # has no mail
    look(make_trigger(), at=NOON + 10 * MINUTE)
    assert {row.person_id for row in rows() if row.step == 3} == {"hayashi"}


def test_an_acknowledgement_stops_it_and_voids_what_is_unsent(look, rows, engine, make_trigger):
    (alert_id,) = look(make_trigger())
    with engine.begin() as connection:
        assert acknowledge(connection, alert_id, person_id="hayashi", how="link", at=NOON)
        assert not acknowledge(connection, alert_id, person_id="mori", how="line", at=NOON)
    look(make_trigger(), at=NOON + 60 * MINUTE)
    assert {row.state for row in rows()} == {"void"}
    (known,) = rows(staff_acknowledgement)
    assert (known.person_id, known.how) == ("hayashi", "link")


def test_an_acknowledged_alert_that_gets_worse_is_told_again(look, rows, engine, make_trigger):
    (first,) = look(make_trigger())
    with engine.begin() as connection:
        acknowledge(connection, first, person_id="hayashi", how="link", at=NOON)
    (second,) = look(make_trigger(state="EMERGENCY", severity=50, level=5), at=NOON + MINUTE)
    states = {row.alert_id: row.closed for row in rows(staff_alert)}
    assert states == {first: "superseded", second: None}


def test_what_has_calmed_down_ends_only_once_somebody_knows(look, rows, engine, make_trigger):
    (first,) = look(make_trigger())
    look(at=NOON + MINUTE)
    assert [row.closed for row in rows(staff_alert)] == [None]
    with engine.begin() as connection:
        acknowledge(connection, first, person_id="hayashi", how="link", at=NOON)
    look(at=NOON + 2 * MINUTE)
    assert [row.closed for row in rows(staff_alert)] == ["ended"]
    assert len(look(make_trigger(), at=NOON + 3 * MINUTE)) == 1  # it is news again


def test_a_pass_that_could_not_read_the_run_ends_nothing_of_it(look, rows, engine, make_trigger):
    (first,) = look(make_trigger())
    with engine.begin() as connection:
        acknowledge(connection, first, person_id="hayashi", how="link", at=NOON)
    look(at=NOON + MINUTE, kinds=("cycle", "channel"))
    assert [row.closed for row in rows(staff_alert)] == [None]


def test_in_quiet_hours_a_low_level_waits_until_they_end_and_a_high_one_does_not(
    look, rows, make_trigger
):
    night = datetime(2026, 9, 8, 14, 0, tzinfo=UTC)  # 23:00 in Japan
    feed = make_trigger(topic="feed", kind="feed", level=2, severity=1, any_change=False)
    look(feed, at=night)
    assert rows() == []
    look(feed, make_trigger(level=3), at=night)
    assert {row.person_id for row in rows()} == {"hara"}
    assert len(rows()) == 1
    look(feed, make_trigger(level=3), at=datetime(2026, 9, 8, 21, 0, tzinfo=UTC))  # 06:00
    low = [row.alert_id for row in rows(staff_alert) if row.level == 2]
    assert [row.person_id for row in rows() if row.alert_id in low] == ["hara"]


def test_somebody_without_a_working_channel_does_not_hold_up_the_next(look, rows, make_trigger):
    """hayashi has LINE and mail, mori LINE only: with no channel at all both rows are dead."""
    look(make_trigger(), channels=())
    look(make_trigger(), channels=CHANNELS, at=NOON + MINUTE)
    assert [row.person_id for row in rows() if row.state == "waiting"] == ["mori"]


def test_a_channel_that_the_city_has_not_is_no_failure_where_the_other_reaches_them(
    look, rows, make_trigger
):
    look(make_trigger(), channels=("email",))
    assert [(row.person_id, row.channel, row.state) for row in rows()] == [
        ("hayashi", "email", "waiting")
    ]


def test_a_picture_that_is_too_large_is_left_out(look, rows, make_trigger):
    look(make_trigger(), picture=lambda _: b"x" * PICTURE_MAX)
    look(make_trigger(topic="advice/b"), picture=lambda _: b"x" * (PICTURE_MAX + 1), at=NOON)
    pictures = {row.topic: row.picture for row in rows(staff_alert)}
    assert pictures["advice/b"] is None
    assert len(pictures["advice/taira"]) == PICTURE_MAX


def test_a_person_can_ask_for_what_they_were_told(look, engine, make_trigger):
    (alert_id,) = look(make_trigger())
    with engine.begin() as connection:
        assert told_of(connection, "hayashi", "iwaki") == [alert_id]
        assert told_of(connection, "mori", "iwaki") == []
        assert [row.alert_id for row in open_alerts(connection, "iwaki")] == [alert_id]
        assert alert(connection, alert_id).known_at is None
        assert alert(connection, "none") is None


def test_an_unknown_alert_cannot_be_acknowledged(engine):
    with engine.begin() as connection, pytest.raises(ValueError, match="alert_id"):
        acknowledge(connection, "none", person_id="hayashi", how="link", at=NOON)


def test_no_table_holds_an_address(look, rows, make_trigger):
    look(make_trigger())
    written = "".join(map(repr, (*rows(), *rows(staff_alert), *rows(staff_acknowledgement))))
    assert "city.example" not in written
    assert "U0000" not in written


STEPS = st.lists(
    st.tuples(st.integers(0, 600), st.booleans(), st.booleans()), min_size=1, max_size=12
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, 7 * 24 * 60), steps=STEPS, seed=st.integers(0, 99))
def test_every_alert_is_acknowledged_or_escalated_and_nobody_off_shift_is_told_while_one_is_on(
    look, roster, make_trigger, start, steps, seed
):
    """Passes at any gaps, with any acknowledgements, over a whole week of shifts."""
    engine = prepare(create_engine("sqlite://"))
    chance = random.Random(seed)
    at = datetime(2026, 9, 7, 0, 0, tzinfo=UTC) + start * MINUTE
    for gap, stands, answers in steps:
        at += gap * MINUTE
        look(*([make_trigger()] if stands else []), at=at, engine=engine)
        with engine.begin() as connection:
            unknown = open_alerts(connection, "iwaki")
            assert all(row.next_at is not None and row.next_at > at for row in unknown)
            assert all(row.step >= 1 for row in unknown)
            if answers and unknown:
                one = chance.choice(unknown)
                acknowledge(connection, one.alert_id, person_id="mori", how="line", at=at)
    with engine.connect() as connection:
        for row in connection.execute(select(staff_delivery)):
            watch = on_watch(roster, row.at)
            assert row.person_id in {person.person_id for person in watch.people}
            assert row.off_shift == watch.off_shift
    engine.dispose()


def test_passes_at_the_same_moment_tell_once(look, rows, make_trigger):
    with ThreadPoolExecutor(4) as pool:
        news = list(pool.map(lambda _: look(make_trigger()), range(4)))
    assert sorted(map(len, news)) == [0, 0, 0, 1]
    assert len(rows()) == 2
