"""Rain forecasts of a drill."""

from __future__ import annotations

import numpy as np

from forecasting.types import aware
from kawamori.simulated_rain import HOURS, MEMBERS, rain_archive, rain_outlook


def test_the_archive_has_a_forecast_of_every_full_hour(tiny) -> None:
    series = tiny.tiny_series(72)
    archive = rain_archive(series)
    assert archive["issued_at"].values.tolist() == series["time"].values.tolist()
    assert (archive.sizes["lead"], archive.sizes["member"]) == (HOURS, MEMBERS)


def test_a_storm_is_foreseen_with_the_errors_of_the_archive(tiny) -> None:
    series = tiny.tiny_series(72, storm_mm=30.0)
    issued_at = aware(series["time"].values[50])
    one = rain_outlook(series, issued_at)
    kept = rain_archive(series).sel(issued_at=one["issued_at"])
    assert np.array_equal(one.values, kept.values, equal_nan=True)
    assert one.attrs["mode"] == "noisy"
