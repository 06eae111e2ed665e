"""What a rain forecast tells of the lead window, with what is missing of it left out and named.

A gauge's rain is the mean of its rain gauges that are known; a member counts up to its first
unknown step; leads beyond the last known step are forecast without rain. Nothing unknown is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats
from forecasting.types import RainForecast

NONE, UNKNOWN, WHOLE = "none", "unknown", "whole"
AT_ONCE = 8192  # times, so that memory stays small
Times = NDArray[np.datetime64]


def rain_ahead(
    rain: RainForecast, times: Times, rain_gauges: Sequence[str], step: np.timedelta64, steps: int
) -> tuple[Floats, Floats]:
    """Give forecast rain of each step ahead and the spread of its sums, both (time, step). [mm]

    A rain forecast without `issued_at` counts for every time. Its mean and spread are over the
    members known up to a step; NaN where there is none.

    Raises
    ------
    ValueError
        If its leads are not the steps of the observations.
    """
    parts = [_ahead(_values(rain, times[first : first + AT_ONCE], rain_gauges, step, steps))
             for first in range(0, max(len(times), 1), AT_ONCE)]  # fmt: skip
    mean, spread = (np.concatenate(part) for part in zip(*parts, strict=True))
    return mean, spread


def _ahead(cube: Floats) -> tuple[Floats, Floats]:
    """Give mean and spread (time, step) of rain (time, step, rain_gauge, member)."""
    values = _members(cube)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=2), 1)
    told = known.any(axis=2)
    mean = np.where(told, np.where(known, values, 0.0).sum(axis=2) / count, np.nan)
    sums = np.where(known, values, 0.0).cumsum(axis=1)
    middle = np.where(known, sums, 0.0).sum(axis=2) / count
    apart = np.where(known, sums - middle[:, :, None], 0.0)
    spread = np.sqrt((apart**2).sum(axis=2) / count)
    return mean, np.where(told, spread, np.nan)


def rain_told(
    rain: RainForecast | None,
    times: Times,
    rain_gauges: Sequence[str],
    step: np.timedelta64,
    steps: int,
) -> NDArray[np.str_]:
    """Give in words what of the rain forecast was there at each time (time).

    "none" = no rain forecast, "whole", "unknown" = nothing of it, else what there was: "rain
    gauges 1 of 2; members 2 of 3; up to 3 of 6 h".
    """
    if rain is None:
        return np.full(len(times), NONE)
    values = _values(rain, times, rain_gauges, step, steps)
    gauges, members = len(rain_gauges) or values.shape[2], values.shape[3]
    through = np.isfinite(_members(values))
    reach = through.any(axis=2).sum(axis=1)
    known = np.isfinite(values)
    step_h = float(step / np.timedelta64(1, "s")) / 3600
    words = []
    for row, count in enumerate(reach):
        parts = []
        if (some := int(known[row, :count].any(axis=(0, 2)).sum())) < gauges:
            parts.append(f"rain gauges {some} of {gauges}")
        if count and (some := int(through[row, count - 1].sum())) < members:
            parts.append(f"members {some} of {members}")
        if count < steps:
            parts.append(f"up to {count * step_h:.3g} of {steps * step_h:.3g} h")
        words.append("; ".join(parts) if count else UNKNOWN)
    return np.array([word or WHOLE for word in words], dtype=str)


def _values(
    rain: RainForecast, times: Times, rain_gauges: Sequence[str], step: np.timedelta64, steps: int
) -> Floats:
    """Give the rain at the times (time, step, rain_gauge, member), NaN where it is not told."""
    leads = rain["lead"].values
    if not len(leads) or leads[0] != step:
        raise ValueError(
            f"leads of the rain forecast must be steps of {step / np.timedelta64(1, 'm'):g} min, "
            f"got {leads[:2]}. Sum or divide it to the step of the observations."
        )
    there = {str(name) for name in rain["rain_gauge"].values}
    named = [name for name in rain_gauges if name in there]
    chosen = rain.sel(rain_gauge=named) if rain_gauges else rain
    if "issued_at" not in chosen.dims:
        chosen = chosen.expand_dims(issued_at=times)
    chosen = chosen.reindex(issued_at=times, lead=step * np.arange(1, steps + 1))
    values: Floats = chosen.transpose("issued_at", "lead", "rain_gauge", "member").values
    return values.astype(float)


def _members(values: Floats) -> Floats:
    """Give the mean over the known rain gauges (time, step, member), each up to its first gap."""
    known = np.isfinite(values)
    count = known.sum(axis=2)
    mean = np.where(known, values, 0.0).sum(axis=2) / np.maximum(count, 1)
    whole = np.logical_and.accumulate(count > 0, axis=1)
    return np.where(whole, mean, np.nan)
