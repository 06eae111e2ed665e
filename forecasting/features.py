"""What is known at each issue time, as numbers without a datum.

A level enters only as a difference to another level of the same gauge or to its own recent base,
so that a shifted gauge zero changes no feature for long. Row t uses times <= t and nothing else.
Windows named in steps follow the time step (10 min or 1 h), those named in hours do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.datum import across_shifts
from forecasting.types import (
    GOOD,
    MISSING,
    NOT_EVALUATED,
    SUSPECT,
    Gauge,
    Observations,
    step_of,
)

Floats = NDArray[np.float64]

OWN_LAGS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36)  # steps
UPSTREAM_LAGS = (1, 2, 3, 6, 12, 24)  # steps
DAM_LAGS = (1, 2, 3, 6, 12, 18)  # steps
RAIN_WINDOWS = (1, 3, 6, 12, 24)  # steps, each rain gauge
MEAN_RAIN_WINDOWS = (1, 2, 3, 6, 12, 24, 48)  # steps, mean of the rain gauges
WETNESS_HALF_LIVES_H = (6.0, 24.0, 120.0)
MEMORY_H = 14 * 24.0  # the base of a level and the wetness remember this long; see known_until
PRESENT_SHARE = 2 / 3  # a sum with more missing than this is missing itself
NAN_FILL = {name: np.nan for name in ("level_m", "rain_mm", "dam_inflow_m3s", "dam_release_m3s")}
USABLE = (GOOD, NOT_EVALUATED, SUSPECT)


@dataclass(frozen=True)
class Design:
    """Features of one gauge at every time.

    `values` (time, feature); `level_m` (time) is the last good level, NaN where it is older than
    the largest accepted age; `age_h` (time) is its age.
    """

    times: NDArray[np.datetime64]
    names: tuple[str, ...]
    values: NDArray[np.float32]
    level_m: Floats
    age_h: Floats

    def at(self, times: NDArray[np.datetime64]) -> Design:
        """Give the rows of these times, which must all be there."""
        rows = np.searchsorted(self.times, times)
        parts = (self.values[rows], self.level_m[rows], self.age_h[rows])
        return Design(self.times[rows], self.names, *parts)

    def column(self, name: str) -> Floats:
        """Give one feature over time."""
        return self.values[:, self.names.index(name)].astype(float)


def known_until(
    observations: Observations, issue_times: NDArray[np.datetime64], step: np.timedelta64
) -> Observations:
    """Give what was known at the last issue time, back to what the first one remembers.

    That is twice `MEMORY_H`: a storage (stores.py) fills by the wetness of its own past.
    The grid always ends at the last issue time: hours that have not come in are NaN.

    Raises
    ------
    ValueError
        If an issue time is not on the time grid of the observations.
    """
    times = observations["time"].values
    memory = np.timedelta64(round(2 * MEMORY_H * 3600), "s") + 2 * max(OWN_LAGS) * step
    first, last = issue_times.min() - memory, issue_times.max()
    kept = observations.isel(time=(times <= last) & (times > first))
    origin = times[0] if len(times) else last
    off_grid = issue_times[(issue_times - origin) % step != np.timedelta64(0, "ns")]
    if len(off_grid):
        raise ValueError(
            f"issued_at must be on the time grid of the observations (step {step_min(step):g} min "
            f"from {origin} UTC), got {off_grid[0]} UTC. Round it down to the last full step."
        )
    grid = np.arange(last, first, -step)[::-1]
    if np.array_equal(grid, kept["time"].values):
        return Observations(kept)
    flags = {name: MISSING for name in ("level_flag", "rain_flag")}
    return Observations(kept.reindex(time=grid, fill_value={**NAN_FILL, **flags}))


def step_min(step: np.timedelta64) -> float:
    """Give a time step in minutes."""
    return float(step / np.timedelta64(60, "s"))


def max_age_steps(step_h: float) -> int:
    """Give how old the last level may be: 1 h for hourly data, 30 min for finer steps. [steps]"""
    return 1 if step_h >= 1 else max(1, round(0.5 / step_h))


def upstream_of(gauge_id: str, gauges: Iterable[Gauge]) -> tuple[str, ...]:
    """Give every gauge that drains to `gauge_id`, nearest first."""
    direct = {gauge.gauge_id: gauge.upstream for gauge in gauges}
    found: list[str] = []
    waiting = list(direct.get(gauge_id, ()))
    while waiting:
        upstream = waiting.pop(0)
        if upstream not in found and upstream != gauge_id:
            found.append(upstream)
            waiting += direct.get(upstream, ())
    return tuple(found)


def rain_gauges_of(gauge_id: str, gauges: Sequence[Gauge]) -> tuple[str, ...]:
    """Give the rain gauges named for a gauge and all upstream of it; empty = none is named."""
    area = {gauge_id, *upstream_of(gauge_id, gauges)}
    named = [rain for gauge in gauges if gauge.gauge_id in area for rain in gauge.rain_gauges]
    return tuple(dict.fromkeys(named))


def good_levels(observations: Observations, gauge_id: str) -> Floats:
    """Give the levels (time) of a gauge, NaN where missing or bad; all NaN for an absent gauge."""
    return _good(observations, "level", "gauge", gauge_id)


def design(
    observations: Observations,
    gauge_id: str,
    gauges: Sequence[Gauge],
    *,
    oldest_h: float | None = None,
) -> Design:
    """Give the features of one gauge at every time of the observations.

    Rain gauges are those named for the gauge and its upstream gauges; if none is named, all.
    A gauge, rain gauge or dam that the observations lack gives NaN features.

    Parameters
    ----------
    oldest_h
        How old the last level may be; None = 1 h for hourly data, 30 min for finer steps. [h]
    """
    times = observations["time"].values
    step_h = float(step_of(observations) / np.timedelta64(3600, "s"))
    own = good_levels(observations, gauge_id)
    oldest = max_age_steps(step_h) if oldest_h is None else round(oldest_h / step_h)
    last, age = last_good(own, oldest)
    columns: dict[str, Floats] = {"age_h": age * step_h}
    columns |= _across(own, step_h, partial(_own, oldest=oldest, step_h=step_h))
    for name in upstream_of(gauge_id, gauges):
        upstream = good_levels(observations, name)
        columns |= _across(upstream, step_h, partial(_upstream, name=name, step_h=step_h))
    columns |= _rain(_rain_series(observations, gauge_id, gauges), step_h)
    columns |= _dams(observations)
    values = np.column_stack(list(columns.values())).astype(np.float32)
    return Design(times, tuple(columns), values, last, columns["age_h"])


def _across(
    level: Floats, step_h: float, make: Callable[[Floats], Mapping[str, Floats]]
) -> dict[str, Floats]:
    """Give columns of a gauge's level; a shifted zero is no rise, once it is known for one."""
    memory_h = MEMORY_H + 2 * max(OWN_LAGS) * step_h
    return across_shifts(level, step_h, memory_h, make)


