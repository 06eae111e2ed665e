"""Which districts the inland scenario concerns now, and the people there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from advisory.types import Level, Warnings
from forecasting.types import Observations, step_of, utc64
from hazard.indexed import WaterIndex, index_water
from hazard.inland import inland_signal, most_rain_mm_per_h
from hazard.signalled import Signal, expose_signalled
from hazard.types import INLAND, Exposure
from kawamori.city import City

WINDOW = timedelta(hours=3)  # drains and small streams answer the rain of the last hours
NEAREST = 2  # rain stations that speak for a district; a starting point
HEAVY_RAIN = "大雨"  # begins the kinds of warning that tell of inland floods


@dataclass(frozen=True)
class InlandWater:
    """The inland scenario of one issue time; `exposure` index (district_id, "inland")."""

    signals: Mapping[str, Signal]  # by district_id
    exposure: Exposure


def inland_index(city: City) -> WaterIndex | None:
    """Lay the city into its inland map once; None = it has none."""
    if city.inland is None or city.inland.empty or city.buildings is None:
        return None
    return index_water(city.inland, city.districts, city.buildings, city.roads)


def inland_water(
    index: WaterIndex | None,
    city: City,
    observations: Observations,
    warnings: Warnings,
    *,
    issued_at: datetime,
) -> InlandWater | None:
    """Give the inland scenario from good rain up to `issued_at` and warnings in force."""
    if index is None:
        return None
    level = _level(warnings, issued_at)
    first, last = utc64(issued_at - WINDOW), utc64(issued_at)
    rain = observations["rain_mm"].sel(time=slice(first + np.timedelta64(1, "ns"), last))
    steps_per_h = max(1, round(np.timedelta64(1, "h") / step_of(observations)))
    signals = {
        str(district_id): inland_signal(
            level=level,
            rain_mm_per_h=most_rain_mm_per_h(rain, stations, steps_per_h=steps_per_h),
        )
        for district_id, stations in nearest_stations(city).items()
    }
    return InlandWater(signals, expose_signalled(index, signals, INLAND))


def nearest_stations(city: City) -> dict[str, tuple[str, ...]]:
    """Give the rain stations nearest to the middle of each district; unknown places come last."""
    found = {}
    for district_id, shape in city.districts.geometry.items():
        middle = shape.representative_point()
        wide = math.cos(math.radians(middle.y))
        gaps = [
            math.hypot((one.lon - middle.x) * wide, one.lat - middle.y) for one in city.rain_gauges
        ]
        order = np.argsort(np.nan_to_num(gaps, nan=np.inf), kind="stable")[:NEAREST]
        found[str(district_id)] = tuple(city.rain_gauges[at].rain_gauge_id for at in order)
    return found


def inland_banner(water: InlandWater | None, names: Mapping[str, str]) -> str | None:
    """Give what an officer must not overlook: districts whose inland scenario applies."""
    if water is None:
        return None
    told = []
    for district_id, signal in water.signals.items():
        if signal.applies:
            people: Any = water.exposure.loc[(district_id, INLAND), "people"]
            count = "人数不明" if pd.isna(people) else f"{int(people):,}人"
            told.append(f"{names[district_id]} {count}")
    return (
        f"内水・小河川の浸水のおそれ(水位計なし、雨量・警報による): {'、'.join(told)}"
        if told
        else None
    )


def _level(warnings: Warnings, issued_at: datetime) -> float | None:
    """Give the highest level of heavy-rain warnings in force; None = no feed is connected."""
    if warnings.received_at is None:
        return None
    levels = [
        int(one.level)
        for one in warnings.active
        if HEAVY_RAIN in one.kind
        and one.issued_at <= issued_at
        and (one.valid_until is None or issued_at < one.valid_until)
    ]
    if Level.UNKNOWN in levels:
        return math.nan
    return float(max(levels, default=int(Level.NONE)))
