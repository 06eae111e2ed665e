"""Rain of GRIB2 files at rain gauges: files made by tests/grib_files.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecasting.sources.gpv import gpv_rain
from forecasting.types import RainGauge
from tests.grib_files import grid, message, product, run_length, simple

REFERENCE = datetime(2026, 6, 1, 0, tzinfo=UTC)
GAUGES = (RainGauge("r1", "", 140.45, 36.95), RainGauge("far", "", 150.0, 36.95))  # near 140.5, 37


def of_hour(hour, rain_mm, hours=1.0):
    told = product(REFERENCE, REFERENCE + timedelta(hours=hour), hours)
    return told + simple((9.0, rain_mm, 9.0, 9.0, 9.0, 9.0))


def test_each_period_of_a_file_is_read_at_the_nearest_point():
    body = message(REFERENCE, grid(), of_hour(1, 1.5), of_hour(2, 2.5))
    told = gpv_rain(body, GAUGES, "Z__C_RJTD_20260601000000_MSM_GPV_Rjp_Lsurf.bin")
    assert (told.source, told.issued_at) == ("MSM", REFERENCE)
    assert told.start.astype(str).tolist()[0].startswith("2026-06-01T00:00")
    np.testing.assert_allclose(told.rain_mm, [[1.5, np.nan], [2.5, np.nan]])


def test_a_file_without_rain_or_of_two_times_is_refused():
    wind = product(REFERENCE, REFERENCE, 1, template=0, parameter=(2, 2))
    with pytest.raises(ValueError, match=r"w\.bin must have rain"):
        gpv_rain(message(REFERENCE, grid(), wind, simple((1.0,) * 6)), GAUGES, "w.bin")
    later = REFERENCE + timedelta(hours=3)
    both = message(REFERENCE, grid(), of_hour(1, 1.5)) + message(later, grid(), of_hour(4, 1.5))
    with pytest.raises(ValueError, match=r"must have one initial time, got .*03:00"):
        gpv_rain(both, GAUGES, "b.bin")


def test_a_file_of_another_region_is_refused():
    with pytest.raises(ValueError, match=r"far\.bin must tell rain at a rain gauge"):
        gpv_rain(message(REFERENCE, grid(), of_hour(1, 1.5)), GAUGES[1:], "far.bin")


def test_less_than_no_rain_is_refused_beyond_rounding():
    def of(reference):
        packing = simple((reference / 10,) * 6, reference=reference, width=0)  # tenths of mm
        told = product(REFERENCE, REFERENCE + timedelta(hours=1), 1)
        return gpv_rain(message(REFERENCE, grid(), told, packing), GAUGES, "x.bin")

    assert of(-1.0).rain_mm[0, 0] == 0.0  # -0.1 mm is rounding
    with pytest.raises(ValueError, match=r"must be >= 0 mm, got -1\.00"):
        of(-10.0)


def test_levels_of_the_short_range_forecast_are_read():
    told = product(REFERENCE, REFERENCE + timedelta(hours=1), 1, template=50009,
                   parameter=(1, 200))  # fmt: skip
    body = message(REFERENCE, grid(), told, run_length((0, 2, 1, 1, 1, 1), (0, 4)))
    assert gpv_rain(body, GAUGES, "k.bin").rain_mm[0, 0] == pytest.approx(0.4)
