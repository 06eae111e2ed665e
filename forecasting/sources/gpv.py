"""Rain of 気象庁's GPV (MSM, LFM, GSM) and 降水短時間予報 in GRIB2, at rain gauges.

MSM tells the rain of each hour, GSM and LFM the sum since the initial time [1]_, LFM in a file a
time: `forecasting.rain_periods.apart` takes the differences. Files come by 気象業務支援センター.
Written from the published forms and tested on files made from them: no distributed one was at hand.

References
----------
.. [1] 気象庁 配信資料に関する仕様 (GSM, MSM, LFM の降水量)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from forecasting.rain_periods import ROUNDING_MM, RainPeriods
from forecasting.sources.grib2 import rain_fields
from forecasting.types import RainGauge, utc64

MODEL = re.compile(r"_([A-Z0-9]+)_GPV_")


def gpv_rain(body: bytes, rain_gauges: Sequence[RainGauge], name: str) -> RainPeriods:
    """Give the rain of one file at rain gauges, of the grid's nearest point each, as it is told.

    Parameters
    ----------
    body
        The file, whole.
    rain_gauges
        Where: a gauge outside the grid, or where the grid has no value, is NaN.
    name
        Of the file, for errors; the source is the model it names (MSM of `…_MSM_GPV_…`), so that
        sums of one model can be taken apart over its files.

    Raises
    ------
    ValueError
        As `rain_fields`; or if the file has no rain, less than none, or rain of two initial times.
    """
    fields = list(rain_fields(body, name))
    if not fields:
        raise ValueError(f"{name} must have rain (parameter 0.1.8 or 0.1.200), got none.")
    issued = {field.reference for field in fields}
    if len(issued) > 1:
        raise ValueError(f"{name} must have one initial time, got {sorted(map(str, issued))}.")
    lon = np.array([gauge.lon for gauge in rain_gauges])
    lat = np.array([gauge.lat for gauge in rain_gauges])
    rain = np.array([field.at(lon, lat) for field in fields])
    if (rain < -ROUNDING_MM).any():
        raise ValueError(f"{name}: rain must be >= 0 mm, got {np.nanmin(rain):.2f}.")
    if np.isnan(rain).all():
        raise ValueError(f"{name} must tell rain at a rain gauge at least, got none at any.")
    rain = np.maximum(rain, 0.0)  # NaN stays
    model = MODEL.search(name)
    return RainPeriods(
        model.group(1) if model else name, issued.pop(),
        np.array([utc64(field.start) for field in fields]),
        np.array([utc64(field.end) for field in fields]),
        tuple(gauge.rain_gauge_id for gauge in rain_gauges), rain, rain, rain,
    )  # fmt: skip
