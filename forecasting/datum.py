"""Shifts of a gauge's zero: a jump between two flat stretches is no flood, and differences skip it.

Nobody announces a moved gauge zero. It is told from a flood by what is around it: readings that
hardly move, one jump, readings that hardly move. That is known `AFTER` readings after the jump and
used from then on; until then the jump stands as it came. (A gate that is lifted looks alike; there
too it is the new level, not the jump, that counts from then on.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_M = 0.3  # a smaller shift is within what rivers do
STILL = 0.1  # all readings before and after lie within this share of the jump
AFTER = 6  # readings on either side that must be still
LONGEST_H = 72.0  # a longer gap is no jump: the river may have come there


@dataclass(frozen=True)
class Shift:
    """A jump of the gauge's zero at row `row`, known for one at row `known` and later. [m]"""

    row: int
    known: int
    size_m: float


def datum_shifts(level_m: Floats, step_h: float) -> list[Shift]:
    """Give the shifts of a series of levels (time), NaN = missing, in order of time."""
    seen = np.flatnonzero(np.isfinite(level_m))
    if len(seen) < 2 * AFTER:
        return []
    level = level_m[seen]
    windows = np.lib.stride_tricks.sliding_window_view(level, AFTER)
    ranges = windows.max(axis=1) - windows.min(axis=1)
    before, after = ranges[: len(level) - 2 * AFTER + 1], ranges[AFTER:]
    first = np.arange(AFTER, len(level) - AFTER + 1)  # the first reading after the jump
    jump = level[first] - level[first - 1]
    gap_h = (seen[first] - seen[first - 1]) * step_h
    found = (np.abs(jump) >= LEAST_M) & (gap_h <= LONGEST_H)
    found &= np.maximum(before, after) <= STILL * np.abs(jump)
    return [
        Shift(int(seen[at]), int(seen[at + AFTER - 1]), float(size))
        for at, size in zip(first[found], jump[found], strict=True)
    ]


def moved_m(times: int, shifts: Sequence[Shift]) -> Floats:
    """Give how far the zero has moved since the first of so many times, (time). [m]"""
    moved = np.zeros(times)
    for shift in shifts:
        moved[shift.row :] += shift.size_m
    return moved


def continued(level_m: Floats, shifts: Sequence[Shift]) -> Floats:
    """Give the levels as if the zero had never moved, in the datum of the first reading. [m]"""
    moved = moved_m(len(level_m), shifts)
    return np.where(moved == 0, level_m, (level_m - moved).round(6))


def across_shifts(
    level_m: Floats, step_h: float, memory_h: float, make: Callable[[Floats], Mapping[str, Floats]]
) -> dict[str, Floats]:
    """Give what `make` tells of the levels (time), each row by the shifts known at its time.

    Parameters
    ----------
    memory_h
        How far back a row of `make` looks. [h]
    make
        Gives columns (time) from levels (time); a row must depend on rows up to it alone.
    """
    shifts = datum_shifts(level_m, step_h)
    columns = {name: np.array(one) for name, one in make(continued(level_m, shifts)).items()}
    for shift in shifts:
        earlier = [one for one in shifts if one.known <= shift.row]
        start = max(shift.row - round(memory_h / step_h) - 1, 0)
        then = make(continued(level_m[: shift.known], earlier)[start:])
        for name, one in then.items():
            columns[name][shift.row : shift.known] = one[shift.row - start :]
    return columns
