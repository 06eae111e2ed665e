"""Where water runs on the land: a receiver for every cell, streams where enough land drains.

Hollows of a terrain model are carved open, not filled: basins are the cells that run down into one
hollow, the lowest pass between each two basins is kept, a minimum spanning tree leads every
basin out by the lowest passes, and the way from hollow to pass is turned round [1]_. Everything is
sorting and table look-up on whole arrays: 16 million cells take well under a minute on one core.

References
----------
.. [1] Cordonnier, Bovy, Braun: A versatile, linear complexity algorithm for flow routing in
   topographies with depressions, Earth Surf. Dynam. 7, 2019.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

Cells = npt.NDArray[np.intp]  # one number a cell, row by row
Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

OUTSIDE = 0  # number of the basin that is the sea, the map's edge or a given outlet
NEIGHBOURS = ((0, 1), (1, -1), (1, 0), (1, 1))  # row, column; the other four mirror them


def flow_receivers(elevation_m: Floats, outlets: Mask | None = None) -> Cells:
    """Give the cell that each cell drains to; a cell where water leaves drains to itself.

    Parameters
    ----------
    elevation_m
        Dims (row, column), NaN = no land (sea, not surveyed). Water leaves at the map's edge and
        beside cells without land. [m]
    outlets
        Cells where water leaves as well, such as the course of a known river.

    Returns
    -------
        Cell numbers counted row by row, one a cell. Following them always ends.

    Raises
    ------
    ValueError
        If the elevation is not a table, or no cell has one.
    """
    if elevation_m.ndim != 2 or not np.isfinite(elevation_m).any():
        raise ValueError(
            f"elevation_m must have dims (row, column) and some land, got shape"
            f" {elevation_m.shape}. Check that the terrain covers the place."
        )
    height = np.asarray(elevation_m, dtype=np.float32)
    receiver = _steepest(height)
    left = np.zeros(height.size, bool) if outlets is None else (outlets.ravel() & _land(height))
    receiver[left] = np.flatnonzero(left)
    basin, count = _basins(receiver, _land(height), left)
    low, high, passes = _passes(height, basin.reshape(height.shape), count)
    here, there = _way_out(low, high, passes, basin, count)
    _turn_round(receiver, here, there)
    return receiver


def follow(receiver: Cells) -> Cells:
    """Give where following the receivers ends, for each cell."""
    end = receiver
    while True:
        further = end[end]  # twice as far in each round
        if np.array_equal(further, end):
            return end
        end = further


def accumulate(receiver: Cells) -> npt.NDArray[np.int64]:
    """Give how many cells drain through each cell, itself included."""
    steps = (receiver != np.arange(receiver.size)).astype(np.int32)
    end = receiver
    while steps[end].any():
        steps += steps[end]
        end = end[end]
    order = np.argsort(steps, kind="stable")
    ends = np.cumsum(np.bincount(steps))
    total = np.ones(receiver.size, dtype=np.int64)
    for first, last in zip(ends[-2::-1], ends[:0:-1], strict=True):  # farthest from the end first
        cells = order[first:last]
        np.add.at(total, receiver[cells], total[cells])
    return total


def stream_mask(receiver: Cells, shape: tuple[int, int], min_cells: int) -> Mask:
    """Give the cells that at least `min_cells` cells drain through."""
    return (accumulate(receiver) >= min_cells).reshape(shape)


def _land(height: Floats) -> Mask:
    return np.isfinite(height).ravel()


def _steepest(height: Floats) -> Cells:
    """Give the steepest lower neighbour; on flats an equal one with a lower number; else itself."""
    number = np.arange(height.size).reshape(height.shape)
    receiver, best = number.copy(), np.zeros_like(height)
    for row, column in NEIGHBOURS:
        for here, there in (_pair(row, column), _pair(row, column)[::-1]):
            fall = height[here] - height[there]
            if row and column:
                fall *= np.float32(np.sqrt(0.5))
            better = fall > best[here]
            np.copyto(best[here], fall, where=better)
            np.copyto(receiver[here], number[there], where=better)
    for row, column in NEIGHBOURS:  # the second cell of each pair has the higher number
        first, second = _pair(row, column)
        level = (height[second] == height[first]) & (receiver[second] == number[second])
        np.copyto(receiver[second], number[first], where=level)
    return receiver.ravel()


def _pair(row: int, column: int) -> tuple[Any, Any]:
    """Give the slices of all cells that have a neighbour at (row, column), and of those."""
    near, far = slice(None, -row or None), slice(row, None)
    west, east = slice(None, -abs(column) or None), slice(abs(column), None)
    return ((near, east), (far, west)) if column < 0 else ((near, west), (far, east))


def _basins(receiver: Cells, land: Mask, left: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Number the basins from 1; -1 = no land, OUTSIDE = drains to a given outlet."""
    bottom = land & ~left & (receiver == np.arange(receiver.size))
    number = np.zeros(receiver.size, dtype=np.int32)
    number[bottom] = np.arange(1, bottom.sum() + 1)
    basin = number[follow(receiver)]
    basin[~land] = -1
    return basin, int(bottom.sum()) + 1


