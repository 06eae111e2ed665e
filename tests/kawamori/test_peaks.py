"""The peak of a gauge as an officer reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import xarray as xr

from forecasting.types import Gauge
from kawamori.peaks import peak_of

ISSUED = datetime(2030, 1, 1, tzinfo=UTC)
QUANTILES = [0.05, 0.1, 0.5, 0.9, 0.95]


def told(rising: float) -> xr.Dataset:
    """Give peaks of gauge "g": 1, 2, 3, 4, 5 m after as many hours."""
    steps = np.arange(1.0, 6.0)[None]
    dims = ("gauge", "quantile")
    variables = {"peak_level_m": (dims, steps), "peak_h": (dims, steps)}
    coords = {"gauge": ["g"], "quantile": QUANTILES}
    return xr.Dataset({**variables, "still_rising": ("gauge", [rising])}, coords=coords)


def test_a_peak_has_a_level_band_and_a_time_band():
    peak = peak_of(told(0.3), Gauge("g", "g", "r", 141.0, 37.0), ISSUED)
    assert (peak.low_m, peak.level_m, peak.high_m, peak.beyond) == (1.0, 3.0, 5.0, 0.3)
    assert [each.hour for each in (peak.early, peak.time, peak.late)] == [2, 3, 4]


def test_a_gauge_without_forecast_has_no_peak():
    assert peak_of(told(np.nan), Gauge("g", "g", "r", 141.0, 37.0), ISSUED) is None
    assert peak_of(told(0.3), Gauge("h", "h", "r", 141.0, 37.0), ISSUED) is None