def _own(own: Floats, oldest: int, step_h: float) -> dict[str, Floats]:
    last, age = last_good(own, oldest)
    columns = {"above_base_m": last - _base(own, step_h)}
    columns |= {f"rise_{lag}_m": _rise(own, last, age, lag) for lag in OWN_LAGS}
    columns["bend_m"] = columns["rise_1_m"] * 2 - columns["rise_2_m"]
    return columns


def _upstream(level: Floats, name: str, step_h: float) -> dict[str, Floats]:
    last, age = last_good(level, max_age_steps(step_h))
    columns = {
        f"{name}_age_h": age * step_h,
        f"{name}_above_base_m": last - _base(level, step_h),
    }
    for lag in UPSTREAM_LAGS:
        columns[f"{name}_rise_{lag}_m"] = _rise(level, last, age, lag)
    return columns


def _rise(level: Floats, last: Floats, age: Floats, lag: int) -> Floats:
    """Give the rise of the last level over a lag; where the earlier one is missing, from one that
    is older by at most half the lag: a gauge that reports now and then is not on the grid."""
    earlier, _ = last_good(level, lag // 2)
    return np.where(age >= lag, np.nan, last - lagged(earlier, lag))


def mean_rain(observations: Observations, gauge_id: str, gauges: Sequence[Gauge]) -> Floats:
    """Give the mean rain (time) of a gauge's rain gauges, NaN where none is known. [mm per step]"""
    series = _rain_series(observations, gauge_id, gauges)
    return _mean(list(series.values())) if series else np.full(observations.sizes["time"], np.nan)


def _rain_series(
    observations: Observations, gauge_id: str, gauges: Sequence[Gauge]
) -> dict[str, Floats]:
    """Give the rain of the gauges named for a gauge, or of all, by name."""
    named = rain_gauges_of(gauge_id, gauges)
    names = named or tuple(str(name) for name in observations["rain_gauge"].values)
    return {name: _good(observations, "rain", "rain_gauge", name) for name in names}


def _rain(series: Mapping[str, Floats], step_h: float) -> dict[str, Floats]:
    if not series:
        return {}
    columns: dict[str, Floats] = {}
    if len(series) > 1:
        for name, rain_mm in series.items():
            columns |= {f"{name}_rain_{n}_mm": rain_sum(rain_mm, n) for n in RAIN_WINDOWS}
    mean = _mean(list(series.values()))
    columns |= {f"rain_{n}_mm": rain_sum(mean, n) for n in MEAN_RAIN_WINDOWS}
    memory = round(MEMORY_H / step_h)
    for half_life_h in WETNESS_HALF_LIVES_H:
        decay = 0.5 ** (step_h / half_life_h)
        columns[f"wetness_{half_life_h:g}h_mm"] = decayed_sum(mean, decay, memory)
    return columns


def _dams(observations: Observations) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for name in ("dam_release_m3s", "dam_inflow_m3s"):
        if name not in observations:
            continue
        for dam in observations["dam"].values:
            flow = observations[name].sel(dam=dam).values.astype(float)
            columns[f"{dam}_{name}"] = flow
            for lag in DAM_LAGS:
                columns[f"{dam}_{name}_change_{lag}"] = flow - lagged(flow, lag)
    return columns


def _good(observations: Observations, kind: str, dim: str, name: str) -> Floats:
    if name not in observations[dim].values:
        return np.full(observations.sizes["time"], np.nan)
    variable = "level_m" if kind == "level" else "rain_mm"
    chosen = observations[[variable, f"{kind}_flag"]].sel({dim: name})
    usable = np.isin(chosen[f"{kind}_flag"].values, USABLE)
    return np.where(usable, chosen[variable].values.astype(float), np.nan)


def last_good(level: Floats, max_age: int) -> tuple[Floats, Floats]:
    """Give the last good level at most `max_age` steps old, and its age in steps."""
    rows = np.arange(len(level))
    seen = np.maximum.accumulate(np.where(np.isfinite(level), rows, -1))
    age = np.where(seen >= 0, rows - seen, np.inf)
    fresh = age <= max_age
    last = np.where(fresh, level[np.maximum(seen, 0)], np.nan)
    return last, np.where(fresh, age, np.nan)


def _base(level: Floats, step_h: float) -> Floats:
    """Give the median of the recent past, the level that differences are told from."""
    window = round(MEMORY_H / step_h)
    rolling = pd.Series(level).rolling(window, min_periods=round(24 / step_h))
    return np.asarray(rolling.median(), dtype=float)


def _mean(series: Sequence[Floats]) -> Floats:
    stacked = np.vstack(series)
    present = np.isfinite(stacked).sum(axis=0)
    total = np.nansum(stacked, axis=0)
    return np.where(present > 0, total / np.maximum(present, 1), np.nan)


def lagged(series: Floats, steps: int) -> Floats:
    """Give the series as it was `steps` earlier (negative: later), NaN beyond its ends."""
    shifted = np.full(len(series), np.nan)
    if abs(steps) >= len(series):
        return shifted
    if steps >= 0:
        shifted[steps:] = series[: len(series) - steps]
    else:
        shifted[:steps] = series[-steps:]
    return shifted


def rain_sum(rain_mm: Floats, steps: int) -> Floats:
    """Give the sum of the last `steps` intervals [mm]; few gaps are scaled up, many give NaN."""
    present = np.isfinite(rain_mm)
    total = np.concatenate([[0.0], np.cumsum(np.where(present, rain_mm, 0.0))])
    count = np.concatenate([[0], np.cumsum(present)])
    first = np.maximum(np.arange(1, len(rain_mm) + 1) - steps, 0)
    known = count[1:] - count[first]
    scaled = (total[1:] - total[first]) * steps / np.maximum(known, 1)
    kept: Floats = np.where(known >= PRESENT_SHARE * steps, scaled, np.nan)
    return kept.round(4)


def decayed_sum(rain_mm: Floats, decay: float, memory: int) -> Floats:
    """Give the sum of past rain, each step back counting `decay` times less. [mm]"""
    present = np.isfinite(rain_mm)
    total = _windowed_decay(np.where(present, rain_mm, 0.0), decay, memory)
    weight = _windowed_decay(present.astype(float), decay, memory)
    full = (1 - decay**memory) / (1 - decay)
    known = weight >= PRESENT_SHARE * full
    kept: Floats = np.where(known, total * full / np.where(known, weight, 1.0), np.nan)
    return kept.round(4)


def _windowed_decay(series: Floats, decay: float, memory: int) -> Floats:
    from scipy.signal import lfilter  # late: its import takes half a second

    decayed = np.asarray(lfilter([1.0], [1.0, -decay], series))
    before = lagged(decayed, memory)
    return decayed - decay**memory * np.where(np.isfinite(before), before, 0.0)
