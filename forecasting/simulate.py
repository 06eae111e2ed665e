"""Levels of rivers that nobody measured: a small rainfall-runoff model (模擬, simulated).

Each basin is a chain of textbook parts, all linear in time but the first, so that years of
10-min steps take well under a second and more rain never gives a lower level:

1. Wetness W: rain of the past, forgotten with `memory_h` (antecedent precipitation index [1]_).
2. Direct runoff: the share 1 - (S / (W + S))**2 of new rain, the slope of the SCS curve
   P**2 / (P + S) with S = `retention_mm` [2]_. A fixed `slow_share` of rain feeds the ground.
3. Direct runoff passes two equal linear reservoirs (`fast_h`, a Nash cascade [3]_), ground water
   one (`slow_h`); the remaining rain is lost (evaporation, deep seepage).
4. Flow of upstream gauges arrives after `travel_h`: half as pure lag, half as a linear
   reservoir (lag and route [1]_).
5. Level from discharge by the rating Q = a (h - h0)**b [1]_.

References
----------
.. [1] Chow, Maidment, Mays: Applied Hydrology, McGraw-Hill 1988, chapters 5, 8 and 9.
.. [2] USDA SCS: National Engineering Handbook, section 4, Hydrology, chapter 10, 1972.
.. [3] Nash: The form of the instantaneous unit hydrograph, IAHS Publ. 45, 1957.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.signal import lfilter

from forecasting.types import BAD, GOOD, MISSING, Observations, check_observations

Floats = npt.NDArray[np.float64]

TRANSLATION_SHARE = 0.5  # part of the travel time that is pure lag
POSITIVE = (
    "area_km2", "retention_mm", "memory_h", "fast_h", "slow_h", "rating_a", "rating_b",
)  # fmt: skip
SIMULATED = "模擬 simulated by forecasting/simulate.py, not measured"


@dataclass(frozen=True)
class Basin:
    """What drains to one gauge; the area is the part below the gauges named in `upstream`.

    `rain_weights` gives the share of each rain gauge (sum 1), `upstream` the travel time [h]
    from each gauge directly above.
    """

    gauge_id: str
    area_km2: float
    rain_weights: Mapping[str, float]
    upstream: Mapping[str, float] = field(default_factory=dict)
    retention_mm: float = 150.0
    memory_h: float = 120.0
    slow_share: float = 0.2
    fast_h: float = 1.0
    slow_h: float = 60.0
    base_m3s_per_km2: float = 0.03  # dry-weather flow
    rating_a: float = 20.0  # [m3/s at h - h0 = 1 m]
    rating_b: float = 5.0 / 3.0  # Manning, wide channel
    rating_h0_m: float = 0.0  # level of no flow, above gauge zero

    def __post_init__(self) -> None:
        faults = [
            f"{name} must be > 0, got {getattr(self, name)}"
            for name in POSITIVE
            if not getattr(self, name) > 0
        ]
        if abs(sum(self.rain_weights.values()) - 1) > 1e-6:
            faults.append(f"rain_weights must add up to 1, got {dict(self.rain_weights)}")
        if not 0 <= self.slow_share < 1:
            faults.append(f"slow_share must be in 0..1, got {self.slow_share}")
        if any(travel_h < 0 for travel_h in self.upstream.values()):
            faults.append(f"travel times must be >= 0 h, got {dict(self.upstream)}")
        if faults:
            raise ValueError("; ".join(faults) + f" (basin {self.gauge_id}). Correct the basin.")

    def level_m(self, discharge_m3s: Any) -> Any:
        """Give the level above gauge zero at a discharge. [m]"""
        return self.rating_h0_m + (discharge_m3s / self.rating_a) ** (1 / self.rating_b)

    def discharge_m3s(self, level_m: Any) -> Any:
        """Give the discharge at a level above gauge zero. [m3/s]"""
        return self.rating_a * np.maximum(level_m - self.rating_h0_m, 0) ** self.rating_b


def simulate(rain: xr.DataArray, basins: Sequence[Basin]) -> xr.Dataset:
    """Give level and discharge of every basin's gauge, starting dry.

    Parameters
    ----------
    rain
        Rain of each interval, dims (time, rain_gauge), fixed step. [mm per step]
    basins
        In any order; every `upstream` gauge must be among them.

    Returns
    -------
        `level_m` [m above gauge zero] and `discharge_m3s` [m3/s], dims (time, gauge) at the end
        of each interval, gauges in the order of `basins`.

    Raises
    ------
    ValueError
        If rain is missing or negative, or a rain gauge or upstream gauge is unknown.
    """
    step_h = _check(rain, basins)
    by_id = {basin.gauge_id: basin for basin in basins}
    storm: dict[str, Floats] = {}
    base: dict[str, float] = {}
    for gauge_id in _downstream_order(basins):
        basin = by_id[gauge_id]
        ids = list(basin.rain_weights)
        weights = np.array([basin.rain_weights[rain_gauge] for rain_gauge in ids])
        local = rain.sel(rain_gauge=ids).transpose("time", "rain_gauge").values @ weights
        flow = runoff_mm(local, basin, step_h) / step_h * basin.area_km2 / 3.6
        base[gauge_id] = basin.base_m3s_per_km2 * basin.area_km2
        for above, travel_h in basin.upstream.items():
            flow = flow + route(storm[above], travel_h, step_h)
            base[gauge_id] += base[above]
        storm[gauge_id] = flow
    discharge = {basin.gauge_id: storm[basin.gauge_id] + base[basin.gauge_id] for basin in basins}
    levels = [basin.level_m(discharge[basin.gauge_id]) for basin in basins]
    return xr.Dataset(
        {
            "level_m": (("time", "gauge"), np.column_stack(levels)),
            "discharge_m3s": (("time", "gauge"), np.column_stack(list(discharge.values()))),
        },
        coords={"time": rain["time"].values, "gauge": list(discharge)},
        attrs={"source": SIMULATED},
    )


def runoff_mm(rain_mm: Floats, basin: Basin, step_h: float) -> Floats:
    """Give the runoff of a basin's own area in each step. [mm per step]"""
    wetness = lfilter([1.0], [1.0, -np.exp(-step_h / basin.memory_h)], rain_mm)
    share = 1 - (basin.retention_mm / (wetness + basin.retention_mm)) ** 2
    direct = (1 - basin.slow_share) * share * rain_mm
    fast = reservoir(reservoir(direct, basin.fast_h, step_h), basin.fast_h, step_h)
    slow = reservoir(basin.slow_share * rain_mm, basin.slow_h, step_h)
    return np.asarray(fast + slow)


