"""How high the water of a gauge comes within the forecast and when, with how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import xarray as xr

from forecasting.types import Gauge

LEVELS = (0.05, 0.5, 0.95)  # of the peak level: the band of the hydrographs
TIMES = (0.1, 0.5, 0.9)  # of its time: the quantiles of the passage times


@dataclass(frozen=True)
class Peak:
    """Highest level within the horizon and its time: low, median, high; early, median, late.

    `beyond` is the chance, 0 to 1, that the water is highest at the last lead: then the true peak
    is higher and later. [m above gauge zero]
    """

    low_m: float
    level_m: float
    high_m: float
    early: datetime
    time: datetime
    late: datetime
    beyond: float


def peak_of(peaks: xr.Dataset, gauge: Gauge, issued_at: datetime) -> Peak | None:
    """Give the peak of one gauge of `forecasting.products.peaks`; None = it has no forecast."""
    if gauge.gauge_id not in peaks["gauge"].values:
        return None
    own = peaks.sel(gauge=gauge.gauge_id)
    beyond = float(own["still_rising"])
    if math.isnan(beyond):
        return None
    low_m, level_m, high_m = (_quantile(own["peak_level_m"], share) for share in LEVELS)
    early, time, late = (
        issued_at + timedelta(hours=_quantile(own["peak_h"], share)) for share in TIMES
    )
    return Peak(low_m, level_m, high_m, early, time, late, beyond)


def _quantile(values: xr.DataArray, share: float) -> float:
    return float(values.sel(quantile=share, method="nearest"))
