"""A city is judged on its years and its storms, with nothing known between them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from forecasting.types import GOOD, MISSING
from kawamori.verify_data import read_years_and_storms

HOUR = np.timedelta64(1, "h")


def written(path: Path, start: str, hours: int, level_m: float) -> None:
    times = np.datetime64(start, "ns") + np.arange(hours) * HOUR
    shape = (hours, 1)
    data = {
        "level_m": (("time", "gauge"), np.full(shape, level_m)),
        "level_flag": (("time", "gauge"), np.full(shape, GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), np.zeros(shape)),
        "rain_flag": (("time", "rain_gauge"), np.full(shape, GOOD, "int8")),
    }
    coords = {"time": times, "gauge": ["g"], "rain_gauge": ["r"]}
    path.parent.mkdir(exist_ok=True)
    xr.Dataset(data, coords=coords, attrs={"title": path.stem}).to_netcdf(path)


def city(folder: Path, *storms: tuple[str, str]) -> SimpleNamespace:
    written(folder / "observations.nc", "2030-01-01T00", 3, 1.0)
    for name, start in storms:
        written(folder / "storms" / f"{name}.nc", start, 2, 4.0)
    return SimpleNamespace(folder=folder, city_id="town")


def test_years_and_storms_lie_on_one_axis_with_nothing_between(tmp_path):
    whole = read_years_and_storms(city(tmp_path, ("b", "2030-01-01T05")))
    level = whole["level_m"].values[:, 0]
    # Hours 0 to 2 are the years, 5 and 6 the storm; 3 and 4 are unknown.
    np.testing.assert_array_equal(level, [1, 1, 1, np.nan, np.nan, 4, 4])
    assert whole["level_flag"].values[3, 0] == MISSING
    assert np.isnan(whole["rain_mm"].values[3, 0])


def test_a_storm_within_another_is_refused(tmp_path):
    both = city(tmp_path, ("a", "2030-01-02T00"), ("b", "2030-01-02T01"))
    with pytest.raises(ValueError, match="storms of town must not overlap"):
        read_years_and_storms(both)


def test_a_city_without_storms_is_its_years(tmp_path):
    assert read_years_and_storms(city(tmp_path)).sizes["time"] == 3
