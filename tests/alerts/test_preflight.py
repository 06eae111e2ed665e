"""Asking LINE before sending, and what happens to a channel that takes nothing any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from linebot.v3.messaging import Configuration
from sqlalchemy import select

from alerts.breaker import PAUSE
from alerts.channels.line import LineChannel
from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.outbox import deliveries
from alerts.preflight import last_checks, preflight, tell
from alerts.schema import attempt
from alerts.types import Audience, Preflight

USERS = tuple(f"U{number:032x}" for number in range(600))  # two batches: 500 + 100


@pytest.fixture
def channel(line_double, doubles):
    channel = LineChannel(Configuration(host=line_double.host, access_token=doubles.TOKEN))
    yield channel
    channel.close()


@pytest.fixture
def waiting(engine, approve_one, compose_for):
    """Put two batches for LINE and one for another channel into the outbox."""
    with engine.begin() as connection:
        approve_one(
            connection,
            messages=compose_for(forms=("line", "plain")),
            audience=Audience("line", "line", USERS),
            audiences=[
                Audience("line", "line", USERS),
                Audience("recording", "plain", ("a", "b")),
            ],
        )


def states(engine):
    with engine.connect() as connection:
        return sorted((each.channel, each.state) for each in deliveries(connection))


def test_a_check_tells_the_quota_and_is_kept_for_the_officer(
    engine, channel, line_double, waiting, now
):
    line_double.service.limit, line_double.service.used = 1000, 500
    (check,) = preflight(engine, {"line": channel, "recording": RecordingChannel()}, now=now)
    assert (check.needed, check.left, check.enough, check.refused) == (600, 500, False, ())
    assert "600 messages wait, the plan allows 500 more" in tell(check)[0]
    with engine.connect() as connection:
        assert last_checks(connection) == {"line": (now, check)}
    assert line_double.inboxes == {}  # nothing was sent


def test_a_plan_without_a_limit_is_enough(engine, channel, waiting, now):
    (check,) = preflight(engine, {"line": channel}, now=now)
    assert (check.left, check.enough, tell(check)) == (None, True, [])


def test_nothing_is_asked_when_nothing_waits(engine, channel, line_double, now):
    line_double.stop()
    assert preflight(engine, {"line": channel}, now=now) == []
    line_double.start()


def test_refused_messages_are_named_and_the_others_are_not(channel, compose_for):
    (good,) = compose_for(forms=("line",))
    bad = [
        replace(good, message_id="no colour", body=good.body.replace(b"#AA00AA", b"purple")),
        replace(good, message_id="no model", body=b'[{"type":"text"}]'),
    ]
    check = channel.check([good, *bad, *[good] * 4], 6)
    assert sorted(name for name, _ in check.refused) == ["no colour", "no model"]


def test_a_service_that_does_not_answer_forbids_nothing(engine, channel, line_double, waiting, now):
    line_double.service.token = "another"
    (check,) = preflight(engine, {"line": channel}, now=now)
    assert check.enough
    assert "could not be asked" in tell(check)[0]


def test_when_the_quota_is_gone_line_waits_and_the_other_channel_goes_on(
    engine, channel, line_double, waiting, now
):
    line_double.service.limit = 0
    other = RecordingChannel()
    deliver(engine, {"line": channel, "recording": other}, now=now)
    assert states(engine) == [("line", "waiting"), ("line", "waiting"), ("recording", "accepted")]
    with engine.connect() as connection:
        said = list(
            connection.execute(select(attempt.c.detail).where(attempt.c.outcome == "paused"))
        )
        errors = {each.error or "" for each in deliveries(connection) if each.channel == "line"}
    assert len(said) == 1
    assert "a person must act" in said[0].detail
    assert any("monthly quota is used up" in error for error in errors)


def test_after_the_plan_is_raised_everybody_is_told_once_under_the_same_keys(
    engine, channel, line_double, waiting, now
):
    line_double.service.limit = 500  # only the first batch fits, or only the second
    deliver(engine, {"line": channel}, now=now)
    line_double.service.limit = 1000
    for minute in (1, 2, 3):
        deliver(engine, {"line": channel}, now=now + minute * timedelta(minutes=1) + PAUSE)
    assert [state for name, state in states(engine) if name == "line"] == ["accepted", "accepted"]
    assert sorted(line_double.inboxes) == sorted(USERS)
    assert {len(texts) for texts in line_double.inboxes.values()} == {1}


def test_without_quota_a_batch_is_dead_only_when_it_expires_and_says_why(
    engine, channel, line_double, waiting, now
):
    line_double.service.limit = 0
    deliver(engine, {"line": channel}, now=now)
    deliver(engine, {"line": channel}, now=now + timedelta(hours=3))
    with engine.connect() as connection:
        dead = [each for each in deliveries(connection) if each.channel == "line"]
    assert {each.state for each in dead} == {"dead"}
    assert any("monthly quota" in (each.error or "") for each in dead)


def test_what_is_fine_has_nothing_to_tell():
    assert tell(Preflight("line", 5, 5)) == []
    assert not Preflight("line", 6, 5).enough
