from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from forecasting.types import GOOD, Gauge, check_observations
from kawamori.states import gauge_states

START = datetime(2026, 9, 8, 0, 0, tzinfo=UTC)
GAUGE = Gauge("a", "上流", "試験川", 140.0, 37.0)


def _series(levels: list[float]):
    times = np.datetime64("2026-09-08T00:00", "ns") + np.arange(len(levels)) * np.timedelta64(
        30, "m"
    )
    values = np.array(levels)[:, None]
    flags = np.full(values.shape, GOOD, dtype="int8")
    empty = np.empty((len(levels), 0))
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), values),
                "level_flag": (("time", "gauge"), flags),
                "rain_mm": (("time", "rain_gauge"), empty),
                "rain_flag": (("time", "rain_gauge"), empty.astype("int8")),
            },
            coords={"time": times, "gauge": ["a"], "rain_gauge": np.array([], dtype=str)},
        )
    )


def test_state_is_the_reading_at_issue_time_and_its_hourly_rise() -> None:
    # 30-min steps: at 01:30 the level is 1.9, one hour before it was 1.2 -> 0.7 m/h
    (state,) = gauge_states(
        _series([1.0, 1.2, 1.5, 1.9, 9.9]), [GAUGE], issued_at=START + timedelta(minutes=90)
    )
    assert state.level_m == 1.9
    assert state.at == START + timedelta(minutes=90)
    assert state.rise_m_per_h == pytest.approx(0.7)


def test_state_of_a_silent_gauge_keeps_the_time_of_its_last_reading() -> None:
    (state,) = gauge_states(
        _series([1.0, 1.2, np.nan, np.nan]), [GAUGE], issued_at=START + timedelta(minutes=90)
    )
    assert (state.level_m, state.at) == (1.2, START + timedelta(minutes=30))
    assert state.rise_m_per_h is None  # nothing one hour before 00:30


def test_state_of_a_gauge_without_any_reading_is_unknown() -> None:
    states = gauge_states(_series([np.nan, np.nan]), [GAUGE], issued_at=START + timedelta(hours=1))
    assert (states[0].level_m, states[0].at) == (None, None)


def test_state_of_a_gauge_that_the_feed_does_not_carry_is_unknown() -> None:
    other = Gauge("b", "下流", "試験川", 140.0, 37.0)
    (state,) = gauge_states(_series([1.0, 1.0]), [other], issued_at=START)
    assert state.level_m is None


def test_state_before_the_first_observation_is_unknown() -> None:
    (state,) = gauge_states(_series([1.0, 1.0]), [GAUGE], issued_at=START - timedelta(hours=1))
    assert state.level_m is None
