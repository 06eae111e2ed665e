"""One regressor for all gauges: a common line, a small line per gauge, common trees on the rest.

Levels are in units of each gauge's scale, so that what one river teaches serves the others. What
belongs to one gauge alone are some thirty numbers per lead.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # must stand before LightGBM is loaded

import lightgbm

from forecasting.features import Floats
from forecasting.state import BoosterText, State
from forecasting.window import NAMES, OWN, RAIN

PENALTY = 100.0  # of the common line, on standardised features
OWN_PENALTY = 1000.0  # of a gauge's own line: it must earn its deviation
BEYOND = 1.5  # a feature counts up to so many times its largest deviation in training
LINEAR = np.array([number for number, name in enumerate(NAMES) if name != "above_base"])
ROUNDS = 60
PARAMETERS = {
    "objective": "l2",
    "learning_rate": 0.15,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
CALM_RAIN_MM, CALM_RISE, CALM_KEPT = 1.0, 0.25, 12  # one calm row in twelve teaches the trees


@dataclass(frozen=True)
class Line:
    """A ridge regression on standardised features and what each gauge adds to it."""

    mean: Floats
    size: Floats
    limit: Floats
    weights: NDArray[np.float32]  # (1 + gauge, feature), row 0 common, the others added to it
    bias: NDArray[np.float32]  # (1 + gauge), the same

    @classmethod
    def fit(cls, values: NDArray[np.float32], rise: Floats, gauge: NDArray[np.intp]) -> Self:
        """Learn from features (row, `NAMES`), rises (row) and gauge numbers (row) from 1 on."""
        chosen = values[:, LINEAR].astype(float)
        present = np.isfinite(chosen)
        count = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, chosen, 0.0).sum(axis=0) / count
        deviation = np.where(present, chosen - mean, 0.0)
        size = np.maximum(np.sqrt((deviation**2).sum(axis=0) / count), 1e-9)
        limit = BEYOND * np.abs(deviation).max(axis=0) / size
        deviation /= size
        weights = np.zeros((gauge.max(initial=0) + 1, len(LINEAR)), dtype=np.float32)
        bias = np.zeros(len(weights), dtype=np.float32)
        weights[0], bias[0] = _ridge(deviation, rise, PENALTY)
        rest = rise - (deviation @ weights[0].astype(float) + bias[0])
        for number in np.unique(gauge):
            own = gauge == number
            weights[number], bias[number] = _ridge(deviation[own], rest[own], OWN_PENALTY)
        for table in (weights, bias):  # what the gauges have learned alike is common
            alike = table[1:].mean(axis=0)
            table[0] += alike
            table[1:] -= alike
        return cls(mean, size, limit, weights, bias)

    def predict(self, values: NDArray[np.float32], gauge: NDArray[np.intp]) -> Floats:
        """Give a rise per row; gauge number 0 is one that has taught nothing."""
        deviation = (values[:, LINEAR] - self.mean) / self.size
        deviation = np.clip(np.nan_to_num(deviation, nan=0.0), -self.limit, self.limit)
        common = deviation @ self.weights[0].astype(float) + self.bias[0]
        own = np.einsum("rf,rf->r", deviation, self.weights[gauge]) + self.bias[gauge]
        return np.asarray(common + np.where(gauge > 0, own, 0.0), dtype=float)


@dataclass(frozen=True)
class SharedRise:
    """Forecasts the rise of any gauge at one lead, in units of its scale."""

    line: Line
    booster: lightgbm.Booster

    @classmethod
    def fit(
        cls, values: NDArray[np.float32], rise: Floats, gauge: NDArray[np.intp], *, seed: int
    ) -> Self:
        """Learn from features (row, `NAMES`), rises (row) and gauge numbers (row) from 1 on."""
        line = Line.fit(values, rise, gauge)
        calm = _calm(values)
        kept = ~calm | (np.arange(len(calm)) % CALM_KEPT == 0)
        weight = np.where(calm, float(CALM_KEPT), 1.0)
        rest = rise - line.predict(values, gauge)
        data = lightgbm.Dataset(values[kept], rest[kept], weight=weight[kept])
        return cls(line, lightgbm.train({**PARAMETERS, "seed": seed}, data, ROUNDS))

    def predict(self, values: NDArray[np.float32], gauge: NDArray[np.intp]) -> Floats:
        """Give a rise per row; gauge number 0 is one that has taught nothing."""
        trees = self.booster.predict(values, num_threads=1)
        return np.asarray(self.line.predict(values, gauge) + trees, dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {"line": asdict(self.line), "booster": BoosterText(self.booster.model_to_string())}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the regressor that `state` was told by."""
        return cls(Line(**state["line"]), lightgbm.Booster(model_str=state["booster"]))


def _ridge(values: Floats, target: Floats, penalty: float) -> tuple[Floats, float]:
    """Give weights and bias of a ridge regression; the bias carries no penalty."""
    mean, centre = values.mean(axis=0), float(target.mean())
    apart = values - mean
    square = apart.T @ apart + penalty * np.eye(values.shape[1])
    weights = np.linalg.solve(square, apart.T @ (target - centre))
    return weights, centre - float(mean @ weights)


def _calm(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell the rows without recent rain or rise; a missing one is not calm."""
    rise = np.abs(values[:, NAMES.index(OWN[7])])  # over 18 steps
    rain = values[:, NAMES.index(RAIN[5])]  # of 24 steps
    return np.asarray((rise < CALM_RISE) & ~(rain >= CALM_RAIN_MM), dtype=bool)
