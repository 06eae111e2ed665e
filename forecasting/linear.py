"""Ridge regression on differences: the ARX model, which extrapolates without a bound."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from forecasting.features import Floats
from forecasting.rise import RiseModel

PENALTY = 100.0  # on standardised features
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
        self.ridge = Ridge(alpha=PENALTY).fit(deviation / self.size, rise_m)
        return self

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give one rise per row. [m]"""
        deviation = (values[:, self.used].astype(float) - self.mean) / self.size
        deviation = np.where(np.isfinite(deviation), deviation, 0.0)
        deviation = np.clip(deviation, -self.limit, self.limit)
        return np.asarray(self.ridge.predict(deviation), dtype=float)


class Linear(RiseModel):
    """Ridge ARX on own and upstream rises, rain sums and dam flow changes.

    Levels above a base are left out: a shifted datum would move them, and with them everything.
    """

    model_id = "linear"

    def regressor(self, names: tuple[str, ...], seed: int) -> RidgeRise:
        """Give a ridge regression that leaves out levels above a base."""
        used = [number for number, name in enumerate(names) if "above_base" not in name]
        return RidgeRise(np.array(used))
