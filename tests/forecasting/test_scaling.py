"""Events are scaled as a whole: rises and rain together, ages not."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.features import Design
from forecasting.inputs import Inputs
from forecasting.scaling import grows, scaled_up

NAMES = ("age_h", "rise_1_m", "rain_3_mm", "up_age_h", "dam_dam_release_m3s")
VALUES = np.array([[1.0, 0.2, 30.0, 2.0, 100.0]] * 50, np.float32)


def event() -> Inputs:
    times = np.datetime64("2030-01-01", "ns") + np.arange(50) * np.timedelta64(1, "h")
    known = Design(times, NAMES, VALUES, np.ones(50), np.zeros(50))
    stores = np.full((50, 10), 5.0)
    rain, spread = np.full((50, 3), 4.0), np.full((50, 3), 2.0)
    return Inputs(known, stores, stores, np.ones(50), np.full(50, 0.5), rain, spread)


def test_rises_rain_storages_and_flows_grow_by_one_factor_between_1_3_and_2():
    larger, rises = scaled_up(event(), np.full((50, 2), 0.4), np.random.default_rng(1))
    factor = rises[:, 0] / 0.4
    assert factor.min() >= 1.3
    assert factor.max() <= 2.0
    assert rises[:, 1] == pytest.approx(0.4 * factor)
    assert larger.known.column("rise_1_m") == pytest.approx(0.2 * factor, rel=1e-5)
    assert larger.known.column("rain_3_mm") == pytest.approx(30 * factor, rel=1e-5)
    assert larger.known.column("dam_dam_release_m3s") == pytest.approx(100 * factor, rel=1e-5)
    assert larger.lower[:, 0] == pytest.approx(5 * factor)
    assert larger.ahead_mm[:, 2] == pytest.approx(4 * factor)
    assert larger.above_low_m == pytest.approx(0.5 * factor)


def test_the_age_of_a_reading_does_not_grow():
    larger, _ = scaled_up(event(), np.full((50, 2), 0.4), np.random.default_rng(1))
    assert larger.known.column("age_h").tolist() == [1.0] * 50
    assert larger.known.column("up_age_h").tolist() == [2.0] * 50
    assert grows(NAMES).tolist() == [False, True, True, False, True]


def test_the_events_themselves_are_left_as_they_are():
    one = event()
    scaled_up(one, np.full((50, 2), 0.4), np.random.default_rng(1))
    assert np.array_equal(one.known.values, VALUES)
