"""What is left of the inputs when one of them is out in the hours before each issue time.

Each issue time gets its own blanked past. All pasts are laid end to end on one invented time axis,
each as long as a model remembers, so that a thousand outages cost one forecast call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.features import known_until, upstream_of
from forecasting.types import MISSING, Gauge, Observations, step_of

INPUTS = ("stage", "upstream", "rain")
Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class Outage:
    """One input that has been out for so long when the forecast is issued."""

    kind: str
    duration: timedelta

    def __post_init__(self) -> None:
        if self.kind not in INPUTS:
            raise ValueError(f"outage must be one of {list(INPUTS)}, got {self.kind!r}.")
        if self.duration <= timedelta(0):
            raise ValueError(f"an outage must be longer than 0, got {self.duration}.")

    @property
    def name(self) -> str:
        """Give kind and hours, as in stage_3h."""
        return f"{self.kind}_{self.duration / timedelta(hours=1):g}h"


@dataclass(frozen=True)
class Stacked:
    """Blanked pasts end to end: observations on an invented time axis, and its issue times."""

    observations: Observations
    issue_times: Times  # invented, one per true issue time


def stack(
    observations: Observations,
    issue_times: Times,
    outage: Outage,
    gauges: Sequence[Gauge],
    target: str,
) -> Stacked:
    """Give the past of each issue time with the outage in it, laid end to end."""
    step = step_of(observations)
    pasts = []
    for time in issue_times:
        past = known_until(observations, np.array([time]), step)
        pasts.append(blank(past, outage, gauges, target))
    length = pasts[0].sizes["time"]
    axis = issue_times[0] + np.arange(length * len(pasts)) * step
    whole = xr.concat(pasts, dim="time", join="override", combine_attrs="override")
    whole = whole.assign_coords(time=axis.astype("datetime64[ns]"))
    return Stacked(Observations(whole), axis[length - 1 :: length])


def blank(
    observations: Observations, outage: Outage, gauges: Sequence[Gauge], target: str
) -> Observations:
    """Give observations without the input in the last hours of the series."""
    end = observations["time"].values[-1]
    out = observations["time"].values > end - np.timedelta64(outage.duration, "ns")
    blanked = observations.copy(deep=True)
    if outage.kind == "rain":
        blanked["rain_mm"].values[out] = np.nan
        blanked["rain_flag"].values[out] = MISSING
        return Observations(blanked)
    names = {target} if outage.kind == "stage" else set(upstream_of(target, gauges))
    lost = np.ix_(out, np.isin(observations["gauge"].values.astype(str), sorted(names)))
    blanked["level_m"].values[lost] = np.nan
    blanked["level_flag"].values[lost] = MISSING
    return Observations(blanked)
