"""People expected in the water, by district and time, each kind of flood weighted by its chance.

One storm makes the rivers of a city rise together: they are ranked by one common chance u. At u a
river with P(planned or more) >= u has its planned flood, one with P(maximum) >= u its maximum. From
1 down to 0 this gives a ladder of ever larger waters, each with the width of its step as its
weight; every step holds all water of the steps before it (no area is dry in a larger flood).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from hazard.chance import ALL_RIVERS, DEPTH_COLUMNS, PASSAGE_COLUMNS, deeper_share
from hazard.exposure import silent_districts
from hazard.indexed import Floats, Key, WaterIndex
from hazard.staying import CLASSES, StayRules
from hazard.types import SCENARIOS
from hazard.water import STAY, Population, count_people, people_of, put_in_water

COUNTS = ("people", *CLASSES, "assisted", "buildings")


def expected_people(
    index: WaterIndex,
    chances: pd.DataFrame,
    *,
    unknown_gauges: Iterable[str] = (),
    rules: StayRules = STAY,
    population: Population = "night",
) -> pd.DataFrame:
    """Give the people expected in the water, each flood weighted by its probability.

    Parameters
    ----------
    chances
        Of `hazard.chance.river_chances` for the rivers of the index.
    unknown_gauges
        Gauges of rivers that may flood and have no area in the library.

    Returns
    -------
        Index (district_id, until_h); people, must_leave, may_stay, unknown, assisted (NaN where
        the buildings do not tell) and buildings, not rounded; `p_any` = P(somebody's building is
        in the water). must_leave + may_stay + unknown = people. NaN where nothing can be said: a
        river of unknown chance can reach the district, or as in `hazard.exposure.expose`.
        `at_least` are the people of rivers whose chance is known, wherever counted.
    """
    people, made = people_of(index, population), {}
    parts = {}
    for end in chances.index.get_level_values("until_h").unique():
        now: Any = chances.xs(end, level="until_h")
        total = _counts(index, (), people, rules)
        for keys, weight in ladder(index, now):
            if keys not in made:
                made[keys] = _counts(index, keys, people, rules)
            total += weight * made[keys]
        known = total[:, 0].copy()
        total[_reached(index, _unknown(index, now))] = np.nan
        table = pd.DataFrame(total, columns=[*COUNTS, "p_any"], index=index.districts.index)
        parts[end] = table.assign(at_least=known)
    table = pd.concat(parts, names=["until_h", "district_id"]).swaplevel()
    ever = _reached(index, index.rivers)
    inside = pd.Series(ever, index=index.districts.index, dtype=int)
    silent = silent_districts(index.districts, unknown_gauges, inside)
    table.loc[table.index.get_level_values("district_id").isin(silent)] = np.nan
    return pd.DataFrame(table.sort_index(level="until_h", kind="stable"))


def timetable(
    index: WaterIndex,
    chances: pd.DataFrame,
    *,
    rules: StayRules = STAY,
    population: Population = "night",
) -> pd.DataFrame:
    """Give who is in each flood, how likely it has come by when, and when it comes.

    Returns
    -------
        Index (district_id, scenario, until_h): people, must_leave, may_stay, unknown, assisted,
        buildings if every river that reaches the district has that flood; `probability` of the
        likeliest of those rivers to have it by then; arrival_10_h, arrival_50_h, arrival_90_h of
        the earliest to leave its bed. NaN = unknown; districts that no area touches are left out.
    """
    people, rows = people_of(index, population), []
    ends = chances.index.get_level_values("until_h").unique()
    reach = {river: _reached(index, [river]) for river in index.rivers}
    for scenario in (name for name in SCENARIOS if name in {key[1] for key in index.keys}):
        upto = SCENARIOS[: SCENARIOS.index(scenario) + 1]
        keys = frozenset(key for key in index.keys if key[1] in upto)
        counts = _counts(index, keys, people, rules)[:, :-1]
        for at, district_id in enumerate(index.districts.index):
            rivers = [river for river in index.rivers if reach[river][at]]
            for end in ends if rivers else ():
                now: Any = chances.xs(end, level="until_h").loc[[_name(r) for r in rivers]]
                told = now[scenario].max(skipna=False)
                first = [now[name].min(skipna=False) for name in PASSAGE_COLUMNS.values()]
                rows.append((district_id, scenario, end, *counts[at], told, *first))
    names = ["district_id", "scenario", "until_h", *COUNTS, "probability"]
    table = pd.DataFrame(rows, columns=[*names, *PASSAGE_COLUMNS.values()])
    return table.set_index(["district_id", "scenario", "until_h"])


def place_chances(index: WaterIndex, chances: pd.DataFrame) -> pd.DataFrame:
    """Give how likely each building (or any other point the index was built from) is under water.

    Returns
    -------
        Index (building_id, until_h); p_over_0.3_m, p_over_0.5_m, p_over_1_m, p_over_3_m, all
        areas of all rivers joined; NaN where a river of unknown chance can reach the place.
        Points that no area touches are left out: no area tells of them.
    """
    wet, parts = index.wet, {}
    for end in chances.index.get_level_values("until_h").unique():
        now: Any = chances.xs(end, level="until_h")
        total = np.zeros((len(wet.at), len(DEPTH_COLUMNS)))
        for keys, weight in ladder(index, now):
            columns = index.columns(keys)
            low = wet.depth_min_m[:, columns].max(axis=1, initial=-np.inf)
            high = wet.depth_max_m[:, columns].max(axis=1, initial=-np.inf)
            total += weight * deeper_share(low, high)
        unknown = _unknown(index, now)
        total[_touched(index, [at for at, key in enumerate(index.keys) if key[0] in unknown])] = (
            np.nan
        )
        rows = index.buildings.index[wet.at].rename("building_id")
        parts[end] = pd.DataFrame(total, columns=list(DEPTH_COLUMNS), index=rows)
    return pd.DataFrame(pd.concat(parts, names=["until_h", "building_id"]).swaplevel())


def ladder(index: WaterIndex, now: Any) -> Iterator[tuple[frozenset[Key], float]]:
    """Give the keys of each step, smallest water first, and its weight; nothing is left out.

    `now` has index river and columns planned, maximum; a river of unknown chance has no step.
    """
    of_key = key_chances(index, now)
    steps = sorted({float(p) for p in of_key.values() if p > 0}, reverse=True)
    for upper, lower in pairwise([*steps, 0.0]):
        keys = frozenset(key for key, p in of_key.items() if p >= upper)
        yield keys, upper - lower


def key_chances(index: WaterIndex, now: Any) -> dict[Key, float]:
    """Give the probability of each river's flood at one end of a band; NaN = unknown."""
    of_key = {}
    for river, scenario in index.keys:
        planned, maximum = _chance(now, river)
        of_key[(river, scenario)] = planned if scenario == SCENARIOS[0] else maximum
        if scenario != SCENARIOS[0] and (river, SCENARIOS[0]) not in index.keys:
            of_key[(river, scenario)] = planned  # its only flood comes as soon as it overflows
    return of_key


