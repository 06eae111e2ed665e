from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat

import pytest
from sqlalchemy import create_engine, select, update

from advisory.types import Level
from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.outbox import deliveries, replay, void
from alerts.schema import attempt, message, outbox
from alerts.sending import BACKOFF_MAX_S, backoff_s
from alerts.types import Audience, Batch, PermanentError, Receipt, RetryableError


@pytest.fixture
def approved(engine, approve_one):
    with engine.begin() as connection:
        return approve_one(connection)


@pytest.fixture
def state(engine):
    def read():
        with engine.begin() as connection:
            return deliveries(connection)

    return read


def minutes(count):
    return timedelta(minutes=count)


def test_an_approved_batch_is_sent_and_its_receipt_kept(engine, approved, now):
    channel = RecordingChannel()
    (delivery,) = deliver(engine, {"recording": channel}, now=now)
    assert (delivery.state, delivery.attempts, delivery.accepted) == ("accepted", 1, 3)
    assert delivery.reference == f"recorded:{delivery.key}"
    assert [entry["recipients"] for entry in channel.sent] == [3]


def test_delivering_twice_sends_once(engine, approved, now, doubles):
    channel = doubles.Scripted()
    deliver(engine, {"recording": channel}, now=now)
    assert deliver(engine, {"recording": channel}, now=now + minutes(5)) == []
    assert len(channel.batches) == 1


def test_an_empty_outbox_gives_nothing(engine, now, doubles):
    assert deliver(engine, {"recording": doubles.Scripted()}, now=now) == []


def test_a_retryable_failure_waits_and_goes_later_under_the_same_key(
    engine, approved, now, doubles
):
    channel = doubles.Scripted([RetryableError("busy")])
    (first,) = deliver(engine, {"recording": channel}, now=now)
    assert (first.state, first.attempts, first.error) == ("waiting", 1, "busy")
    (second,) = deliver(engine, {"recording": channel}, now=now + minutes(2))
    assert (second.state, second.attempts, second.error) == ("accepted", 2, None)
    assert channel.batches[0].key == channel.batches[1].key


def test_a_batch_is_not_tried_again_before_its_time(engine, approved, now, doubles):
    channel = doubles.Scripted([RetryableError("busy", retry_after_s=90)])
    deliver(engine, {"recording": channel}, now=now)
    assert deliver(engine, {"recording": channel}, now=now + minutes(1)) == []
    assert len(deliver(engine, {"recording": channel}, now=now + minutes(2))) == 1


def test_a_permanent_failure_is_dead_with_its_reason_and_can_be_replayed(
    engine, approved, now, doubles
):
    channel = doubles.Scripted([PermanentError("quota used up")])
    (first,) = deliver(engine, {"recording": channel}, now=now)
    assert (first.state, first.error) == ("dead", "quota used up")
    assert deliver(engine, {"recording": channel}, now=now + minutes(5)) == []
    with engine.begin() as connection:
        replay(connection, approved, by="佐藤", at=now + minutes(6))
    (second,) = deliver(engine, {"recording": channel}, now=now + minutes(6))
    assert (second.key, second.state) == (first.key, "accepted")


def test_after_expiry_nothing_is_sent(engine, approved, now, doubles):
    channel = doubles.Scripted()
    (delivery,) = deliver(engine, {"recording": channel}, now=now + minutes(120))
    assert (delivery.state, channel.batches) == ("dead", [])
    assert "expired" in delivery.error


def test_an_expired_batch_keeps_the_last_reason(engine, approved, now, doubles):
    deliver(engine, {"recording": doubles.Scripted([RetryableError("busy")])}, now=now)
    (delivery,) = deliver(engine, {"recording": doubles.Scripted()}, now=now + minutes(121))
    assert delivery.error == "expired; last: busy"


def test_a_withdrawn_approval_is_not_sent(engine, approved, now, doubles):
    with engine.begin() as connection:
        void(connection, approved, by="佐藤", at=now)
    channel = doubles.Scripted()
    assert deliver(engine, {"recording": channel}, now=now) == []
    assert channel.batches == []


