"""What is missing of a rain forecast is left out and named, never taken for dry."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.rain_ahead import rain_ahead, rain_told
from forecasting.types import RainForecast

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")
TIMES = np.array(["2030-01-01T00"], dtype="datetime64[ns]")
NAN = np.nan


def cube(values, gauges=("a", "b")) -> RainForecast:
    """Rain (lead, rain_gauge, member) of one issue."""
    values = np.asarray(values, dtype=float)
    coords = {
        "lead": HOUR * np.arange(1, len(values) + 1),
        "rain_gauge": list(gauges),
        "member": np.arange(values.shape[2]),
    }
    return RainForecast(xr.DataArray(values, dims=tuple(coords), coords=coords))


def ahead(rain, gauges=("a", "b"), steps=2):
    return [part[0].tolist() for part in rain_ahead(rain, TIMES, gauges, HOUR, steps)]


def told(rain, gauges=("a", "b"), steps=2):
    return str(rain_told(rain, TIMES, gauges, HOUR, steps)[0])


WHOLE = cube([[[1, 3], [3, 5]], [[2, 2], [2, 2]]])  # means of a and b: 2 and 4, then 2 and 2


def test_rain_is_the_mean_of_gauges_and_members_and_its_sums_spread():
    mean, spread = ahead(WHOLE)
    assert mean == [3.0, 2.0]
    assert spread == [1.0, 1.0]  # sums of the members: 2 and 4, then 4 and 6
    assert told(WHOLE) == "whole"


def test_a_rain_gauge_that_is_not_there_leaves_the_others():
    one = WHOLE.sel(rain_gauge=["b"])
    assert ahead(one)[0] == [4.0, 2.0]  # of b alone: 3 and 5, then 2 and 2
    assert told(one) == "rain gauges 1 of 2"
    assert ahead(WHOLE.where(WHOLE["rain_gauge"] == "b"))[0] == [4.0, 2.0]


def test_rain_of_other_gauges_alone_is_no_rain_of_these():
    other = cube(WHOLE.values, gauges=("x", "y"))
    assert np.isnan(ahead(other)[0]).all()
    assert told(other) == "unknown"
    assert told(other, gauges=()) == "whole"  # no gauge is named: all count


def test_a_member_counts_up_to_its_first_gap():
    holed = cube([[[1, 3], [3, 5]], [[2, NAN], [2, NAN]]])
    mean, spread = ahead(holed)
    assert mean == [3.0, 2.0]
    assert spread == [1.0, 0.0]  # one member is left in the second hour
    assert told(holed) == "members 1 of 2"


def test_steps_that_are_not_there_are_unknown_and_so_is_what_follows_a_gap():
    short = WHOLE.isel(lead=[0])
    assert ahead(short)[0][0] == 3.0
    assert np.isnan(ahead(short)[0][1])
    assert told(short) == "up to 1 of 2 h"
    late = cube([[[NAN] * 2] * 2, [[2, 2], [2, 2]]])
    assert np.isnan(ahead(late)).all()
    assert told(late) == "unknown"


def test_several_faults_are_named_together():
    rain = cube([[[1, 3], [NAN, NAN]], [[2, NAN], [NAN, NAN]]])
    assert told(rain, steps=3) == "rain gauges 1 of 2; members 1 of 2; up to 2 of 3 h"
    assert told(None) == "none"


def test_an_issue_time_that_the_cube_lacks_is_unknown():
    rain = WHOLE.expand_dims(issued_at=TIMES + 5 * HOUR)
    assert np.isnan(ahead(rain)[0]).all()
    assert told(rain) == "unknown"


def test_rain_by_another_step_is_refused():
    with pytest.raises(ValueError, match="must be steps of 60 min"):
        rain_ahead(WHOLE.assign_coords(lead=WHOLE["lead"].values // 6), TIMES, ("a",), HOUR, 2)
