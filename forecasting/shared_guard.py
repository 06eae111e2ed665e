"""What each of many rivers can do, in units of its gauge's scale; a new one, what any can do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats
from forecasting.guard import BEYOND
from forecasting.state import State

Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class SharedGuard:
    """The limits of all gauges; row 0 holds for a gauge that taught nothing: the widest of all."""

    highest: Floats  # rise (1 + gauge, lead), >= 0
    deepest: Floats  # fall (1 + gauge, lead), <= 0
    above_base: Floats  # height above the recent base (1 + gauge)

    @classmethod
    def fit(cls, rises: Floats, above_base: Floats, gauge: Numbers) -> Self:
        """Learn from rises (row, lead) and heights above the base (row) of gauges from 1 on."""
        count = int(gauge.max()) + 1
        highest, deepest = np.zeros((2, count, rises.shape[1]))
        above = np.zeros(count)
        np.maximum.at(highest, gauge, np.nan_to_num(rises, nan=0.0))
        np.minimum.at(deepest, gauge, np.nan_to_num(rises, nan=0.0))
        np.maximum.at(above, gauge, np.nan_to_num(above_base, nan=0.0))
        highest[0], deepest[0], above[0] = highest.max(axis=0), deepest.min(axis=0), above.max()
        return cls(BEYOND * highest, BEYOND * deepest, BEYOND * above)

    def limits(self, gauge: Numbers, lead: int, above_base: Floats) -> tuple[Floats, Floats]:
        """Give deepest fall and highest rise (row) of a lead; an unknown base limits no level.

        The level limit never forces a fall: a level already above it may stay.
        """
        room = np.maximum(self.above_base[gauge] - above_base, 0.0)
        room = np.where(np.isfinite(room), room, np.inf)
        return self.deepest[gauge, lead], np.minimum(self.highest[gauge, lead], room)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the guard that `state` was told by."""
        return cls(**state)
