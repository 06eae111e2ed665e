"""The newest window of very many gauges at once: one row per gauge, as `window_of` gives it.

`window_of` makes all times of one gauge, which training needs; a cycle needs one time of all
gauges. What feeds each gauge is laid out once (`Network`), so that a country is a few products of
sparse matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from forecasting.features import MEMORY_H, PRESENT_SHARE, WETNESS_HALF_LIVES_H, Floats
from forecasting.types import BAD, MISSING, Gauge, Observations, step_of
from forecasting.window import BASE_LEAST_H, LEVEL_STEPS, RAIN_STEPS, Window


@dataclass(frozen=True)
class Network:
    """Which gauges are directly upstream of each, and which rain gauges feed it.

    Both have one column per gauge; rows are gauges and rain gauges. A gauge for which no rain
    gauge is named is fed by all.
    """

    upstream: csr_array
    rain: csr_array

    @classmethod
    def of(cls, gauges: Sequence[Gauge], rain_gauge_ids: Sequence[str]) -> Network:
        """Lay out what feeds each gauge.

        Raises
        ------
        ValueError
            If a gauge stands in the list twice.
        """
        row = {gauge.gauge_id: number for number, gauge in enumerate(gauges)}
        if len(row) < len(gauges):
            raise ValueError(f"each gauge must be named once, got {len(gauges) - len(row)} twice.")
        rain_row = {name: number for number, name in enumerate(rain_gauge_ids)}
        direct = [[row[one] for one in gauge.upstream if one in row] for gauge in gauges]
        fed = [
            [rain_row[name] for one in _area(number, direct) for name in gauges[one].rain_gauges
             if name in rain_row]
            for number in range(len(gauges))
        ]  # fmt: skip
        named = [any(gauges[one].rain_gauges for one in _area(number, direct))
                 for number in range(len(gauges))]  # fmt: skip
        everything = list(range(len(rain_gauge_ids)))
        fed = [
            sorted(set(rows)) if own else everything for rows, own in zip(fed, named, strict=True)
        ]
        return cls(_ones(direct, len(gauges)), _ones(fed, len(rain_gauge_ids)))


def latest_window(observations: Observations, network: Network) -> Window:
    """Give the window of every gauge at the last time of the observations, (gauge, ...).

    Parameters
    ----------
    observations
        Their gauges and rain gauges are those of `network`, in its order; 14 days of them give the
        base and the wetness. BAD and MISSING readings are not used.
    """
    step_h = float(step_of(observations) / np.timedelta64(3600, "s"))
    memory = round(MEMORY_H / step_h)
    level, rain = (
        _usable(observations, name, flag)[-memory:]
        for name, flag in (("level_m", "level_flag"), ("rain_mm", "rain_flag"))
    )
    fed = _mean(rain, network.rain, whole=False)
    return Window(
        step_h,
        _last(level, LEVEL_STEPS),
        _last(_mean(level[-LEVEL_STEPS:], network.upstream, whole=True), LEVEL_STEPS),
        _last(fed, RAIN_STEPS),
        _base(level, round(BASE_LEAST_H / step_h)),
        np.column_stack(
            [_wetness(fed, 0.5 ** (step_h / half), memory) for half in WETNESS_HALF_LIVES_H]
        ),
    )


def _area(number: int, direct: Sequence[Sequence[int]]) -> list[int]:
    """Give a gauge and all upstream of it, each once."""
    area, waiting = {number: None}, [number]
    while waiting:
        for above in direct[waiting.pop()]:
            if above not in area:
                area[above] = None
                waiting.append(above)
    return list(area)


def _ones(rows_of_column: Sequence[Sequence[int]], rows: int) -> csr_array:
    counts = [len(rows_) for rows_ in rows_of_column]
    column = np.repeat(np.arange(len(counts)), counts)
    row = np.fromiter((one for rows_ in rows_of_column for one in rows_), dtype=np.intp)
    return csr_array((np.ones(len(row)), (row, column)), shape=(rows, len(counts)))


def _usable(observations: Observations, name: str, flag: str) -> Floats:
    values = np.asarray(observations[name].values, dtype=float)
    unusable = np.isin(observations[flag].values, (BAD, MISSING))
    return np.where(unusable, np.nan, values)


def _mean(values: Floats, feeds: csr_array, *, whole: bool) -> Floats:
    """Give the mean of what feeds each gauge, (time, gauge); with `whole` only of all of it."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0) @ feeds
    count = known.astype(float) @ feeds
    wanted = np.asarray(feeds.sum(axis=0)) if whole else 1.0
    return np.where((count > 0) & (count >= wanted), total / np.maximum(count, 1), np.nan)


def _last(values: Floats, steps: int) -> Floats:
    """Give the last steps as (gauge, step), NaN before the first."""
    table = np.full((values.shape[1], steps), np.nan)
    some = values[-steps:]
    table[:, steps - len(some) :] = some.T
    return table


def _base(level: Floats, least: int) -> Floats:
    """Give the median of each gauge, NaN where too few levels are known."""
    enough = np.isfinite(level).sum(axis=0) >= least
    base = np.full(level.shape[1], np.nan)
    if enough.any():
        base[enough] = np.nanmedian(level[:, enough], axis=0)
    return base


def _wetness(rain: Floats, decay: float, memory: int) -> NDArray[np.float64]:
    """Give the sum of past rain, each step back counting `decay` times less. [mm]"""
    weight = decay ** np.arange(len(rain))[::-1]
    present = np.isfinite(rain)
    total, known = weight @ np.where(present, rain, 0.0), weight @ present.astype(float)
    full = (1 - decay**memory) / (1 - decay)
    told = known >= PRESENT_SHARE * full
    return np.where(told, total * full / np.where(told, known, 1.0), np.nan).round(4)
