"""How long a district needs, from the officer's decision to the last person at a shelter.

(decide + diffuse + mobilise + walk) x (1 + buffer), the parts that HEC-LifeSim splits, for three
groups: those who walk, the elderly who start later, and the assisted who start latest and are
slowest. Quantiles are over people. All figures are assumptions of the policy, not a survey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from advisory.policy import ClearanceTimes
from advisory.types import Clearance
from shelters.types import Allocation


def clearance(
    allocation: Allocation | None,
    district_id: str,
    times: ClearanceTimes,
    *,
    dark: bool,
    assisted_fraction: float | None = None,
) -> Clearance | None:
    """Give the time the district needs by median and by the slowest tenth. [min]

    Parameters
    ----------
    allocation
        Its `minutes` are daytime minutes of the way at the policy's walking speed; NaN, and
        people without a place, are left out and counted in `basis`.
    dark
        Word spreads and people walk more slowly.
    assisted_fraction
        Share of people who need help, 0 to 1; None = the policy's assumption.

    Returns
    -------
        None where nobody of the district has a way: the time is unknown, not zero.
    """
    if allocation is None:
        return None
    rows = allocation.assigned[allocation.assigned["district_id"] == district_id]
    columns = (rows[name].tolist() for name in ("people", "minutes", "mode"))
    ways = [
        (float(people), float(minutes), str(mode))
        for people, minutes, mode in zip(*columns, strict=True)
        if people > 0 and math.isfinite(minutes)
    ]
    if not ways:
        return None
    assisted = times.assisted_fraction if assisted_fraction is None else assisted_fraction
    needed = _told(allocation, district_id, times, dark) or _groups(ways, times, dark, assisted)
    left_out = _people(allocation.unplaced, district_id) + _people(rows, district_id)
    left_out -= sum(people for people, _, _ in ways)
    return Clearance(
        p50_min=weighted_quantile(needed, 0.5),
        p90_min=weighted_quantile(needed, 0.9),
        basis=_basis(ways, dark, left_out),
    )


def weighted_quantile(values: Sequence[tuple[float, float]], probability: float) -> float:
    """Give the smallest value that at least this share of the weight does not exceed.

    Parameters
    ----------
    values
        (value, weight > 0), at least one.
    """
    if not values:
        raise ValueError("a quantile needs at least one value, got none.")
    ordered = sorted(values)
    wanted = probability * math.fsum(weight for _, weight in ordered)
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= wanted - 1e-9 * max(wanted, 1.0):
            return value
    return ordered[-1][0]


def _told(
    allocation: Allocation, district_id: str, times: ClearanceTimes, dark: bool
) -> list[tuple[float, float]]:
    """(minutes needed, people) of each group that was placed by how it moves; [] = none was."""
    groups = allocation.groups
    here = groups[(groups["district_id"] == district_id) & groups["shelter_id"].notna()]
    if not here["traveller"].isin(["elderly", "assisted"]).any():
        return []
    mobilise = {"elderly": times.mobilise_elderly_min, "assisted": times.mobilise_assisted_min}
    before = times.decide_min + (times.diffuse_night_min if dark else times.diffuse_day_min)
    night = times.night_speed_factor if dark else 1.0
    rows = zip(here["traveller"], here["minutes"], here["people"], strict=True)
    return [
        (
            (before + mobilise.get(who, times.mobilise_min)
             + float(minutes) / (1.0 if who == "car" else night)) * (1.0 + times.buffer_fraction),
            float(people),
        )
        for who, minutes, people in rows
        if people > 0 and math.isfinite(minutes)
    ]  # fmt: skip


def _groups(
    ways: Sequence[tuple[float, float, str]], times: ClearanceTimes, dark: bool, assisted: float
) -> list[tuple[float, float]]:
    """(minutes needed, people) of every way and group."""
    slow = times.assisted_km_per_h / times.walk_km_per_h
    elderly = (1.0 - assisted) * times.elderly_fraction
    groups = (
        (1.0 - assisted - elderly, times.mobilise_min, 1.0),
        (elderly, times.mobilise_elderly_min, 1.0),
        (assisted, times.mobilise_assisted_min, slow),
    )
    before = times.decide_min + (times.diffuse_night_min if dark else times.diffuse_day_min)
    night = times.night_speed_factor if dark else 1.0
    return [
        (
            (before + mobilise + minutes / (speed * night if mode == "walk" else 1.0))
            * (1.0 + times.buffer_fraction),
            people * share,
        )
        for people, minutes, mode in ways
        for share, mobilise, speed in groups
        if share > 0.0
    ]


def _people(frame: pd.DataFrame, district_id: str) -> float:
    return float(frame.loc[frame["district_id"] == district_id, "people"].sum())


def _basis(ways: Sequence[tuple[float, float, str]], dark: bool, left_out: float) -> str:
    people = round(sum(way[0] for way in ways))
    when = "夜間" if dark else "日中"
    text = f"避難所割当{people:,}人の移動時間と、決定・伝達・準備の仮定値（{when}）"
    return text + (f"、行き先未定の{round(left_out):,}人は含まない" if left_out >= 0.5 else "")
