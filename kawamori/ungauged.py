"""Dangers that no gauge tells of: where they apply now, and the people there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from advisory.policy import Policy
from advisory.rules import Sky
from advisory.types import RainState, Warnings
from advisory.ungauged import HEAVY_RAIN, LANDSLIDES, called_level
from forecasting.types import Observations, step_of, utc64
from hazard.indexed import WaterIndex, index_water
from hazard.inland import inland_signal, most_rain_mm_per_h
from hazard.landslide import landslide_layer
from hazard.signalled import Signal, expose_signalled
from hazard.types import INLAND, LANDSLIDE, Exposure
from hazard.water import Population
from kawamori.city import City

WORDS = {
    INLAND: "内水・小河川の浸水のおそれ(水位計なし、雨量・警報による)",
    LANDSLIDE: "土砂災害警戒区域(屋内安全確保は不可)",
}


@dataclass(frozen=True)
class Danger:
    """One scenario at one issue time; `exposure` index (district_id, scenario)."""

    scenario: str
    signals: Mapping[str, Signal]  # by district_id
    exposure: Exposure

    def where(self, applies: bool | None) -> frozenset[str]:
        """Name the districts whose signal is this."""
        return frozenset(key for key, one in self.signals.items() if one.applies is applies)


def inland_index(city: City) -> WaterIndex | None:
    """Lay the city into its inland map once; None = it has none."""
    if city.inland is None or city.inland.empty or city.buildings is None:
        return None
    return index_water(city.inland, city.districts, city.buildings, city.roads)


def landslide_index(city: City) -> WaterIndex | None:
    """Lay the city into its landslide zones once; None = it has none."""
    if city.landslide is None or city.landslide.empty or city.buildings is None:
        return None
    return index_water(landslide_layer(city.landslide), city.districts, city.buildings)


def mapped(index: WaterIndex) -> frozenset[str]:
    """Name the districts with a building in any area of the index."""
    return frozenset(map(str, index.districts.index[np.unique(index.wet.district)]))


def rain_states(
    index: WaterIndex | None,
    city: City,
    observations: Observations,
    policy: Policy,
    *,
    issued_at: datetime,
) -> tuple[RainState, ...]:
    """Give what good rain of the last hours says of each district, by the policy's window."""
    window = timedelta(hours=policy.inland_rain.window_h)
    first, last = utc64(issued_at - window), utc64(issued_at)
    rain = observations["rain_mm"].sel(time=slice(first + np.timedelta64(1, "ns"), last))
    steps_per_h = max(1, round(np.timedelta64(1, "h") / step_of(observations)))
    places = mapped(index) if index is not None else frozenset()
    states = []
    for district_id, stations in nearest_stations(city, policy.inland_rain.stations).items():
        most_mm = most_rain_mm_per_h(rain, stations, steps_per_h=steps_per_h)
        states.append(
            RainState(
                district_id=district_id,
                rain_mm_per_h=None if math.isnan(most_mm) else most_mm,
                stations=stations,
                mapped=None if index is None else district_id in places,
            )
        )
    return tuple(states)


def inland_water(
    index: WaterIndex | None,
    states: Sequence[RainState],
    warnings: Warnings,
    policy: Policy,
    *,
    sky: Sky,
    population: Population = "night",
) -> Danger | None:
    """Give the inland scenario by the lowest of the policy's inland rules; None = no map."""
    if index is None:
        return None
    level = called_level(warnings, HEAVY_RAIN, policy, sky)
    signals = {
        state.district_id: inland_signal(
            level=level,
            rain_mm_per_h=math.nan if state.rain_mm_per_h is None else state.rain_mm_per_h,
            level_limit=min(rule.warning_level for rule in policy.inland),
            rain_limit_mm_per_h=min(rule.rain_mm_per_h for rule in policy.inland),
        )
        for state in states
    }
    exposure = expose_signalled(index, signals, INLAND, population=population)
    return Danger(INLAND, signals, exposure)


def landslides(
    index: WaterIndex | None,
    warnings: Warnings,
    policy: Policy,
    *,
    sky: Sky,
    population: Population = "night",
) -> Danger | None:
    """Give the landslide zones by the official level of 土砂災害; None = no zones are known."""
    if index is None:
        return None
    level = called_level(warnings, LANDSLIDES, policy, sky)
    signal = _landslide_signal(level, policy.landslide.warning_level)
    signals = {str(district_id): signal for district_id in index.districts.index}
    exposure = expose_signalled(index, signals, LANDSLIDE, population=population)
    return Danger(LANDSLIDE, signals, exposure)


def nearest_stations(city: City, count: int) -> dict[str, tuple[str, ...]]:
    """Give the rain stations nearest to the middle of each district; unknown places come last."""
    found = {}
    for district_id, shape in city.districts.geometry.items():
        if shape is None or shape.is_empty:
            continue
        middle = shape.representative_point()
        wide = math.cos(math.radians(middle.y))
        gaps = [
            math.hypot((one.lon - middle.x) * wide, one.lat - middle.y) for one in city.rain_gauges
        ]
        order = np.argsort(np.nan_to_num(gaps, nan=np.inf), kind="stable")[:count]
        found[str(district_id)] = tuple(city.rain_gauges[at].rain_gauge_id for at in order)
    return found


def in_force(danger: Danger) -> dict[str, int | None]:
    """Give the people by district_id where the scenario applies; None = not known."""
    found: dict[str, int | None] = {}
    for district_id in danger.signals:
        if danger.signals[district_id].applies:
            people: Any = danger.exposure.loc[(district_id, danger.scenario), "people"]
            found[district_id] = None if pd.isna(people) else int(people)
    return found


def _landslide_signal(level: float | None, limit: int) -> Signal:
    if level is None:
        return Signal(None, "土砂災害: 警報等の電文が未接続")
    if math.isnan(level):
        return Signal(None, "土砂災害: 警報等の電文が途絶、またはレベルが不明")
    side = "以上" if level >= limit else "未満"
    return Signal(level >= limit, f"土砂災害: 警戒レベル相当{level:g}(基準{limit}{side})")
