from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from alerts.bot.seen import CLAIM, KEPT, answered, bot_event, claim, release


def claimed(engine, event_id, at):
    with engine.begin() as connection:
        return claim(connection, event_id, at)


def test_an_event_is_answered_once(engine, now):
    assert claimed(engine, "e", now)
    assert not claimed(engine, "e", now)
    with engine.begin() as connection:
        answered(connection, "e", now)
    assert not claimed(engine, "e", now + timedelta(days=1))


def test_one_that_died_half_way_is_answered_by_its_redelivery(engine, now):
    assert claimed(engine, "e", now)
    assert not claimed(engine, "e", now + CLAIM - timedelta(seconds=1))
    assert claimed(engine, "e", now + CLAIM)


def test_one_given_back_may_be_taken_at_once(engine, now):
    claimed(engine, "e", now)
    with engine.begin() as connection:
        release(connection, "e", now)
    assert claimed(engine, "e", now)


def test_a_clock_that_goes_back_blocks_no_event(engine, now):
    claimed(engine, "e", now + timedelta(days=1))
    assert claimed(engine, "e", now)


def test_old_ids_are_forgotten(engine, now):
    claimed(engine, "old", now - KEPT - timedelta(minutes=1))
    claimed(engine, "new", now)
    with engine.begin() as connection:
        answered(connection, "new", now)
        assert connection.execute(select(func.count()).select_from(bot_event)).scalar() == 1