def test_an_approval_withdrawn_while_a_batch_fails_stays_withdrawn(
    engine, approved, now, state, doubles
):
    def withdraw():
        with engine.begin() as connection:
            void(connection, approved, by="佐藤", at=now)
        raise RetryableError("busy")

    deliver(engine, {"recording": doubles.Scripted([withdraw])}, now=now)
    assert [each.state for each in state()] == ["void"]


def test_what_the_service_accepted_is_told_even_if_withdrawn_meanwhile(
    engine, approved, now, state, doubles
):
    def withdraw():
        with engine.begin() as connection:
            void(connection, approved, by="佐藤", at=now)

    deliver(engine, {"recording": doubles.Scripted([withdraw])}, now=now)
    assert [each.state for each in state()] == ["accepted"]


def test_bytes_changed_after_approval_are_not_sent(engine, approved, now, doubles):
    with engine.begin() as connection:
        connection.execute(update(message).values(body="別の文面".encode()))
    channel = doubles.Scripted()
    (delivery,) = deliver(engine, {"recording": channel}, now=now)
    assert (delivery.state, channel.batches) == ("dead", [])
    assert "differ from those approved" in delivery.error


def test_a_channel_of_another_form_is_not_given_the_text(engine, approved, now, doubles):
    channel = doubles.Scripted(form="mail")
    (delivery,) = deliver(engine, {"recording": channel}, now=now)
    assert (delivery.state, channel.batches) == ("dead", [])


def test_batches_of_an_absent_channel_wait(engine, approved, now, state, doubles):
    assert deliver(engine, {"line": doubles.Scripted(name="line")}, now=now) == []
    assert [each.state for each in state()] == ["waiting"]


def test_a_killed_worker_s_batch_goes_again_when_its_lease_ends(engine, approved, now, doubles):
    channel = doubles.Scripted([doubles.Killed()])
    with pytest.raises(doubles.Killed):
        deliver(engine, {"recording": channel}, now=now, lease_s=60)
    other = doubles.Scripted()
    assert deliver(engine, {"recording": other}, now=now + timedelta(seconds=59)) == []
    (delivery,) = deliver(engine, {"recording": other}, now=now + timedelta(seconds=61))
    assert (delivery.state, delivery.attempts) == ("accepted", 2)
    assert other.batches[0].key == channel.batches[0].key


def test_a_worker_that_lost_its_lease_does_not_undo_the_next_one(
    engine, approved, now, state, doubles
):
    def slow():  # meanwhile another worker takes the batch over and succeeds
        deliver(engine, {"recording": doubles.Scripted()}, now=now + minutes(2))
        raise RetryableError("too late")

    deliver(engine, {"recording": doubles.Scripted([slow])}, now=now, lease_s=60)
    assert [(each.state, each.attempts) for each in state()] == [("accepted", 2)]


def test_time_that_passes_during_the_call_counts_against_expiry(engine, approved, now, doubles):
    ticks = chain([0.0, 0.0], repeat(7200.0))  # 2 h pass between lease and send
    channel = doubles.Scripted()
    (delivery,) = deliver(engine, {"recording": channel}, now=now, stopwatch=lambda: next(ticks))
    assert (delivery.state, channel.batches) == ("dead", [])


def test_the_highest_level_goes_first(engine, approve_one, make_advice, now):
    with engine.begin() as connection:
        approve_one(connection, make_advice(Level.ELDERLY, district_id="a"))
        approve_one(connection, make_advice(Level.EMERGENCY, district_id="b"))
        approve_one(connection, make_advice(Level.EVACUATE, district_id="c"))
    channel = RecordingChannel()
    deliver(engine, {"recording": channel}, now=now)
    assert [entry["district_id"] for entry in channel.sent] == ["b", "c", "a"]


