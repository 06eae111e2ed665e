"""LightGBM on the rise: trees on what rises, floods and rain have in common in all years."""

from __future__ import annotations

import os
from typing import Self

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # must stand before LightGBM is loaded

import lightgbm

from forecasting.features import Floats
from forecasting.rise import RiseModel
from forecasting.state import BoosterText, State

ROUNDS = 60
PARAMETERS = {
    "objective": "l2",
    "learning_rate": 0.15,
    "num_leaves": 31,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.5,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
# Hours without rain or rise are many and alike: one in twelve is kept, with their weight.
CALM_RAIN_MM, CALM_RISE_M, CALM_KEPT = 1.0, 0.05, 12


class TreeRise:
    """A booster on the rise; NaN features go the way that training found best."""

    def __init__(self, names: tuple[str, ...], seed: int) -> None:
        self.names = names
        self.seed = seed

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Grow the trees."""
        calm = self._calm(values)
        kept = ~calm | (np.arange(len(calm)) % CALM_KEPT == 0)
        weight = np.where(calm, float(CALM_KEPT), 1.0)
        data = lightgbm.Dataset(values[kept], rise_m[kept], weight=weight[kept])
        self.booster = lightgbm.train({**PARAMETERS, "seed": self.seed}, data, ROUNDS)
        return self

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give one rise per row. [m]"""
        return np.asarray(self.booster.predict(values, num_threads=1), dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        text = BoosterText(self.booster.model_to_string())
        return {"names": list(self.names), "seed": self.seed, "booster": text}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that `state` was told by."""
        regressor = cls(tuple(state["names"]), state["seed"])
        regressor.booster = lightgbm.Booster(model_str=state["booster"])
        return regressor

    def _calm(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tell the rows without recent rain or rise; a missing one is not calm."""
        calm = np.abs(values[:, self.names.index("rise_12_m")]) < CALM_RISE_M
        if "rain_24_mm" in self.names:
            calm &= values[:, self.names.index("rain_24_mm")] < CALM_RAIN_MM
        return np.asarray(calm, dtype=bool)


class Gbm(RiseModel):
    """LightGBM on the rise, one booster per lead and block."""

    model_id = "gbm"
    regressor_kind = TreeRise

    def regressor(self, names: tuple[str, ...], seed: int) -> TreeRise:
        """Give an untrained booster."""
        return TreeRise(names, seed)
