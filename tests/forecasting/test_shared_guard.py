"""Each gauge has its own limits; one without history has the widest of all."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.shared_guard import SharedGuard

# Gauge 1 rose by 1 and fell by 0.2; gauge 2 rose by 3. Limits are twice what was seen.
RISES = np.array([[1.0], [-0.2], [3.0], [np.nan]])
GUARD = SharedGuard.fit(RISES, np.array([0.5, 0.0, 4.0, np.nan]), np.array([1, 1, 2, 2]))


@pytest.mark.parametrize(("gauge", "low", "high"), [(1, -0.4, 1.0), (2, 0.0, 6.0), (0, -0.4, 6.0)])
def test_limits_are_twice_what_was_seen(gauge, low, high):
    # From the base on gauge 1 has room for 2 x 0.5 = 1, less than its rise of 2 x 1.
    told = GUARD.limits(np.array([gauge]), 0, np.array([0.0]))
    assert [float(one[0]) for one in told] == [low, high]


def test_a_river_above_its_level_limit_may_stay():
    assert GUARD.limits(np.array([1]), 0, np.array([7.0]))[1].tolist() == [0.0]


def test_an_unknown_base_limits_no_level():
    assert GUARD.limits(np.array([1]), 0, np.array([np.nan]))[1].tolist() == [2.0]


def test_a_guard_is_told_by_its_state():
    again = SharedGuard.from_state(GUARD.state())
    assert again.limits(np.array([2]), 0, np.zeros(1))[1].tolist() == [6.0]
