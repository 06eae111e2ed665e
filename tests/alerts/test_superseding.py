"""A newer order of a district ends the older one, in the same transaction, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from advisory.types import Destination, Level
from alerts.leases import due_keys
from alerts.ledger import faults, read, read_head
from alerts.outbox import prepare
from alerts.schema import approval, outbox
from alerts.standing import occasion_of
from alerts.types import NEW, Occasion

MINUTE = timedelta(minutes=1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["iwaki", "other"]), st.sampled_from(["taira", "uchigo"]),
        st.sampled_from([Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY]), st.booleans(),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@pytest.fixture
def order(approve_one, make_advice, compose_for, now):
    """Give a function that approves the n-th order; drills are marked as such."""

    def approve(connection, number, city, level=Level.EVACUATE, *, district="taira", drill=False,
                **changes):  # fmt: skip
        advice = make_advice(level, district_id=district, digest=f"{number:064x}")
        messages = [
            replace(one, subject=f"【訓練】{one.subject}", body="【訓練】".encode() + one.body)
            for one in compose_for(advice)
        ]
        given = {"messages": messages} if drill else {}
        return approve_one(
            connection, advice, run_id=f"run-{number}", city_id=city, drill=drill,
            at=now + number * MINUTE, **given, **changes,
        )  # fmt: skip

    return approve


@given(steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_any_approvals_only_the_newest_of_each_district_can_leave(steps, order, now):
    engine = prepare(create_engine("sqlite://", poolclass=StaticPool))
    newest = {}
    with engine.begin() as connection:
        for number, (city, district, level, drill) in enumerate(steps):
            made = order(connection, number, city, level, district=district, drill=drill)
            newest[city, district, drill] = made
    with engine.connect() as connection:
        due = due_keys(connection, "recording", now + len(steps) * MINUTE)
        owners = select(outbox.c.approval_id).where(outbox.c.key.in_(due))
        assert set(connection.execute(owners).scalars()) == set(newest.values())
        kinds = [entry.kind for entry in read(connection)]
        assert kinds.count("supersede") == len(steps) - len(newest)
        assert list(faults(read(connection), read_head(connection))) == []
    engine.dispose()


def test_the_older_order_is_void_with_its_batches_and_names_the_newer(engine, order, now):
    with engine.begin() as connection:
        old = order(connection, 0, "iwaki", Level.ELDERLY)
        new = order(connection, 1, "iwaki", Level.EMERGENCY)
    with engine.connect() as connection:
        row = connection.execute(select(approval).where(approval.c.approval_id == old)).one()
        states = dict(connection.execute(select(outbox.c.approval_id, outbox.c.state)).all())
    assert (row.voided_at, row.superseded_by) == (now + MINUTE, new)
    assert states == {old: "void", new: "waiting"}


def test_a_failed_approval_leaves_the_older_order_as_it_was(engine, order):
    with engine.begin() as connection:
        old = order(connection, 0, "iwaki")
    with pytest.raises(ValueError, match="two different officers"), engine.begin() as connection:
        order(connection, 1, "iwaki", second=None)
    with engine.connect() as connection:
        assert connection.execute(select(approval.c.approval_id, approval.c.voided_at)).all() == [
            (old, None)
        ]


def test_approvals_of_no_known_city_never_end_each_other(engine, order):
    with engine.begin() as connection:
        order(connection, 0, None)
        order(connection, 1, None)
        assert set(connection.execute(select(outbox.c.state)).scalars()) == {"waiting"}


def test_the_database_lets_no_second_order_stand(engine, order, now):
    with engine.begin() as connection:
        old = order(connection, 0, "iwaki")
        order(connection, 1, "iwaki")
    back = approval.update().where(approval.c.approval_id == old).values(voided_at=None)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(back)


@pytest.mark.parametrize(
    ("before", "level", "occasion"),
    [
        (Level.ELDERLY, Level.EVACUATE, Occasion("raised", before=Level.ELDERLY)),
        (Level.EVACUATE, Level.ELDERLY, Occasion("lowered", before=Level.EVACUATE)),
        (Level.EMERGENCY, Level.ELDERLY, Occasion("lowered", before=Level.EMERGENCY, stays=True)),
        (Level.EVACUATE, Level.EVACUATE, NEW),  # nothing that people were told has changed
    ],
)
def test_the_occasion_is_what_becomes_of_the_order_before(
    engine, order, make_advice, now, before, level, occasion
):
    later = make_advice(level, issued_at=now + 2 * MINUTE)
    with engine.begin() as connection:
        order(connection, 0, "iwaki", before)
        found = [
            occasion_of(connection, later, city_id=city, run_id="run-9", drill=drill)
            for city, drill in (("iwaki", False), ("other", False), ("iwaki", True))
        ]
    assert found == [occasion, NEW, NEW]


def test_other_shelters_and_another_deadline_are_a_change(engine, order, make_advice, now):
    moved = make_advice(
        issued_at=now + 2 * MINUTE, shelters=(Destination("s9", "高台小学校", 1, 5.0),)
    )
    with engine.begin() as connection:
        order(connection, 0, "iwaki", finish_by=now + 60 * MINUTE)
        found = occasion_of(
            connection, moved, city_id="iwaki", run_id="run-9", drill=False,
            finish_by=now + 90 * MINUTE,
        )  # fmt: skip
    assert found == Occasion("changed", earlier=now, changed=("shelters", "deadline"))


def test_while_water_may_stand_nobody_is_sent_to_a_shelter_by_a_second_change(
    engine, order, make_advice, now
):
    lower = Occasion("lowered", before=Level.EMERGENCY)
    with engine.begin() as connection:
        order(connection, 0, "iwaki", Level.EVACUATE, occasion=lower)
        found = occasion_of(
            connection, make_advice(Level.ELDERLY, issued_at=now + 2 * MINUTE),
            city_id="iwaki", run_id="run-9", drill=False,
        )  # fmt: skip
    assert found == Occasion("lowered", before=Level.EVACUATE, stays=True)
    assert found.after_water


def test_after_its_end_and_after_it_expired_an_order_is_new_again(engine, order, make_advice, now):
    late = make_advice(Level.EMERGENCY, issued_at=now + timedelta(hours=2))
    soon = replace(late, issued_at=now + 3 * MINUTE)
    named = {"city_id": "iwaki", "run_id": "run-9", "drill": False}
    with engine.begin() as connection:
        order(connection, 0, "iwaki")
        assert occasion_of(connection, soon, **named).kind == "raised"
        assert occasion_of(connection, late, **named) == NEW
        order(connection, 1, "iwaki", occasion=Occasion("lifted"))
        assert occasion_of(connection, soon, **named) == NEW


def test_an_order_is_shown_after_its_approval_as_it_was_before(engine, order, make_advice, now):
    advice = make_advice(Level.EMERGENCY, issued_at=now + MINUTE)
    named = {"city_id": "iwaki", "run_id": "run-1", "drill": False}
    with engine.begin() as connection:
        order(connection, 0, "iwaki")
        before = occasion_of(connection, advice, **named)
        order(connection, 1, "iwaki", Level.EMERGENCY)
        assert occasion_of(connection, advice, **named) == before
