"""Storages fill by rain, run out by themselves, and their error fades with the lead."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.features import Design
from forecasting.inputs import Inputs
from forecasting.stores import HALF_LIVES_H, recession, response, store_columns, store_names
from forecasting.tank import Tank

COUNT = 2 * len(HALF_LIVES_H)
TWO_H = HALF_LIVES_H.index(2.0)


def inputs(upper_mm: float, lower_mm: float, *, level_m: float, ahead_mm=()) -> Inputs:
    """Give one row in which only the storage of half-life 2 h, filled by rain, holds water."""
    upper, lower = np.zeros((1, COUNT)), np.zeros((1, COUNT))
    upper[0, TWO_H], lower[0, TWO_H] = upper_mm, lower_mm
    time = np.array(["2030-01-01"], dtype="datetime64[ns]")
    known = Design(time, (), np.zeros((1, 0), np.float32), np.array([level_m]), np.zeros(1))
    ahead = np.array([ahead_mm], dtype=float).reshape(1, len(ahead_mm))
    return Inputs(known, upper, lower, np.array([0.5]), np.array([level_m]), ahead, 0 * ahead)


# 0.01 m per mm in the lower storage of half-life 2 h, nothing from the others.
TANK = Tank(np.where(np.arange(COUNT) == TWO_H, 0.01, 0.0))


def test_without_rain_the_level_halves_over_the_half_life():
    # 100 mm x 0.01 = 1 m; after one half-life (2 steps of 1 h) 0.5 m: a rise of -0.5 m.
    rise, error = TANK.rises_m(inputs(0, 100, level_m=1.2), 2, 1.0)
    assert rise[0] == pytest.approx(-0.5)
    assert error[0] == pytest.approx(0.2)  # 1.2 m is 0.2 m above the simulated 1 m


def test_water_above_still_makes_the_river_rise():
    # One step keeps k = 0.5 ** 0.5. 100 mm above give (1 - k) x k x 100 mm = 20.71 mm below.
    rise, _ = TANK.rises_m(inputs(100, 0, level_m=0.0), 1, 1.0)
    kept = 0.5**0.5
    assert rise[0] == pytest.approx(0.01 * 100 * (1 - kept) * kept)


def test_rain_ahead_raises_the_forecast_and_counts_whole():
    # 10 mm in the first of two hours: (1 - k) x 2 x k x 10 mm = 4.14 mm, 4.1 cm.
    kept = 0.5**0.5
    rise, _ = TANK.rises_m(inputs(0, 0, level_m=0.0, ahead_mm=(10.0, 0.0)), 2, 1.0)
    assert rise[0] == pytest.approx(0.01 * 10 * (1 - kept) * 2 * kept)


def test_a_known_tank_is_found_from_its_level():
    rain = np.zeros(600)
    rain[100:500:50] = 20.0
    stores = store_columns(rain, 1.0)
    upper = np.column_stack([stores[name] for name in store_names("upper")])
    lower = np.column_stack([stores[name] for name in store_names("lower")])
    level = 0.01 * lower[:, TWO_H]
    times = np.datetime64("2030-01-01", "ns") + np.arange(600) * np.timedelta64(1, "h")
    known = Design(times, (), np.zeros((600, 0), np.float32), level, np.zeros(600))
    none = np.zeros((600, 0))
    taught = Inputs(known, upper, lower, stores["runoff_share"], level, none, none)
    weights = Tank.fit(taught, np.arange(600)).weights
    assert weights[TWO_H] == pytest.approx(0.01, rel=1e-6)
    assert weights.sum() == pytest.approx(0.01, rel=1e-6)


def test_running_out_and_rain_ahead_are_what_the_storages_do_later():
    # The lower storages 3 steps on = what ran out of these + what the rain of the steps gave.
    rain = np.zeros(400)
    rain[300:304] = [8.0, 4.0, 2.0, 1.0]
    stores = store_columns(rain, 1.0)
    upper = np.array([stores[name][300] for name in store_names("upper")])
    lower = np.array([stores[name][300] for name in store_names("lower")])
    from_upper, from_lower = recession(3, 1.0)
    fallen = rain[301:304] @ response(3, 1.0)
    then = (upper * from_upper + lower * from_lower)[: len(HALF_LIVES_H)] + fallen
    later = [stores[name][303] for name in store_names("lower")[: len(HALF_LIVES_H)]]
    assert then == pytest.approx(later, rel=1e-9)


def test_old_rain_is_forgotten_wholly_so_that_a_window_is_enough():
    rain = np.random.default_rng(1).exponential(1.0, 2000)
    whole, late = store_columns(rain, 1.0), store_columns(rain[1000:], 1.0)
    for name in (*store_names("upper"), *store_names("lower")):
        # Both sets need 10 days of rain and 14 days of wetness before: 576 h.
        assert whole[name][1600:] == pytest.approx(late[name][600:], rel=1e-9, abs=1e-9)


def test_missing_rain_makes_a_storage_unknown_not_empty():
    rain = np.full(200, np.nan)
    assert np.isnan(store_columns(rain, 1.0)[store_names("lower")[0]]).all()
    empty = Tank.fit(inputs(np.nan, np.nan, level_m=1.0), np.array([0]))
    assert empty.weights.tolist() == [0.0] * COUNT
