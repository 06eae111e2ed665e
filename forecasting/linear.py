"""Ridge regression on differences: the ARX model, which extrapolates without a bound."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from forecasting.features import Floats
from forecasting.rise import RiseModel
from forecasting.state import State

PENALTY = 100.0  # on standardised features
LEARNED = ("used", "mean", "size", "limit", "weights", "bias_m")
BEYOND = 1.5  # a feature counts up to so many times its largest deviation in training


class RidgeRise:
    """Ridge on standardised features; a missing feature counts as its training mean.

    A flood may go half as far again as any in training; a jump far beyond (a moved gauge zero
    upstream) is cut there, or one shifted gauge would throw the forecast by metres.
    """

    def __init__(self, used: NDArray[np.intp]) -> None:
        self.used = used

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Learn means, sizes and coefficients."""
        chosen = values[:, self.used].astype(float)
        present = np.isfinite(chosen)
        count = np.maximum(present.sum(axis=0), 1)
        self.mean = np.where(present, chosen, 0.0).sum(axis=0) / count
        deviation = np.where(present, chosen - self.mean, 0.0)
        self.size = np.maximum(np.sqrt((deviation**2).sum(axis=0) / count), 1e-9)
        self.limit = BEYOND * np.abs(deviation).max(axis=0) / self.size
        ridge = Ridge(alpha=PENALTY).fit(deviation / self.size, rise_m)
        self.weights, self.bias_m = np.asarray(ridge.coef_, dtype=float), float(ridge.intercept_)
        return self

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give one rise per row. [m]"""
        deviation = (values[:, self.used].astype(float) - self.mean) / self.size
        deviation = np.where(np.isfinite(deviation), deviation, 0.0)
        deviation = np.clip(deviation, -self.limit, self.limit)
        return np.asarray(deviation @ self.weights + self.bias_m, dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {name: getattr(self, name) for name in LEARNED}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that `state` was told by."""
        regressor = cls(state["used"])
        for name in LEARNED:
            setattr(regressor, name, state[name])
        return regressor


class Linear(RiseModel):
    """Ridge ARX on own and upstream rises, rain sums and dam flow changes.

    Levels above a base are left out: a shifted datum would move them, and with them everything.
    """

    model_id = "linear"
    regressor_kind = RidgeRise

    def regressor(self, names: tuple[str, ...], seed: int) -> RidgeRise:
        """Give a ridge regression that leaves out levels above a base."""
        used = [number for number, name in enumerate(names) if "above_base" not in name]
        return RidgeRise(np.array(used))
