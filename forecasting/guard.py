"""What a river can do: limits of slope and level that no forecast may leave unnoticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from forecasting.features import Floats
from forecasting.state import State

BEYOND = 2.0  # a flood may rise twice as fast and twice as far above its base as any in training


@dataclass(frozen=True)
class Guard:
    """The limits of one gauge, learned from its own series (assumption: twice what was seen)."""

    highest_rise_m: Floats  # (lead), > 0
    deepest_fall_m: Floats  # (lead), < 0
    highest_above_base_m: float  # above the recent base of the level

    @classmethod
    def fit(cls, rises_m: Sequence[Floats], above_base_m: Floats) -> Self:
        """Learn from the rises of each lead and from the levels above their base. [m]"""
        rises = [rise_m[np.isfinite(rise_m)] for rise_m in rises_m]
        above = above_base_m[np.isfinite(above_base_m)]
        highest = [max(float(rise_m.max(initial=0.0)), 0.0) for rise_m in rises]
        deepest = [min(float(rise_m.min(initial=0.0)), 0.0) for rise_m in rises]
        limit = float(above.max()) if len(above) else np.inf
        return cls(BEYOND * np.array(highest), BEYOND * np.array(deepest), BEYOND * limit)

    def bound(self, rise_m: Floats, above_base_m: Floats) -> Floats:
        """Give the rises (row, lead) cut to the limits; `above_base_m` (row) is where they start.

        The level limit never forces a fall: a level already above it may stay.
        """
        room = np.maximum(self.highest_above_base_m - above_base_m, 0.0)
        room = np.where(np.isfinite(room), room, np.inf)
        highest = np.minimum(self.highest_rise_m, room[:, None])
        return np.clip(rise_m, self.deepest_fall_m, highest)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the guard that `state` was told by."""
        return cls(**state)
