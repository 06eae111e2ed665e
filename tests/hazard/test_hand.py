"""Height above nearest drainage of valleys known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hazard.hand import height_above_drainage
from tests.valleys import valley


def middle(terrain):
    stream = np.zeros(terrain.shape, dtype=bool)
    stream[terrain.sizes["y"] // 2] = True
    return stream


def test_hand_of_a_v_valley_is_slope_times_distance():
    # Sides rise 0.1 m/m: 1 m a cell of 10 m, all along the valley.
    hand = height_above_drainage(valley(rows=9), middle(valley(rows=9)))
    assert hand.values[:, 12] == pytest.approx([4, 3, 2, 1, 0, 1, 2, 3, 4], abs=1e-4)


def test_stream_is_found_in_the_middle_of_the_valley():
    # 21 rows x 30 columns fall to the middle row; from column 5 on more than 100 cells drain there.
    hand = height_above_drainage(valley(), min_cells=100)
    assert (hand.values[10, 5:] == 0).all()
    assert hand.values[8, 20] == pytest.approx(2.0, abs=1e-4)


def test_hollow_below_its_stream_has_negative_hand():
    terrain = valley(rows=9)
    terrain.values[2, 12] = 49.0  # the river lies at 50 - 0.125 = 49.875 m there
    hand = height_above_drainage(terrain, middle(terrain))
    assert hand.values[2, 12] == pytest.approx(49.0 - 49.875, abs=0.03)


def test_land_that_drains_beside_the_stream_has_no_hand():
    terrain = valley(rows=9)
    stream = middle(terrain)
    stream[:, 15:] = False  # water of the lower half leaves at the eastern edge
    assert np.isnan(height_above_drainage(terrain, stream).values[4, 20])
