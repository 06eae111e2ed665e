"""A moved gauge zero is told from a flood, and only once the readings after it are still."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.datum import Shift, across_shifts, continued, datum_shifts

STILL = [1.0, 1.01, 1.0, 1.02, 1.01, 1.0]
MOVED = [level + 6.0 for level in STILL]


def test_a_jump_between_still_readings_is_a_shift_known_six_readings_later():
    (shift,) = datum_shifts(np.array(STILL + MOVED), 1.0)
    assert (shift.row, shift.known) == (6, 11)
    assert shift.size_m == pytest.approx(6.0)  # 7.0 after 1.0


def test_five_readings_after_a_jump_are_too_few_to_tell():
    assert datum_shifts(np.array(STILL + MOVED[:5]), 1.0) == []


@pytest.mark.parametrize(
    "after",
    [
        [2.0, 3.0, 4.0, 5.0, 5.5, 6.0],  # a flood goes on rising
        [7.0, 6.0, 5.0, 4.0, 3.0, 2.0],  # or falls
        [1.2, 1.2, 1.21, 1.2, 1.2, 1.2],  # 0.2 m is within what rivers do
    ],
)
def test_a_flood_is_no_shift(after):
    assert datum_shifts(np.array(STILL + after), 1.0) == []


def test_a_level_that_is_other_after_days_of_silence_is_no_shift():
    assert datum_shifts(np.array(STILL + [np.nan] * 80 + MOVED), 1.0) == []
    assert len(datum_shifts(np.array(STILL + [np.nan] * 60 + MOVED), 1.0)) == 1


def test_nothing_comes_of_nothing():
    for series in ([], [1.0], [np.nan] * 30):
        assert datum_shifts(np.array(series, dtype=float), 1.0) == []


def test_levels_go_on_in_the_first_datum():
    moved = continued(np.array([1.0, 1.0, 7.0, 7.5]), [Shift(2, 3, 6.0)])
    assert moved.tolist() == [1.0, 1.0, 1.0, 1.5]


def _rise(level_m):
    return {"rise_m": level_m - np.concatenate([[np.nan] * 3, level_m[:-3]])[: len(level_m)]}


def test_the_jump_stands_until_it_is_known_for_a_shift():
    level = np.array(STILL + MOVED + MOVED)
    rise = across_shifts(level, 1.0, 3.0, _rise)["rise_m"]
    assert rise[6] == pytest.approx(6.0 - 0.02)  # 7.00 - 1.02, three rows before
    assert np.all(np.abs(rise[11:]) < 0.03)


@given(st.integers(8, 29), st.floats(-8, 8), st.floats(-5, 5))
def test_a_row_is_the_same_whatever_comes_later(cut, size, other):
    noise = np.round(np.random.default_rng(1).normal(0, 0.01, 30), 2)
    level = 1.0 + noise + np.where(np.arange(30) >= 12, size, 0.0)
    later = np.where(np.arange(30) >= cut, level + other, level)
    one, two = (across_shifts(each, 1.0, 3.0, _rise)["rise_m"][:cut] for each in (level, later))
    np.testing.assert_array_equal(one, two)
