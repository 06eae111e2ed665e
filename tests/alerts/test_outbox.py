from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from advisory.types import Level
from alerts.compose import compose
from alerts.outbox import deliveries, prepare, replay, void
from alerts.schema import approval, message, outbox
from alerts.types import Audience

ROW = {
    "key": "k",
    "channel": "line",
    "batch_number": 0,
    "recipients": ["secret@example.org"],
    "refused": [],
    "state": "waiting",
    "attempts": 0,
    "accepted": 0,
}


def count(connection, table):
    return connection.execute(select(func.count()).select_from(table)).scalar()


def test_an_approval_freezes_bytes_and_recipients(engine, approve_one, compose_for):
    (drafted,) = compose_for()
    with engine.begin() as connection:
        approval_id = approve_one(connection)
        stored = connection.execute(select(message)).one()
        row = connection.execute(select(outbox)).one()
    assert (bytes(stored.body), stored.sha256) == (drafted.body, drafted.sha256)
    assert (row.approval_id, row.recipients, row.state) == (approval_id, ["a", "b", "c"], "waiting")


def test_a_row_without_an_approval_is_refused_by_the_database(engine, now):
    row = {
        **ROW,
        "approval_id": "none",
        "message_id": "none",
        "next_try": now,
        "expires": now,
        "touched_at": now,
    }
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(outbox).values(row))


def test_a_row_with_an_empty_approval_is_refused_by_the_database(engine, now):
    row = {
        **ROW,
        "approval_id": None,
        "message_id": "none",
        "next_try": now,
        "expires": now,
        "touched_at": now,
    }
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(outbox).values(row))


def test_a_message_cannot_ride_on_the_approval_of_another(engine, approve_one, make_advice, now):
    with engine.begin() as connection:
        first = approve_one(connection)
        other = approve_one(connection, make_advice(district_id="uchigo", name="内郷"))
        foreign = connection.execute(
            select(message.c.message_id).where(message.c.approval_id == other)
        ).scalar()
    row = {
        **ROW,
        "approval_id": first,
        "message_id": foreign,
        "next_try": now,
        "expires": now,
        "touched_at": now,
    }
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(outbox).values(row))


@pytest.mark.parametrize("touched_at", [None, "now"])  # a rule of a column, a rule of keys
def test_a_database_error_shows_no_recipient(engine, now, touched_at):
    row = {**ROW, "approval_id": "none", "message_id": "none", "next_try": now, "expires": now}
    row["touched_at"] = touched_at and now
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(insert(outbox).values(row))
    assert "secret@example.org" not in str(caught.value)


def test_a_database_that_does_not_enforce_keys_is_refused(approve_one, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'open.db'}")
    with (
        pytest.raises(ValueError, match="foreign_keys = 0"),
        engine.begin() as connection,
    ):
        approve_one(connection)
    engine.dispose()


@pytest.mark.parametrize("level", [Level.EVACUATE, Level.EMERGENCY])
@pytest.mark.parametrize("second", [None, "", "佐藤", " 佐藤 "])
def test_levels_4_and_5_need_two_different_officers(
    engine, approve_one, make_advice, level, second
):
    with pytest.raises(ValueError, match="two different officers"), engine.begin() as connection:
        approve_one(connection, make_advice(level), second=second)


def test_the_database_itself_wants_two_officers_for_level_4(engine, now):
    row = {
        "approval_id": "x", "run_id": "r", "district_id": "d", "level": 4, "advice_digest": "",
        "first_officer": "佐藤", "second_officer": "佐藤", "at": now, "expires": now,
        "drill": False,
    }  # fmt: skip
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(approval).values(row))


def test_level_3_needs_one_officer(engine, approve_one, make_advice):
    with engine.begin() as connection:
        assert approve_one(connection, make_advice(Level.ELDERLY), second=None)


@pytest.mark.parametrize("level", [Level.UNKNOWN, Level.NONE, Level.CAUTION])
def test_a_level_without_an_order_cannot_be_approved(engine, approve_one, make_advice, level):
    advice = make_advice(level)
    wanted = r"level must be one of \[3, 4, 5\]"
    with pytest.raises(ValueError, match=wanted), engine.begin() as connection:
        approve_one(connection, advice, messages=[])


def test_a_refused_approval_writes_nothing_and_names_every_fault(engine, approve_one, now):
    both = "cannot be approved: .*two different officers.*expires"
    with pytest.raises(ValueError, match=both), engine.begin() as connection:
        approve_one(connection, second=None, expires=now)
    with engine.begin() as connection:
        assert [count(connection, table) for table in (approval, message, outbox)] == [0, 0, 0]


def test_a_transaction_that_fails_later_leaves_nothing(engine, approve_one):
    def approve_and_fail():
        with engine.begin() as connection:
            approve_one(connection)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        approve_and_fail()
    with engine.begin() as connection:
        assert [count(connection, table) for table in (approval, message, outbox)] == [0, 0, 0]


def test_line_batches_hold_500_and_mail_batches_50(engine, approve_one, compose_for, make_advice):
    users = tuple(f"u{number}" for number in range(1001))
    with engine.begin() as connection:
        approve_one(
            connection,
            messages=compose_for(make_advice(), ("line", "mail")),
            audiences=[Audience("line", "line", users), Audience("email", "mail", users[:51])],
        )
        rows = connection.execute(select(outbox)).all()
    sizes = {
        channel: sorted(len(row.recipients) for row in rows if row.channel == channel)
        for channel in ("line", "email")
    }
    assert sizes == {"line": [1, 500, 500], "email": [1, 50]}  # 1001 = 2 x 500 + 1; 51 = 50 + 1