def _counts(index: WaterIndex, keys: Iterable[Key], people: Floats, rules: StayRules) -> Floats:
    """Give COUNTS and 1 where any building is inside, dims (district, count)."""
    water, size = put_in_water(index, keys, rules), len(index.districts)
    classes = count_people(index, water, people)
    at = index.wet.district[water.touched]
    assisted = np.full(size, np.nan)
    if "assisted" in index.wet.people:
        assisted = np.bincount(at, index.wet.people["assisted"][water.touched], size)
    buildings = np.bincount(at, minlength=size).astype(float)
    columns = [classes.sum(axis=1), *classes.T, assisted, buildings, np.sign(buildings)]
    return np.column_stack(columns)


def _reached(index: WaterIndex, rivers: Sequence[str | None]) -> Any:
    """Give which districts have a building in any area of these rivers."""
    columns = [at for at, (river, _) in enumerate(index.keys) if river in rivers]
    found = index.wet.district[_touched(index, columns)]
    return np.bincount(found, minlength=len(index.districts)) > 0


def _touched(index: WaterIndex, columns: list[int]) -> Any:
    wet = index.wet
    deep: Any = (wet.depth_max_m[:, columns] > -np.inf).any(axis=1)
    return deep | wet.collapse[:, columns].any(axis=1)


def _unknown(index: WaterIndex, now: Any) -> list[str | None]:
    return [river for river in index.rivers if np.isnan(_chance(now, river)[0])]


def _name(river: str | None) -> str:
    return ALL_RIVERS if river is None else river


def _chance(now: Any, river: str | None) -> tuple[float, float]:
    row = now.loc[_name(river)]
    return float(row[SCENARIOS[0]]), float(row[SCENARIOS[1]])
