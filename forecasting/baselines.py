"""LightGBM as others use it, to be beaten: on the raw stage, and one booster per quantile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # must stand before LightGBM is loaded

import lightgbm

from forecasting.features import Design, Floats, design
from forecasting.intervals import QUANTILES, Bands
from forecasting.rise import RiseModel, check_names
from forecasting.state import BoosterText, State
from forecasting.types import Observations

ROUNDS = 60
PARAMETERS: Mapping[str, Any] = {
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


def thinned(
    values: NDArray[np.float32], names: tuple[str, ...]
) -> tuple[NDArray[np.bool_], Floats]:
    """Give the rows to learn from (row) and the weights of those; a missing value is not calm."""
    calm = np.abs(values[:, names.index("rise_12_m")]) < CALM_RISE_M
    if "rain_24_mm" in names:
        calm &= values[:, names.index("rain_24_mm")] < CALM_RAIN_MM
    kept = ~calm | (np.arange(len(calm)) % CALM_KEPT == 0)
    return kept, np.where(calm, float(CALM_KEPT), 1.0)[kept]


class RawTrees:
    """A booster on the level itself; the last feature is the last good level. [m]"""

    def __init__(self, names: tuple[str, ...], seed: int) -> None:
        self.names = names
        self.seed = seed

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Grow the trees on the level that came."""
        kept, weight = thinned(values, self.names)
        level_m = (values[:, -1] + rise_m)[kept]
        data = lightgbm.Dataset(values[kept], level_m, weight=weight)
        parameters = {**PARAMETERS, "objective": "l2", "seed": self.seed}
        self.booster = lightgbm.train(parameters, data, ROUNDS)
        return self

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give the forecast level less the last one (row). [m]"""
        level_m = np.asarray(self.booster.predict(values, num_threads=1), dtype=float)
        return level_m - values[:, -1]

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


class Raw(RiseModel):
    """LightGBM on the raw stage: it cannot forecast a level above those it has seen."""

    model_id = "raw"
    regressor_kind = RawTrees

    def regressor(self, names: tuple[str, ...], seed: int) -> RawTrees:
        """Give an untrained booster."""
        return RawTrees(names, seed)

    def values(self, known: Design) -> NDArray[np.float32]:
        """Give the features and, last, the level itself. [m above gauge zero]"""
        return np.column_stack([known.values, known.level_m]).astype(np.float32)


class QuantileTrees:
    """One booster per quantile on the rise."""

    def __init__(self, names: tuple[str, ...], seed: int) -> None:
        self.names = names
        self.seed = seed

    def fit(self, values: NDArray[np.float32], rise_m: Floats) -> Self:
        """Grow the trees of each quantile."""
        kept, weight = thinned(values, self.names)
        binning = {"max_bin": PARAMETERS["max_bin"], "verbose": -1}
        data = lightgbm.Dataset(values[kept], rise_m[kept], weight=weight, params=binning)
        self.boosters = []
        for alpha in QUANTILES:
            objective = {"objective": "quantile", "alpha": alpha, "seed": self.seed}
            self.boosters.append(lightgbm.train({**PARAMETERS, **objective}, data, ROUNDS))
        return self

    def quantiles(self, values: NDArray[np.float32]) -> Floats:
        """Give the quantiles of the rise (row, quantile), as they come: they may cross. [m]"""
        each = [booster.predict(values, num_threads=1) for booster in self.boosters]
        return np.stack(each, axis=1)

    def predict(self, values: NDArray[np.float32]) -> Floats:
        """Give the median rise (row). [m]"""
        median = self.boosters[QUANTILES.index(0.5)]
        return np.asarray(median.predict(values, num_threads=1), dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        texts = [BoosterText(booster.model_to_string()) for booster in self.boosters]
        return {"names": list(self.names), "seed": self.seed, "boosters": texts}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that `state` was told by."""
        regressor = cls(tuple(state["names"]), state["seed"])
        regressor.boosters = [lightgbm.Booster(model_str=text) for text in state["boosters"]]
        return regressor


class Quantile(RiseModel):
    """LightGBM per quantile on the rise, sorted where they cross; no held-out calibration.

    Trained on all rows at once: what it has not seen tells it nothing of its own error.
    """

    model_id = "quantile"
    regressor_kind = QuantileTrees
    blocks = 1

    def regressor(self, names: tuple[str, ...], seed: int) -> QuantileTrees:
        """Give untrained boosters."""
        return QuantileTrees(names, seed)

    def _predict_gauge(
        self,
        observations: Observations,
        target: str,
        issue_times: NDArray[np.datetime64],
        bands: Bands,
    ) -> tuple[Floats, Floats, Floats]:
        known = design(observations, target, self.gauges).at(issue_times)
        check_names(known.names, self._names[target], target)
        each = []
        for lead in self._learned[target]:
            trees = [one for one in lead.regressors if isinstance(one, QuantileTrees)]
            each.append(np.mean([one.quantiles(known.values) for one in trees], axis=0))
        rises_m = np.sort(np.stack(each, axis=1), axis=-1)
        return known.level_m[:, None, None] + rises_m, known.level_m, known.age_h