def test_a_recipient_listed_twice_gets_one_message(engine, approve_one):
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", ("a", "b", "a")))
        assert connection.execute(select(outbox.c.recipients)).scalars().all() == [["a", "b"]]


def test_nobody_to_tell_makes_no_batch(engine, approve_one):
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("recording", "plain", ()))
        assert (count(connection, approval), count(connection, outbox)) == (1, 0)


def test_keys_are_the_same_in_every_database_and_differ_by_run(tmp_path, approve_one):
    keys = []
    for name, run_id in (("one", "r1"), ("two", "r1"), ("three", "r2")):
        engine = prepare(create_engine(f"sqlite:///{tmp_path / name}.db"))
        with engine.begin() as connection:
            approve_one(connection, run_id=run_id)
            keys += [each.key for each in deliveries(connection)]
        engine.dispose()
    assert keys[0] == keys[1] != keys[2]


def test_the_same_message_cannot_be_approved_twice(engine, approve_one, now):
    with engine.begin() as connection:
        approval_id = approve_one(connection)
    with pytest.raises(ValueError, match=approval_id), engine.begin() as connection:
        approve_one(connection, at=now + timedelta(minutes=1))


def test_a_staff_text_cannot_be_approved_for_citizens(engine, approve_one, make_advice, now):
    staff = compose(make_advice(), form="staff", city_name="いわき市", expires=now, drill=False)
    audience = Audience("email", "staff", ("a@example.org",))
    with pytest.raises(ValueError, match="form must be one of"), engine.begin() as connection:
        approve_one(connection, messages=[staff], audience=audience)


def test_a_message_of_another_district_is_refused(engine, approve_one, compose_for, make_advice):
    other = compose_for(make_advice(district_id="uchigo"))
    with pytest.raises(ValueError, match="uchigo"), engine.begin() as connection:
        approve_one(connection, messages=other)


def test_a_level_4_text_cannot_pass_as_level_3(engine, approve_one, compose_for, make_advice):
    advice = make_advice(Level.ELDERLY)
    urgent = compose_for(make_advice(Level.EVACUATE))
    with pytest.raises(ValueError, match="advice is level 3"), engine.begin() as connection:
        approve_one(connection, advice, messages=urgent, second=None)


def test_a_drill_whose_text_does_not_say_so_is_refused(engine, approve_one):
    with pytest.raises(ValueError, match="drill is True"), engine.begin() as connection:
        approve_one(connection, drill=True)


def test_a_channel_without_an_approved_text_is_refused(engine, approve_one):
    audiences = [Audience("line", "line", ("u",))]
    with pytest.raises(ValueError, match="form line/ja"), engine.begin() as connection:
        approve_one(connection, audiences=audiences)


def test_void_stops_what_has_not_gone(engine, approve_one, now):
    with engine.begin() as connection:
        approval_id = approve_one(connection)
        assert void(connection, approval_id, by="佐藤", at=now) == 1
        assert [each.state for each in deliveries(connection)] == ["void"]


def test_void_leaves_what_was_accepted(engine, approve_one, now):
    with engine.begin() as connection:
        approval_id = approve_one(connection)
        connection.execute(update(outbox).values(state="accepted"))
        assert void(connection, approval_id, by="佐藤", at=now) == 0
        assert [each.state for each in deliveries(connection)] == ["accepted"]


def test_void_of_an_unknown_approval_is_an_error(engine, now):
    with pytest.raises(ValueError, match="'nope'"), engine.begin() as connection:
        void(connection, "nope", by="佐藤", at=now)


def test_replay_revives_dead_rows_under_the_same_key_until_they_expire(engine, approve_one, now):
    with engine.begin() as connection:
        approval_id = approve_one(connection)
        (before,) = deliveries(connection)
        connection.execute(update(outbox).values(state="dead", error="quota"))
        assert replay(connection, approval_id, by="佐藤", at=now + timedelta(hours=2)) == 0
        assert replay(connection, approval_id, by="佐藤", at=now + timedelta(minutes=5)) == 1
        (after,) = deliveries(connection)
    assert (after.key, after.state) == (before.key, "waiting")


def test_replay_does_not_revive_what_was_withdrawn(engine, approve_one, now):
    with engine.begin() as connection:
        approval_id = approve_one(connection)
        connection.execute(update(outbox).values(state="dead"))
        void(connection, approval_id, by="佐藤", at=now)
        assert replay(connection, approval_id, by="佐藤", at=now) == 0


def test_a_naive_time_is_refused(engine, approve_one, now):
    naive = now.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"), engine.begin() as connection:
        approve_one(connection, at=naive, expires=naive + timedelta(hours=1))


def test_times_come_back_aware(engine, approve_one, now):
    with engine.begin() as connection:
        approve_one(connection)
        assert deliveries(connection)[0].expires == now + timedelta(hours=2)


def test_prepare_twice_changes_nothing(engine, approve_one):
    with engine.begin() as connection:
        approve_one(connection)
    prepare(engine)
    with engine.begin() as connection:
        assert count(connection, outbox) == 1


def test_no_repr_shows_a_recipient():
    assert "secret" not in repr(Audience("line", "line", ("secret",)))


def test_the_approved_digest_covers_the_subject(compose_for):
    (drafted,) = compose_for()
    assert replace(drafted, subject="別の件名").sha256 != drafted.sha256
