"""The forecast everybody can make: the level stays. What a model must beat."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Design, Floats
from forecasting.rise import RiseModel
from forecasting.spread import constant_terms
from forecasting.state import State


class NoRise:
    """Gives no rise."""

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Learn nothing."""
        return self

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give 0 m for every row."""
        return np.zeros(len(values))

    def state(self) -> State:
        """Give nothing: nothing was learned."""
        return {}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that knows no rise."""
        return cls()


class Persistence(RiseModel):
    """Last good level, with the quantiles of what it did next in training."""

    model_id = "persistence"
    regressor_kind = NoRise

    def regressor(self, names: tuple[str, ...], seed: int) -> NoRise:
        """Give the regressor that knows no rise."""
        return NoRise()

    def terms(self, known: Design, rise_m: Floats) -> Floats:
        """Give a constant: the same band in calm and flood."""
        return constant_terms(known, rise_m)
