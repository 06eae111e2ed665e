"""What the decision reads of one district: its people, their shelters, its place on earth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from advisory.types import Destination, People
from forecasting.types import Gauge
from hazard.types import COMBINED, SCENARIOS, Districts, Exposure
from shelters.types import Allocation


def people_of(exposure: Exposure | None, district_id: str) -> People:
    """Give the head counts of all water in play, else of the largest official scenario.

    `exposure.attrs["partial"]` names the districts where some of it could not be counted.
    """
    if exposure is None:
        return People()
    pairs = [pair for pair in exposure.index if pair[0] == district_id]
    if not pairs:
        return People()
    order = {scenario: rank for rank, scenario in enumerate((*SCENARIOS, COMBINED))}
    row = exposure.loc[max(pairs, key=lambda pair: order.get(pair[1], -1))]
    inside, *classes = (
        _count(row[name]) for name in ("people", "must_leave", "may_stay", "unknown")
    )
    partial = inside is not None and district_id in exposure.attrs.get("partial", ())
    return People(inside, classes[0], classes[1], classes[2], partial)


def destinations(
    allocation: Allocation | None, district_id: str, names: Mapping[str, str]
) -> tuple[Destination, ...]:
    """Give the shelters of the district's people, most people first; minutes are the longest."""
    if allocation is None:
        return ()
    rows = allocation.assigned[allocation.assigned["district_id"] == district_id]
    found = [
        Destination(
            shelter_id=str(shelter_id),
            name=names.get(str(shelter_id), str(shelter_id)),
            people=int(group["people"].sum()),
            minutes=float(group["minutes"].max()),
        )
        for shelter_id, group in rows.groupby("shelter_id")
    ]
    return tuple(sorted(found, key=lambda one: (-one.people, one.shelter_id)))


def assisted_fraction(row: Any) -> float | None:
    """Give the share of people who need help to leave; None = unknown."""
    assisted, population = _count(row["assisted"]), _count(row["population"])
    if assisted is None or not population:
        return None
    return min(assisted / population, 1.0)


def place_of(districts: Districts, gauges: Sequence[Gauge]) -> tuple[float, float] | None:
    """Give lon, lat of the middle of the districts, else of the gauges; None = unknown."""
    west, south, east, north = (float(edge) for edge in districts.total_bounds)
    if math.isfinite(west + south + east + north):
        return (west + east) / 2, (south + north) / 2
    places = [(g.lon, g.lat) for g in gauges if math.isfinite(g.lon + g.lat)]
    if not places:
        return None
    lons, lats = zip(*places, strict=True)
    return math.fsum(lons) / len(places), math.fsum(lats) / len(places)


def _count(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else round(float(value))