def _passes(height: Floats, basin: npt.NDArray[np.int32], count: int) -> tuple[Cells, Cells, Cells]:
    """Give the lowest pass between each two basins: its two cells, and the basins as a key.

    Sorted by height, lowest first. A pass to the outside has the same cell twice.
    """
    edge = basin > OUTSIDE
    edge &= ~binary_erosion(basin >= 0, np.ones((3, 3)))
    cell = np.flatnonzero(edge)
    parts = [_lowest(height, basin, count, cell, cell)]
    for row, column in NEIGHBOURS:
        first, second = _pair(row, column)
        one, other = basin[first], basin[second]
        at = np.flatnonzero((one != other) & (one >= 0) & (other >= 0))
        rows, columns = np.divmod(at, one.shape[1])
        cell = rows * height.shape[1] + columns + max(-column, 0)
        parts.append(_lowest(height, basin, count, cell, cell + row * height.shape[1] + column))
    one, other = (np.concatenate(cells) for cells in zip(*parts, strict=True))
    one, other = _lowest(height, basin, count, one, other)
    return one, other, _key(basin, count, one, other)


def _lowest(
    height: Floats, basin: npt.NDArray[np.int32], count: int, one: Cells, other: Cells
) -> tuple[Cells, Cells]:
    """Keep the lowest pair of cells for each two basins, lowest first."""
    level = np.maximum(height.ravel()[one], height.ravel()[other])
    order = np.argsort(level, kind="stable")
    one, other = one[order], other[order]
    kept = np.unique(_key(basin, count, one, other), return_index=True)[1]
    kept.sort()
    return one[kept], other[kept]


def _key(basin: npt.NDArray[np.int32], count: int, one: Cells, other: Cells) -> Cells:
    a, b = basin.ravel()[one], basin.ravel()[other]
    b = np.where(one == other, OUTSIDE, b)
    return np.asarray(np.minimum(a, b).astype(np.intp) * count + np.maximum(a, b))


def _way_out(
    one: Cells, other: Cells, key: Cells, basin: npt.NDArray[np.int32], count: int
) -> tuple[Cells, Cells]:
    """Give for each basin the cell of its pass and the cell beyond; itself where it leaves."""
    a, b = np.divmod(key, count)
    rank = np.arange(1, len(key) + 1, dtype=np.float64)  # unequal weights: one tree only
    tree = minimum_spanning_tree(coo_array((rank, (a, b)), shape=(count, count)).tocsr())
    _, parent = breadth_first_order(tree, OUTSIDE, directed=False)
    used = tree.data.astype(np.intp) - 1
    child = np.where(parent[a[used]] == b[used], a[used], b[used])
    starts_here = basin[one[used]] == child
    here = np.where(starts_here, one[used], other[used])
    there = np.where(starts_here, other[used], one[used])
    return here, there


def _turn_round(receiver: Cells, here: Cells, there: Cells) -> None:
    """Turn the way from each pass down to its hollow round, all basins step by step together."""
    while here.size:
        following = receiver[here]
        receiver[here] = there
        more = following != here
        here, there = following[more], here[more]
