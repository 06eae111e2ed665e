"""What holds for every water: more of it never lowers advice, and losing sight never calms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisory.levels import concern
from advisory.types import Advice, GaugeState, Level, Warnings
from forecasting.types import THRESHOLDS, Gauge, Thresholds

JST = timezone(timedelta(hours=9))
CALM = (Level.NONE, Level.EARLY, Level.CAUTION)
RIVERS = ("a", "b")
LEADS = 3

# level_m, rise [m/h], a chance per threshold and lead
waters = st.floats(-1.0, 12.0)
rises = st.none() | st.floats(-2.0, 2.0)
chances = st.lists(st.floats(0.0, 1.0), min_size=5 * LEADS, max_size=5 * LEADS)
classes = st.sampled_from(["forecast", "notified", "other"])
hours = st.integers(0, 23)
befores = st.sampled_from([None, Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY])


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Give two gauges of one district, what they say, and what is expected of them."""
    issued_at = datetime(2023, 9, 8, draw(hours), tzinfo=JST)
    official = dict(zip(THRESHOLDS, (3.7, 4.5, 6.35, 7.0, 8.0), strict=True))
    gauges, states, likely = [], [], {}
    for name in RIVERS:
        has = {key: level for key, level in official.items() if draw(st.booleans())}
        upstream = ("b",) if name == "a" and draw(st.booleans()) else ()
        gauges.append(
            Gauge(name, name, "川", 140.9, 37.0, Thresholds(**has), draw(classes), None, upstream)
        )
        states.append(GaugeState(name, draw(waters), issued_at, draw(rises)))
        values = np.array(draw(chances)).reshape(5, LEADS)
        values[[key not in has for key in THRESHOLDS]] = np.nan
        likely[name] = values
    return {"at": issued_at, "gauges": gauges, "states": states, "likely": likely,
            "before": draw(befores)}  # fmt: skip


@pytest.fixture(scope="session")
def judge(
    desk: Callable[..., Advice], likely: Callable[..., Any], town: Callable[..., Any]
) -> Callable[..., Level]:
    """Give the level of a situation; `ids` = the gauges that the district listens to."""

    districts = {ids: town(list(ids)) for ids in (RIVERS, RIVERS[::-1], ("b",))}
    calm = desk(1.0)

    def level(situation: dict[str, Any], ids: tuple[str, ...] = RIVERS) -> Level:
        chances = likely({name: {} for name in RIVERS}, leads=LEADS)
        for n, name in enumerate(RIVERS):
            chances["probability"].values[n] = situation["likely"][name]
        at = situation["at"]
        previous = []
        if situation["before"] is not None:
            earlier = at - timedelta(minutes=10)
            previous = [replace(calm, issued_at=earlier, level=situation["before"])]
        return desk(
            issued_at=at,
            exceedance=None if situation.get("no_forecast") else chances,
            gauges=situation["gauges"],
            states=situation["states"],
            districts=districts[ids],
            previous=previous,
            warnings=Warnings(),
        ).level

    return level


def changed(situation: dict[str, Any], state: GaugeState) -> dict[str, Any]:
    """Give the situation with the first gauge saying something else."""
    return {**situation, "states": [state, situation["states"][1]]}


@settings(deadline=None, max_examples=60)
@given(situation=situations(), more=st.floats(0.0, 8.0))
def test_higher_water_never_lowers_advice(
    judge: Callable[..., Level], situation: dict[str, Any], more: float
) -> None:
    state = situation["states"][0]
    higher = changed(situation, replace(state, level_m=state.level_m + more))
    assert concern(judge(higher)) >= concern(judge(situation))


@settings(deadline=None, max_examples=60)
@given(situation=situations(), more=st.floats(0.0, 3.0))
def test_faster_rise_never_lowers_advice(
    judge: Callable[..., Level], situation: dict[str, Any], more: float
) -> None:
    state = replace(situation["states"][0], rise_m_per_h=0.0)
    faster = replace(state, rise_m_per_h=more)
    assert concern(judge(changed(situation, faster))) >= concern(judge(changed(situation, state)))


@settings(deadline=None, max_examples=60)
@given(situation=situations(), row=st.integers(0, 4), lead=st.integers(0, LEADS - 1))
def test_higher_chance_never_lowers_advice(
    judge: Callable[..., Level], situation: dict[str, Any], row: int, lead: int
) -> None:
    likely = {name: values.copy() for name, values in situation["likely"].items()}
    likely["a"][row, lead] = np.fmax(likely["a"][row, lead], 0.5)
    if np.isnan(situation["likely"]["a"][row, lead]):
        return
    assert concern(judge({**situation, "likely": likely})) >= concern(judge(situation))


@settings(deadline=None, max_examples=60)
@given(situation=situations(), lost=st.sampled_from(["level", "stale", "forecast", "all"]))
def test_lost_input_is_never_calm_and_never_below_what_the_rest_says(
    judge: Callable[..., Level], situation: dict[str, Any], lost: str
) -> None:
    state = situation["states"][0]
    old = state.at - timedelta(hours=2)
    rest = {
        "level": lambda: changed(situation, replace(state, level_m=None)),
        "stale": lambda: changed(situation, replace(state, at=old)),
        "forecast": lambda: {**situation, "no_forecast": True},
        "all": lambda: {**situation, "states": [], "no_forecast": True},
    }[lost]()
    level = judge(rest)
    assert level not in CALM
    alone = judge(rest, ("b",))
    assert level >= alone or alone not in (Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY)


@settings(deadline=None, max_examples=60)
@given(
    situation=situations(),
    cells=st.lists(st.tuples(st.integers(0, 4), st.integers(0, LEADS - 1)), min_size=1),
)
def test_lost_cell_or_trend_never_turns_concern_into_calm(
    judge: Callable[..., Level], situation: dict[str, Any], cells: list[tuple[int, int]]
) -> None:
    before = judge(situation)
    likely = {name: values.copy() for name, values in situation["likely"].items()}
    for row, lead in cells:
        likely["a"][row, lead] = np.nan
    blind = changed(situation, replace(situation["states"][0], rise_m_per_h=None))
    for rest in ({**situation, "likely": likely}, blind):
        assert judge(rest) not in CALM or before in CALM


@settings(deadline=None, max_examples=30)
@given(situation=situations())
def test_order_of_gauges_does_not_matter(
    judge: Callable[..., Level], situation: dict[str, Any]
) -> None:
    assert judge(situation) is judge(situation, RIVERS[::-1])