def reservoir(inflow: Floats, constant_h: float, step_h: float) -> Floats:
    """Give the outflow of a linear reservoir at the end of each step, from empty.

    Exact for an inflow that is constant within a step; all that flows in flows out.
    """
    if constant_h <= 0:
        return inflow
    kept = np.exp(-step_h / constant_h)
    return np.asarray(lfilter([1 - kept], [1.0, -kept], inflow))


def route(flow: Floats, travel_h: float, step_h: float) -> Floats:
    """Give the flow after `travel_h`: a pure lag, then a linear reservoir."""
    steps, part = divmod(TRANSLATION_SHARE * travel_h / step_h, 1.0)
    whole = int(steps)
    lag = np.concatenate([np.zeros(whole), [1 - part, part]])
    return reservoir(
        np.asarray(lfilter(lag, [1.0], flow)), (1 - TRANSLATION_SHARE) * travel_h, step_h
    )


def observe(
    simulated: xr.Dataset,
    rain: xr.DataArray,
    *,
    seed: int,
    noise_m: float = 0.006,
    tip_mm: float = 0.0,
) -> Observations:
    """Give what instruments would have reported: levels in whole centimetres with wave noise.

    `tip_mm` > 0 makes rain a tipping bucket that reports whole tips and keeps the rest; 0
    leaves rain as it is. Missing values keep their flag MISSING, all others are GOOD.
    """
    random = np.random.default_rng(seed)
    true = simulated["level_m"].transpose("time", "gauge").values
    level = np.round(true + random.normal(0, noise_m, true.shape), 2)
    fallen = rain.transpose("time", "rain_gauge").values
    if tip_mm > 0:
        tips = np.floor(np.cumsum(fallen, axis=0) / tip_mm + 1e-9)
        fallen = np.diff(tips, axis=0, prepend=0) * tip_mm
    dataset = xr.Dataset(
        {
            "level_m": (("time", "gauge"), level),
            "level_flag": (("time", "gauge"), _flags(level)),
            "rain_mm": (("time", "rain_gauge"), fallen),
            "rain_flag": (("time", "rain_gauge"), _flags(fallen)),
        },
        coords={
            "time": simulated["time"].values,
            "gauge": simulated["gauge"].values,
            "rain_gauge": rain["rain_gauge"].values,
        },
        attrs={"source": SIMULATED},
    )
    return check_observations(dataset)


def _flags(values: Floats) -> npt.NDArray[np.int8]:
    flags = np.where(np.isnan(values), MISSING, np.where(values < 0, BAD, GOOD))
    return flags.astype(np.int8)


def _check(rain: xr.DataArray, basins: Sequence[Basin]) -> float:
    """Give the step [h], or raise naming every fault of the input."""
    known = {str(name) for name in rain["rain_gauge"].values}
    ids = {basin.gauge_id for basin in basins}
    faults = []
    for basin in basins:
        if unknown := sorted(set(basin.rain_weights) - known):
            faults.append(f"rain gauges {unknown} of basin {basin.gauge_id} are not in {known}")
        if unknown := sorted(set(basin.upstream) - ids):
            faults.append(f"upstream {unknown} of basin {basin.gauge_id} are not in {sorted(ids)}")
    if len(ids) != len(basins):
        faults.append("two basins have the same gauge_id")
    if (bad := int((~(rain >= 0)).sum())) > 0:
        faults.append(f"rain must be >= 0 mm, {bad} values are negative or missing; fill them")
    if rain.sizes["time"] < 2:
        faults.append(f"need at least 2 times, got {rain.sizes['time']}")
    if faults:
        raise ValueError("Cannot simulate: " + "; ".join(faults) + ".")
    steps = np.unique(np.diff(rain["time"].values))
    if len(steps) != 1:
        raise ValueError(f"Cannot simulate: time must have one fixed step, got {steps[:3]}.")
    return float(steps[0] / np.timedelta64(1, "s")) / 3600


def _downstream_order(basins: Sequence[Basin]) -> list[str]:
    """Give gauge ids so that each comes after those above it."""
    graph = {basin.gauge_id: tuple(basin.upstream) for basin in basins}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"Water cannot run in a circle: {error.args[1]}.") from error
