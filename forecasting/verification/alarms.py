"""What a warning is worth: hits and false alarms at each official level, and the time it gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scores.categorical import BinaryContingencyManager

from forecasting.features import Floats, good_levels
from forecasting.types import Exceedance, Observations
from forecasting.verification.pairs import Truth

RISING_H = 48.0  # a rise is sought so far before the level is crossed
SAME_CROSSING_H = 24.0  # a second crossing within so many hours belongs to the first
Levels = Mapping[str, Mapping[str, float]]  # gauge_id -> threshold -> level [m]


def observed_events(truth: Truth, levels: Levels, names: list[str]) -> xr.DataArray:
    """Give 1 where the observed level is at or above the threshold, else 0; NaN = not known.

    Dims (issued_at, gauge, threshold, lead).
    """
    observed = truth["observed_m"]
    limits = xr.DataArray(
        [
            [levels[str(gauge)].get(name, np.nan) for name in names]
            for gauge in observed["gauge"].values
        ],
        dims=("gauge", "threshold"),
        coords={"gauge": observed["gauge"].values, "threshold": names},
    )
    known = observed.notnull() & limits.notnull()
    return (
        (observed >= limits)
        .astype(float)
        .where(known)
        .transpose("issued_at", "gauge", "threshold", "lead")
    )


def contingency(probability: xr.DataArray, events: xr.DataArray, *, warn_at: float) -> xr.Dataset:
    """Give pod, far, csi, frequency_bias and their counts (gauge, threshold, lead).

    A row is warned if its probability is at least `warn_at`. FAR is the false alarm ratio, false
    alarms / warned rows. NaN where there is nothing to divide by.
    """
    both = probability.notnull() & events.notnull()
    warned = (probability >= warn_at).astype(float).where(both)
    table = BinaryContingencyManager(warned, events.where(both)).transform(
        preserve_dims=["gauge", "threshold", "lead"]
    )
    counts = table.get_counts()
    return xr.Dataset(
        {
            "pod": table.probability_of_detection(),
            "far": table.false_alarm_ratio(),
            "csi": table.critical_success_index(),
            "frequency_bias": table.frequency_bias(),
            "hits": counts["tp_count"],
            "misses": counts["fn_count"],
            "false_alarms": counts["fp_count"],
        }
    )


def warning_leads(
    exceedance: Exceedance, observations: Observations, levels: Levels, *, warn_at: float
) -> xr.Dataset:
    """Give how long before each upward crossing a warning stood without break, while rising.

    A cycle warns if the probability is at least `warn_at` at any lead. The lead time of a
    crossing runs from the first cycle of the unbroken series of warnings that lasts until the
    crossing; it counts only while the water rises, from its lowest level in the 48 h before.
    A crossing with no warning in the cycle before it is missed, its lead time is 0. Crossings
    count only where the cycles before them were forecast.

    Returns
    -------
        warning_lead_h, mean over the crossings; crossings, their number; warned_crossings.
        (gauge, threshold)
    """
    probability = exceedance["probability"].max("lead")
    gauges = [str(name) for name in probability["gauge"].values]
    names = [str(name) for name in probability["threshold"].values]
    found = np.full((3, len(gauges), len(names)), np.nan)
    issued = pd.DatetimeIndex(probability["issued_at"].values)
    for row, gauge in enumerate(gauges):
        level = pd.Series(good_levels(observations, gauge),
                          pd.DatetimeIndex(observations["time"].values)).dropna()  # fmt: skip
        for column, name in enumerate(names):
            limit = levels[gauge].get(name, np.nan)
            chance = probability.sel(gauge=gauge, threshold=name).values
            warned = pd.Series(chance >= warn_at, issued)[np.isfinite(chance)]
            leads = [_lead_h(warned, level, at) for at in crossings(level, limit)]
            known = [lead_h for lead_h in leads if np.isfinite(lead_h)]
            mean_h = np.mean(known) if known else np.nan
            found[:, row, column] = mean_h, len(known), sum(one > 0 for one in known)
    dims = ("gauge", "threshold")
    names_of = ("warning_lead_h", "crossings", "warned_crossings")
    return xr.Dataset(
        {name: (dims, found[number]) for number, name in enumerate(names_of)},
        coords={"gauge": gauges, "threshold": names},
    )


def crossings(level: pd.Series, limit_m: float) -> list[pd.Timestamp]:
    """Give the times at which the level reaches a limit from below, the first of each day."""
    above: NDArray[np.bool_] = level.to_numpy() >= limit_m
    times = level.index[np.flatnonzero(above[1:] & ~above[:-1]) + 1]
    kept: list[pd.Timestamp] = []
    for time in times:
        if not kept or time - kept[-1] > pd.Timedelta(hours=SAME_CROSSING_H):
            kept.append(time)
    return kept


def _lead_h(warned: pd.Series, level: pd.Series, crossed_at: pd.Timestamp) -> float:
    """Give the hours that a warning stood before the crossing; NaN if no cycle was run before."""
    start = crossed_at - pd.Timedelta(hours=RISING_H)
    rise = level[(level.index >= start) & (level.index < crossed_at)]
    if rise.empty:
        return float("nan")
    lowest = rise.index[::-1][int(np.argmin(rise.to_numpy()[::-1]))]  # the last of the lowest
    cycles = warned[(warned.index >= lowest) & (warned.index < crossed_at)]
    if cycles.empty:
        return float("nan")
    values: Floats = cycles.to_numpy()
    quiet = np.flatnonzero(~values.astype(bool))
    first = int(quiet[-1]) + 1 if len(quiet) else 0
    if first == len(values):
        return 0.0
    return float((crossed_at - cycles.index[first]) / pd.Timedelta(hours=1))
