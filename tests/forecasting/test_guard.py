"""A forecast stays within what the river can do: twice the fastest and highest of training."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.guard import Guard

# Training: rises of at most 0.5 m in 1 h and 1.2 m in 3 h, falls of 0.2 and 0.4 m, 3 m above base.
GUARD = Guard.fit([np.array([0.5, -0.2]), np.array([1.2, -0.4, np.nan])], np.array([0.0, 3.0]))


def test_a_jump_is_cut_to_twice_the_fastest_rise():
    assert GUARD.bound(np.array([[9.0, 9.0]]), np.array([0.0])).tolist() == [[1.0, 2.4]]


def test_a_fall_is_cut_to_twice_the_fastest_fall():
    bounded = GUARD.bound(np.array([[-9.0, -9.0]]), np.array([0.0]))
    assert bounded.tolist() == [[-0.4, -0.8]]


def test_a_rise_within_the_limits_is_left_alone():
    assert GUARD.bound(np.array([[0.9, 2.3]]), np.array([1.0])).tolist() == [[0.9, 2.3]]


def test_the_level_stays_below_twice_the_highest_above_its_base():
    # 2 x 3 m = 6 m above base; from 5.2 m there are 0.8 m of room, less than 1.0 and 2.4 m.
    bounded = GUARD.bound(np.array([[1.0, 2.0]]), np.array([5.2]))
    assert bounded == pytest.approx(np.array([[0.8, 0.8]]))


def test_a_level_above_the_limit_may_stay_but_not_rise():
    assert GUARD.bound(np.array([[0.5, -0.1]]), np.array([7.0])).tolist() == [[0.0, -0.1]]


def test_without_a_base_the_slope_alone_bounds():
    assert GUARD.bound(np.array([[9.0, 1.0]]), np.array([np.nan])).tolist() == [[1.0, 1.0]]


def test_a_missing_rise_stays_missing():
    assert np.isnan(GUARD.bound(np.array([[np.nan, 1.0]]), np.array([0.0]))[0, 0])


def test_the_state_gives_the_same_guard():
    again = Guard.from_state(GUARD.state())
    assert again.highest_rise_m.tolist() == [1.0, 2.4]
    assert again.highest_above_base_m == 6.0
