"""Periods of feeds made into steps of ours: sums in mm that can be added up by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.rain_periods import RainPeriods, apart, fallen, rain_ahead_of

NAN = np.nan
AT = datetime(2026, 6, 1, 0, tzinfo=UTC)
ZERO = np.datetime64("2026-06-01T00:00", "ns")
HOUR, TEN = np.timedelta64(1, "h"), np.timedelta64(10, "m")


def told(spans, rain, *, source="gpv", issued_at=AT, gauges=("r1",)):
    """Give periods by (start, end) in minutes after `AT`."""
    ends = np.array(spans).reshape(-1, 2) * np.timedelta64(1, "m") + ZERO
    amounts = np.array(rain, float).reshape(len(ends), len(gauges))
    return RainPeriods(source, issued_at, ends[:, 0], ends[:, 1], gauges, amounts, amounts, amounts)


def ahead(*feeds, minutes=0, step=HOUR, steps=2, gauges=("r1",)):
    cube = rain_ahead_of(feeds, gauges, issued_at=AT + timedelta(minutes=minutes), step=step,
                         steps=steps)  # fmt: skip
    return cube, cube.values[:, 0, 0].tolist()


def test_of_sums_that_begin_together_the_differences_are_taken():
    each = apart(told([(0, 180), (0, 60), (0, 120)], [9.0, 2.0, 5.0]))
    assert each.rain_mm[:, 0].tolist() == [2.0, 3.0, 4.0]
    assert ((each.end - each.start) == HOUR).all()


def test_a_sum_that_falls_tells_nothing_and_rounding_is_no_fall():
    each = apart(told([(0, 60), (0, 120), (0, 180)], [2.0, 1.9, 1.0]))
    np.testing.assert_allclose(each.rain_mm[:, 0], [2.0, 0.0, NAN])


def test_a_sum_of_a_day_alone_is_left_out_and_what_follows_is_not():
    each = apart(told([(0, 1440), (0, 1500)], [50.0, 51.0]))
    assert each.rain_mm[:, 0].tolist() == [1.0]
    assert (each.start[0] - ZERO) / HOUR == 24


def test_of_two_periods_that_overlap_the_first_stays():
    each = apart(told([(0, 60), (30, 90), (60, 120)], [1.0, 2.0, 3.0]))
    assert each.rain_mm[:, 0].tolist() == [1.0, 3.0]


def test_an_hour_is_spread_evenly_over_steps_that_lie_across():
    # 6 mm in 0-60 min, 12 mm in 60-120 min. From minute 30: 3 + 6 = 9 mm in the first hour.
    cube, rain = ahead(told([(0, 60), (60, 120)], [6.0, 12.0]), minutes=30)
    assert rain[0] == pytest.approx(9.0)
    assert np.isnan(rain[1])  # 90 to 150 min is not told wholly
    assert cube.attrs["source"] == "gpv 2026-06-01T00:00Z"
    assert cube.attrs["mode"] == "issued"
    _, rain = ahead(told([(0, 60)], [6.0]), step=TEN, steps=6)
    assert rain == pytest.approx([1.0] * 6)


def test_the_first_feed_is_preferred_and_the_next_fills_what_it_does_not_tell():
    near = told([(0, 30)], [10.0], source="nowcast")
    far = told([(0, 60), (60, 120)], [6.0, 12.0])
    cube, rain = ahead(near, far)
    assert rain == pytest.approx([13.0, 12.0])  # 10 mm and half of 6 mm
    assert cube.attrs["source"] == "nowcast 2026-06-01T00:00Z; gpv 2026-06-01T00:00Z"


def test_missing_rain_is_not_filled_with_0():
    _, rain = ahead(told([(0, 60), (60, 120)], [NAN, 12.0]))
    np.testing.assert_equal(rain, [NAN, 12.0])
    cube, rain = ahead()
    np.testing.assert_equal(rain, [NAN, NAN])
    assert cube.attrs["source"] == ""
    _, rain = ahead(told([(0, 60)], [1.0]), gauges=("elsewhere",))
    np.testing.assert_equal(rain, [NAN, NAN])


def test_what_was_issued_later_is_refused():
    late = told([(0, 60)], [1.0], issued_at=AT + timedelta(minutes=1))
    with pytest.raises(ValueError, match="must be issued by"):
        ahead(late)


def test_a_step_that_is_no_multiple_of_five_minutes_is_refused():
    with pytest.raises(ValueError, match="multiple of 5 minutes"):
        ahead(step=np.timedelta64(7, "m"))


def test_faults_of_periods_come_at_once():
    with pytest.raises(ValueError, match=r"end after its start; rain must be >= 0 mm, 1 values"):
        told([(60, 60)], [-1.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=3, max_size=8), st.integers(0, 55),
       st.sampled_from([5, 10, 20, 60]))  # fmt: skip
def test_no_rain_is_made_or_lost_by_taking_other_steps(rain, minute, step_min):
    periods = told([(60 * hour, 60 * hour + 60) for hour in range(len(rain))], rain)
    edges = (
        ZERO + np.timedelta64(minute, "m") + np.arange(0, 121, step_min) * np.timedelta64(1, "m")
    )
    steps = fallen(periods, edges, ["r1"])[:, 0]
    share = minute / 60  # two hours from this minute on: parts of three hours
    assert steps.sum() == pytest.approx((1 - share) * rain[0] + rain[1] + share * rain[2], abs=1e-6)
    assert (steps >= 0).all()
