from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
import xarray as xr

from benchmarks.advisory_foresight import storm_times

PEAK = datetime(2024, 7, 7, 12, 0, tzinfo=UTC)
# As of benchmarks.advisory_storms: 72 h before the peak, 30 h after it.
STEPS = pd.date_range("2024-07-04T12:00", "2024-07-08T18:00", freq="10min")
RECORD = xr.Dataset(coords={"time": STEPS})


def times(*first_water: str | None) -> list[datetime]:
    """Give the issue times of a storm whose districts got water then."""
    water = pd.to_datetime(pd.Series(first_water, dtype="datetime64[ns]"))
    truth = SimpleNamespace(peak_at=PEAK, districts=pd.DataFrame({"first_water": water}))
    return storm_times(RECORD, truth)


@pytest.mark.parametrize("first_water", [(), (None, None), ("2024-07-07T13:10", None)])
def test_a_storm_is_played_hourly_around_its_peak(first_water):
    # 11 h before 12:00 is 01:00; the last is ten hours after it, at 22:00: 22 cycles.
    assert times(*first_water) == [PEAK + timedelta(hours=hour) for hour in range(-11, 11)]


def test_a_storm_that_floods_before_its_peak_begins_half_a_day_before_that_water():
    assert times("2024-07-07T13:10", "2024-07-06T20:00")[0] == datetime(2024, 7, 6, 8, tzinfo=UTC)


def test_no_cycle_is_played_before_a_day_of_readings():
    assert times("2024-07-05T02:00")[0] == datetime(2024, 7, 5, 13, tzinfo=UTC)
