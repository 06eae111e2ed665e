"""Water finds its way out of every land by the lowest passes."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hazard.drainage import accumulate, flow_receivers, follow, stream_mask


def lowest_passes(height):
    """Give the highest land on the lowest way out of each cell, the plain slow way."""
    level = np.full(height.shape, np.inf)
    queue = []
    for row, column in np.ndindex(height.shape):
        if row in (0, height.shape[0] - 1) or column in (0, height.shape[1] - 1):
            level[row, column] = height[row, column]
            heapq.heappush(queue, (height[row, column], row, column))
    while queue:
        reached, row, column = heapq.heappop(queue)
        for r in range(max(row - 1, 0), min(row + 2, height.shape[0])):
            for c in range(max(column - 1, 0), min(column + 2, height.shape[1])):
                if level[r, c] == np.inf:
                    level[r, c] = max(reached, height[r, c])
                    heapq.heappush(queue, (level[r, c], r, c))
    return level


def highest_on_the_way(height, receiver):
    level, end = height.ravel().copy(), receiver
    for _ in range(12):  # 2^12 steps are more than any way here
        level, end = np.maximum(level, level[end]), end[end]
    return level.reshape(height.shape)


def test_tilted_plane_drains_straight_down():
    # Falls to the east: each row gathers 1, 2, 3, 4 cells; on the level edge water runs to cell 3.
    height = np.tile(-np.arange(4.0), (3, 1))
    receiver = flow_receivers(height)
    assert receiver.reshape(3, 4)[1].tolist() == [5, 6, 7, 3]
    gathered = accumulate(receiver).reshape(3, 4)
    assert gathered[:, :3].tolist() == [[1, 2, 3]] * 3
    assert gathered[:, 3].tolist() == [12, 8, 4]


def test_hollow_drains_over_its_lowest_pass():
    # The hollow (0) in the middle of a wall of 9 has one pass of 3 in the east.
    height = np.full((3, 3), 9.0)
    height[1, 1], height[1, 2] = 0.0, 3.0
    receiver = flow_receivers(height)
    assert receiver[4] == 5  # the middle drains to the pass ...
    assert receiver[5] == 5  # ... which lies on the edge


@settings(deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=st.integers(0, 4))
)
def test_every_way_out_is_as_low_as_any_even_on_flats(height):
    receiver = flow_receivers(height)
    assert np.array_equal(highest_on_the_way(height, receiver), lowest_passes(height))


def test_rough_land_drains_as_the_slow_way_says():
    height = np.random.default_rng(1).normal(size=(60, 70)).astype(np.float32)
    receiver = flow_receivers(height)
    assert np.allclose(highest_on_the_way(height, receiver), lowest_passes(height))


def test_all_cells_leave_the_land_once():
    height = np.random.default_rng(2).normal(size=(30, 40))
    receiver = flow_receivers(height)
    leaving = receiver == np.arange(receiver.size)
    assert accumulate(receiver)[leaving].sum() == 1200  # 30 x 40


def test_water_leaves_beside_the_sea():
    # One row of land between edges would leave anywhere; NaN in the middle is nearer and lower.
    height = np.full((7, 7), 5.0)
    height[3, 3] = np.nan
    height[3, 2] = 1.0
    receiver = flow_receivers(height)
    assert receiver[3 * 7 + 2] == 3 * 7 + 2
    assert receiver[3 * 7 + 1] == 3 * 7 + 1 or follow(receiver)[3 * 7 + 1] == 3 * 7 + 2


def test_known_river_takes_the_water_though_it_lies_higher():
    height = np.tile(-np.arange(5.0), (3, 1))
    river = np.zeros((3, 5), dtype=bool)
    river[:, 2] = True
    end = follow(flow_receivers(height, river)).reshape(3, 5)
    assert end[1].tolist() == [7, 7, 7, 4, 4]  # cells 0 to 2 reach the river, 3 and 4 the edge


def test_stream_is_where_enough_land_drains():
    height = np.tile(-np.arange(4.0), (3, 1))
    found = stream_mask(flow_receivers(height), (3, 4), 3)
    assert found.tolist() == [[False, False, True, True]] * 3


@pytest.mark.parametrize("height", [np.zeros(4), np.full((2, 2), np.nan)])
def test_no_land_is_an_error(height):
    with pytest.raises(ValueError, match="some land"):
        flow_receivers(height)