def test_one_failing_batch_does_not_hold_up_the_others(engine, approve_one, now, doubles):
    people = tuple(f"p{number}" for number in range(120))  # 50 + 50 + 20
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    channel = doubles.Scripted([RetryableError("busy"), PermanentError("no")])
    done = deliver(engine, {"recording": channel}, now=now)
    assert sorted(each.state for each in done) == ["accepted", "dead", "waiting"]


def test_after_a_partial_failure_only_the_rest_is_pending(engine, approved, now, doubles):
    channel = doubles.Scripted([RetryableError("greylisted", pending=[2], refused=[1])])
    (first,) = deliver(engine, {"recording": channel}, now=now)
    assert (first.accepted, first.refused) == (1, 1)  # 3 - 1 pending - 1 refused
    (second,) = deliver(engine, {"recording": channel}, now=now + minutes(2))
    assert [batch.pending for batch in channel.batches] == [None, (2,)]
    assert (second.state, second.accepted, second.refused) == ("accepted", 2, 1)
    assert channel.batches[0].recipients == channel.batches[1].recipients


def test_when_the_last_recipients_are_refused_too_the_batch_is_dead(engine, approved, now, doubles):
    class Refusing(doubles.Scripted):
        def send(self, batch, text):
            return Receipt("", accepted=0, refused=(2,))

    first = doubles.Scripted([RetryableError("later", pending=[2], refused=[0, 1])])
    deliver(engine, {"recording": first}, now=now)
    (delivery,) = deliver(engine, {"recording": Refusing()}, now=now + minutes(2))
    assert (delivery.state, delivery.refused) == ("dead", 3)
    assert delivery.error == "every recipient was refused"


def test_every_try_is_in_the_audit(engine, approved, now, doubles):
    channel = doubles.Scripted([RetryableError("busy")])
    deliver(engine, {"recording": channel}, now=now)
    deliver(engine, {"recording": channel}, now=now + minutes(2))
    with engine.begin() as connection:
        rows = connection.execute(select(attempt).order_by(attempt.c.attempt_id)).all()
    assert [(row.outcome, row.detail) for row in rows] == [("retry", "busy"), ("accepted", "")]


def test_two_workers_share_the_batches(engine, approve_one, now, doubles):
    people = tuple(f"p{number}" for number in range(150))
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", people))
    second = doubles.Scripted()
    first = doubles.Scripted([lambda: deliver(engine, {"recording": second}, now=now)])
    deliver(engine, {"recording": first}, now=now)
    keys = [batch.key for batch in first.batches + second.batches]
    assert len(keys) == len(set(keys)) == 3  # 150 = 3 x 50


def test_a_database_without_foreign_keys_is_refused(tmp_path, now, doubles):
    engine = create_engine(f"sqlite:///{tmp_path / 'open.db'}")
    with pytest.raises(ValueError, match="prepare"):
        deliver(engine, {"recording": doubles.Scripted()}, now=now)
    engine.dispose()


@pytest.mark.parametrize("attempts", [1, 2, 3, 50, 10_000])
def test_waits_double_to_a_minute_and_are_spread(attempts):
    # 2, 4, 8 ... 60 s, of which at least half
    full = min(2.0 * 2.0 ** min(attempts - 1, 16), BACKOFF_MAX_S)
    assert full / 2 <= backoff_s("key", attempts) <= full


def test_no_repr_shows_a_recipient(approved, engine, now, doubles):
    channel = doubles.Scripted()
    (delivery,) = deliver(engine, {"recording": channel}, now=now)
    batch = replace(channel.batches[0], recipients=("secret@example.org",))
    assert "secret" not in repr(batch) + repr(delivery)
    assert isinstance(batch, Batch)


def test_a_row_stays_leased_until_somebody_answers(engine, approved, now, state, doubles):
    with pytest.raises(doubles.Killed):
        deliver(engine, {"recording": doubles.Scripted([doubles.Killed()])}, now=now)
    with engine.begin() as connection:
        row = connection.execute(select(outbox)).one()
    assert row.state == "leased"
    assert now + timedelta(seconds=59) < row.lease_until < now + timedelta(seconds=70)
