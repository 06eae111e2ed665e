"""The flow is the cheapest there is, held against another solver and against its own prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from shelters.flow import Demand, Flow, certified_prices, solve
from shelters.nearest import nearest_first


def demand(
    cost: Any, heads: Any, room: Any, *, parks: Any = None, parking: Any = None, kept: Any = None
) -> Demand:
    """Costs below 0 stand for no way."""
    cost = np.array(cost, dtype=np.int64).reshape(len(heads), len(room))
    return Demand(
        cost=np.maximum(cost, 0),
        way=cost >= 0,
        heads=np.array(heads, dtype=np.int64),
        room=np.array(room, dtype=np.int64),
        parks=np.array([False] * len(heads) if parks is None else parks, dtype=bool),
        parking=np.array([0] * len(room) if parking is None else parking, dtype=np.int64),
        kept=np.zeros(cost.shape, dtype=np.int64) if kept is None else np.array(kept),
    )


def solved(task: Demand, **given: Any) -> Flow:
    flow, status = solve(task, **given)
    assert flow is not None, status
    return flow


def test_the_dearest_exchange_is_worth_less_than_one_person_without_a_place() -> None:
    # Placing both costs 1 + 1000, placing one costs 0: both are placed all the same.
    flow = solved(demand([[0, 1], [-1, 1000]], [1, 1], [1, 1]))
    assert flow.people.tolist() == [[1, 0], [0, 1]]
    flow = solved(demand([[0, 1000], [0, -1]], [1, 1], [1, 1]))
    assert flow.people.tolist() == [[0, 1], [1, 0]]


def test_few_arcs_at_first_give_the_optimum_of_all() -> None:
    # Both groups have shelter 0 nearest, which has one place; one arc each would leave one behind.
    flow = solved(demand([[1, 5], [1, 9]], [1, 1], [1, 9]), arcs_per_group=1)
    assert flow.people.tolist() == [[0, 1], [1, 0]]
    assert flow.optimal
    assert flow.rounds > 1


def test_a_worse_flow_has_no_prices() -> None:
    task = demand([[1, 5], [1, 9]], [1, 1], [1, 9])
    flow = solved(task)
    assert certified_prices(task, flow) is not None
    worse = replace(flow, people=flow.people[::-1])
    assert certified_prices(task, worse) is None
    nobody = replace(flow, people=flow.people * 0, unplaced=task.heads)
    assert certified_prices(task, nobody) is None


def test_a_place_given_before_is_kept_though_another_is_cheaper() -> None:
    task = demand([[9, 1]], [5], [9, 9], kept=[[3, 0]])
    assert solved(task).people.tolist() == [[3, 2]]


def test_a_kept_place_is_given_up_where_somebody_would_have_none() -> None:
    # The second group can only go to shelter 0, whose one place the first had.
    task = demand([[1, 1], [1, -1]], [1, 1], [1, 1], kept=[[1, 0], [0, 0]])
    assert solved(task).people.tolist() == [[0, 1], [1, 0]]


def test_costs_beyond_exact_sums_are_refused() -> None:
    with pytest.raises(ValueError, match="costs must stay exact"):
        solve(demand([[10**15]], [1], [1]))


def test_nobody_and_no_shelters_are_solved() -> None:
    assert solved(demand([], [], [5])).optimal
    empty = solved(demand([[], []], [3, 4], []))
    assert empty.unplaced.tolist() == [3, 4]
    assert empty.optimal


def test_nearest_first_serves_the_nearest_pair_and_is_not_called_optimal() -> None:
    task = demand([[1, 5], [2, 90]], [1, 1], [1, 1])
    flow = nearest_first(task, "INFEASIBLE")
    assert flow.people.tolist() == [[1, 0], [0, 1]]  # 91, where 5 + 2 was possible
    assert not flow.optimal


tasks = st.integers(1, 5).flatmap(
    lambda shelters: st.integers(1, 6).flatmap(
        lambda groups: st.builds(
            demand,
            st.lists(
                st.lists(st.integers(-3, 12), min_size=shelters, max_size=shelters),
                min_size=groups,
                max_size=groups,
            ),
            st.lists(st.integers(0, 9), min_size=groups, max_size=groups),
            st.lists(st.integers(0, 12), min_size=shelters, max_size=shelters),
            parks=st.lists(st.booleans(), min_size=groups, max_size=groups),
            parking=st.lists(st.integers(0, 6), min_size=shelters, max_size=shelters),
            kept=st.lists(
                st.lists(st.integers(0, 4), min_size=shelters, max_size=shelters),
                min_size=groups,
                max_size=groups,
            ),
        )
    )
)


@settings(max_examples=80, deadline=None)
@given(tasks, st.integers(1, 5))
def test_the_flow_costs_what_a_linear_program_costs(task: Demand, arcs: int) -> None:
    flow = solved(task, arcs_per_group=arcs)
    assert flow.optimal
    stays = np.minimum(flow.people, task.kept).sum() * task.leave_cost
    paid = (task.cost * flow.people).sum() - stays + flow.unplaced.sum() * task.unplaced_cost
    assert paid == pytest.approx(least_cost(task), rel=1e-9, abs=1e-6)
    assert (flow.people.sum(axis=0) <= task.room).all()
    assert (flow.people[task.parks].sum(axis=0) <= task.parking).all()
    assert not flow.people[~task.way].any()
    assert (flow.people.sum(axis=1) + flow.unplaced == task.heads).all()


def least_cost(task: Demand) -> float:
    """Solve the same with HiGHS: variables are arcs, again those for kept places, and no place."""
    group, place = np.nonzero(task.way)
    groups, shelters = task.cost.shape
    arcs = len(group)
    columns = 2 * arcs + groups
    cost = task.cost[group, place]
    rows_group = np.zeros((groups, columns))
    rows_room, rows_parking = np.zeros((shelters, columns)), np.zeros((shelters, columns))
    for at, (one, where) in enumerate(zip(group, place, strict=True)):
        rows_group[one, [at, arcs + at]] = 1
        rows_room[where, [at, arcs + at]] = 1
        rows_parking[where, [at, arcs + at]] = float(task.parks[one])
    rows_group[np.arange(groups), 2 * arcs + np.arange(groups)] = 1
    bounds = [(0, None)] * arcs + [(0, float(n)) for n in task.kept[group, place]]
    result = linprog(
        np.r_[cost, cost - task.leave_cost, np.full(groups, task.unplaced_cost)],
        A_ub=np.vstack([rows_room, rows_parking]),
        b_ub=np.r_[task.room, task.parking],
        A_eq=rows_group,
        b_eq=task.heads,
        bounds=bounds + [(0, None)] * groups,
    )
    return float(result.fun)
