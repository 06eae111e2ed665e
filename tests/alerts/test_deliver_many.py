"""Many batches at once: threads, slices, pauses."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.breaker import FAILURES_MAX, PAUSE
from alerts.deliver import deliver
from alerts.outbox import deliveries, replay, void
from alerts.schema import attempt, outbox
from alerts.types import Audience, PermanentError, RetryableError


@pytest.fixture
def state(engine):
    def read():
        with engine.begin() as connection:
            return deliveries(connection)

    return read


def minutes(count):
    return timedelta(minutes=count)


def approve_people(engine, approve_one, count, advice=None, channel="recording"):
    people = tuple(f"p{number}" for number in range(count))
    with engine.begin() as connection:
        return approve_one(connection, advice, audience=Audience(channel, "plain", people))


def test_a_channel_with_a_width_sends_so_many_batches_at_once(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 400)  # 8 x 50
    channel = doubles.Wide()
    done = deliver(engine, {"recording": channel}, now=now)
    assert (channel.most, {each.state for each in done}) == (4, {"accepted"})
    assert len({batch.key for batch in channel.batches}) == len(channel.batches) == 8


def test_a_channel_with_a_slice_size_gets_each_recipient_once_in_slices(
    engine, approve_one, now, doubles
):
    approve_people(engine, approve_one, 50)
    channel = doubles.Sliced()
    (delivery,) = deliver(engine, {"recording": channel}, now=now)
    assert [len(batch.pending) for batch in channel.batches] == [20, 20, 10]  # 50 = 20 + 20 + 10
    assert sorted(sum((batch.pending for batch in channel.batches), ())) == list(range(50))
    assert (delivery.state, delivery.accepted, delivery.attempts) == ("accepted", 50, 1)


def test_a_killed_worker_repeats_only_the_slice_on_its_way(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 50)
    with pytest.raises(doubles.Killed):
        deliver(engine, {"recording": doubles.Sliced([None, doubles.Killed()])}, now=now)
    other = doubles.Sliced()
    (delivery,) = deliver(engine, {"recording": other}, now=now + minutes(2))
    # the first slice, 0 to 19, was recorded before the second went
    assert sorted(sum((batch.pending for batch in other.batches), ())) == list(range(20, 50))
    assert delivery.accepted == 50


def test_withdrawing_stops_a_batch_between_two_slices(engine, approve_one, now, state, doubles):
    approval_id = approve_people(engine, approve_one, 50)

    def withdraw():
        with engine.begin() as connection:
            void(connection, approval_id, by="佐藤", at=now)

    channel = doubles.Sliced([withdraw])
    deliver(engine, {"recording": channel}, now=now)
    assert len(channel.batches) == 1
    assert [(each.state, each.accepted) for each in state()] == [("void", 20)]


def test_nothing_goes_after_expiry_between_two_slices(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 50)
    seconds = [0.0]

    def slow():
        seconds[0] = 7200.0  # the approval ends after 2 h

    channel = doubles.Sliced([slow])
    (delivery,) = deliver(engine, {"recording": channel}, now=now, stopwatch=lambda: seconds[0])
    assert len(channel.batches) == 1
    assert (delivery.state, delivery.accepted) == ("dead", 20)
    with engine.begin() as connection:
        assert connection.execute(select(outbox.c.pending)).scalar() == list(range(20, 50))


def test_after_a_refused_login_the_replay_sends_only_the_rest(engine, approve_one, now, doubles):
    approval_id = approve_people(engine, approve_one, 50)
    refused = doubles.Sliced([None, PermanentError("login refused")])
    (first,) = deliver(engine, {"recording": refused}, now=now)
    assert (first.state, first.accepted) == ("dead", 20)
    with engine.begin() as connection:
        replay(connection, approval_id, by="佐藤", at=now)
    other = doubles.Sliced()
    (second,) = deliver(engine, {"recording": other}, now=now)
    assert sorted(sum((batch.pending for batch in other.batches), ())) == list(range(20, 50))
    assert (second.key, second.accepted) == (first.key, 50)


def test_recipients_put_off_do_not_hold_up_the_next_slices(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 50)
    channel = doubles.Sliced([RetryableError("greylisted", pending=[3], refused=[4])])
    (first,) = deliver(engine, {"recording": channel}, now=now)
    assert (first.state, first.accepted, first.refused) == ("waiting", 48, 1)  # 50 - 1 - 1
    (second,) = deliver(engine, {"recording": channel}, now=now + minutes(2))
    assert (channel.batches[-1].pending, second.accepted) == ((3,), 49)


def test_a_channel_that_only_fails_pauses_and_the_others_go_on(
    engine, approve_one, make_advice, now, state, doubles
):
    approve_people(engine, approve_one, 500)  # 10 batches
    approve_people(engine, approve_one, 500, make_advice(district_id="b"), channel="other")
    failing = doubles.Scripted([RetryableError("down")] * 100)
    channels = {"recording": failing, "other": doubles.Scripted(name="other")}
    done = deliver(engine, channels, now=now, stopwatch=lambda: 0.0)
    assert len(failing.batches) == FAILURES_MAX
    states = Counter((each.channel, each.state) for each in state())
    assert states == {("recording", "waiting"): 10, ("other", "accepted"): 10}
    with engine.begin() as connection:
        said = connection.execute(select(attempt.c.detail).where(attempt.c.outcome == "paused"))
        (detail,) = said.scalars()
    assert detail == "channel recording pauses until 12:00:10 UTC: 5 failures in a row"
    assert [each.error for each in done if detail in (each.error or "")] == [f"down; {detail}"]


def test_a_paused_channel_waits_then_one_probe_opens_it_for_all(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 500)
    deliver(engine, {"recording": doubles.Scripted([RetryableError("down")] * 100)}, now=now)
    early, back = doubles.Wide(), doubles.Wide()
    deliver(engine, {"recording": early}, now=now + PAUSE / 2)  # another worker, other memory
    assert early.batches == []
    deliver(engine, {"recording": back}, now=now + minutes(2))
    assert len(back.batches) == 10
    with engine.begin() as connection:
        said = connection.execute(select(attempt.c.outcome).order_by(attempt.c.attempt_id))
        outcomes = list(said.scalars())
    assert (outcomes.count("paused"), outcomes.count("resumed")) == (1, 1)


def test_a_failed_probe_pauses_the_channel_again(engine, approve_one, now, doubles):
    approve_people(engine, approve_one, 500)
    deliver(engine, {"recording": doubles.Scripted([RetryableError("down")] * 100)}, now=now)
    still_down = doubles.Scripted([RetryableError("down")] * 100)
    deliver(engine, {"recording": still_down}, now=now + minutes(2))
    assert len(still_down.batches) == 1


def test_a_batch_due_again_while_others_go_is_tried_in_the_same_call(
    engine, approve_one, now, doubles
):
    approve_people(engine, approve_one, 100)  # 2 batches; the first fails, the second takes 3 s
    seconds = [0.0]

    def slow():
        seconds[0] += 3.0

    channel = doubles.Scripted([RetryableError("busy"), slow])
    done = deliver(engine, {"recording": channel}, now=now, stopwatch=lambda: seconds[0])
    # the wait after a first failure is at most 2 s
    assert [(each.state, each.attempts) for each in done] == [("accepted", 2), ("accepted", 1)]


def test_a_fault_of_one_channel_does_not_lose_what_another_sent(
    engine, approve_one, make_advice, now, state, doubles
):
    approve_people(engine, approve_one, 50)
    approve_people(engine, approve_one, 50, make_advice(district_id="b"), channel="other")
    channels = {
        "recording": doubles.Scripted([TypeError("bug")]),
        "other": doubles.Wide(name="other"),
    }
    with pytest.raises(TypeError, match="bug"):
        deliver(engine, channels, now=now)
    assert {each.channel: each.state for each in state()} == {
        "recording": "leased",
        "other": "accepted",
    }
