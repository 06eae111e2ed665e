"""Clocks that jump and databases that go away: nothing late, nothing lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, text

from alerts.deliver import deliver
from alerts.outbox import deliveries, replay
from alerts.schema import StoreFullError
from alerts.types import Audience, RetryableError


@pytest.fixture
def approved(engine, approve_one):
    with engine.begin() as connection:
        return approve_one(connection)  # at 12:00, expires 14:00


# SQLite has no server to restart; the size of a PostgreSQL database cannot be limited.
only_postgresql = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def hours(count):
    return timedelta(hours=count)


def state(engine):
    with engine.connect() as connection:
        return [each.state for each in deliveries(connection)]


def test_a_clock_that_goes_back_does_not_bring_back_what_had_expired(
    engine, approved, now, doubles
):
    deliver(engine, {"recording": doubles.Scripted([RetryableError("busy")])}, now=now + hours(1.9))
    with engine.begin() as connection:  # a try at 14:01 by another host's clock
        connection.execute(text("UPDATE outbox SET touched_at = expires"))
    channel = doubles.Scripted()
    (late,) = deliver(engine, {"recording": channel}, now=now + hours(1))
    assert (late.state, channel.batches) == ("dead", [])


def test_a_clock_that_goes_back_holds_up_nothing_that_is_still_in_time(
    engine, approved, now, doubles
):
    busy = doubles.Scripted([RetryableError("busy")])
    deliver(engine, {"recording": busy}, now=now + hours(1))
    channel = doubles.Scripted()
    # set back by more than an hour: the retry at 13:00:02 is further ahead than any wait is
    (sent,) = deliver(engine, {"recording": channel}, now=now - hours(0.5))
    assert (sent.state, len(channel.batches)) == ("accepted", 1)


def test_a_lease_from_a_clock_that_was_ahead_is_taken_over(engine, approved, now, doubles):
    with pytest.raises(doubles.Killed):
        deliver(engine, {"recording": doubles.Scripted([doubles.Killed()])}, now=now + hours(1.5))
    (sent,) = deliver(engine, {"recording": doubles.Scripted()}, now=now)
    assert (sent.state, sent.attempts) == ("accepted", 2)


def test_what_a_clock_that_jumped_ahead_buried_can_be_replayed(engine, approved, now, doubles):
    deliver(engine, {"recording": doubles.Scripted()}, now=now + hours(24))
    assert state(engine) == ["dead"]
    with engine.begin() as connection:
        assert replay(connection, approved, by="佐藤", at=now + hours(1)) == 1
    (sent,) = deliver(engine, {"recording": doubles.Scripted()}, now=now + hours(1))
    assert sent.state == "accepted"


def test_a_new_approval_is_not_held_up_by_a_clock_that_was_ahead_before(
    engine, approved, approve_one, make_advice, now, doubles
):
    deliver(engine, {"recording": doubles.Scripted()}, now=now + hours(24))
    with engine.begin() as connection:
        approve_one(connection, make_advice(district_id="uchigo"))
    (sent,) = deliver(engine, {"recording": doubles.Scripted()}, now=now)
    assert sent.state == "accepted"


@only_postgresql
def test_what_was_accepted_while_the_database_restarts_is_recorded(
    postgresql, engine, approve_one, now, doubles
):
    people = tuple(f"p{number}" for number in range(150))  # 3 batches
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    channel = doubles.Scripted([None, postgresql.restart])
    done = deliver(engine, {"recording": channel}, now=now)
    assert [each.state for each in done] == ["accepted"] * 3
    assert len({batch.key for batch in channel.batches}) == len(channel.batches) == 3


@pytest.fixture
def small_disk(engine):
    """Give a switch that leaves SQLite no page more, and gives the room back."""
    limit = {"pages": 0}

    def set_limit(dbapi_connection, _record):
        if limit["pages"]:
            dbapi_connection.execute(f"PRAGMA max_page_count={limit['pages']}")

    event.listen(engine, "connect", set_limit)

    def switch(*, full):
        with engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar()
        limit["pages"] = pages if full else 1_000_000
        engine.dispose()

    return switch


@only_sqlite
def test_a_full_disk_is_named_and_loses_nothing(engine, approve_one, now, doubles, small_disk):
    people = tuple(f"p{number}" for number in range(400))
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    small_disk(full=True)
    busy = [RetryableError("busy " * 2000)] * 8  # long enough to need new pages
    with pytest.raises(StoreFullError, match="it is full"):
        deliver(engine, {"recording": doubles.Scripted(busy)}, now=now, patience_s=0.1)
    assert set(state(engine)) <= {"waiting", "leased"}  # still there to be read
    small_disk(full=False)
    done = deliver(engine, {"recording": doubles.Scripted()}, now=now + timedelta(minutes=3))
    assert [each.state for each in done] == ["accepted"] * 8  # 400 = 8 x 50


@only_sqlite
def test_an_approval_on_a_full_disk_writes_nothing(engine, approve_one, small_disk):
    small_disk(full=True)
    people = tuple(f"{number:0200d}" for number in range(400))
    with pytest.raises(StoreFullError), engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    assert state(engine) == []


@only_sqlite
def test_room_that_comes_back_while_waiting_is_used(engine, approve_one, now, doubles, small_disk):
    people = tuple(f"p{number}" for number in range(200))
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    small_disk(full=True)
    busy = [RetryableError("busy " * 2000)] * 4  # long enough to need new pages
    asked = []

    def seconds():
        asked.append(len(busy))  # once a round, once a send: more often only while waiting
        if asked.count(len(busy)) > 3:
            small_disk(full=False)
        return 0.0

    channel = doubles.Scripted(busy)
    done = deliver(engine, {"recording": channel}, now=now, stopwatch=seconds)
    assert [each.state for each in done] == ["waiting"] * 4
    assert len(channel.batches) == 4
    assert max(map(asked.count, asked)) > 3  # it did wait
