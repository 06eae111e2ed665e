"""Ridge regression with boosted trees on what it leaves: a scikit-learn estimator.

The straight line goes on beyond training, the trees bend it where training bends. Missing
features are allowed: the line counts them as their mean, the trees send them the way that
training found best.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # must stand before LightGBM is loaded

import lightgbm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from forecasting.features import Floats
from forecasting.state import BoosterText, State

TREES: Mapping[str, Any] = {
    "objective": "l2",
    "learning_rate": 0.15,
    "num_leaves": 15,
    "min_data_in_leaf": 0,
    "min_sum_hessian_in_leaf": 10.0,  # sum of the weights: a row of weight 2 counts as two
    "min_data_in_bin": 1,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


ACCEPTED: Mapping[str, Any] = {
    "dtype": [np.float32, np.float64],
    "ensure_all_finite": "allow-nan",
}
EXTRA: Mapping[str, Any] = {"extra_trees": True, "num_leaves": 31, "max_bin": 63, "lambda_l2": 20.0}


class RidgeThenTrees(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Ridge on standardised features, LightGBM on its residual; the trees see the ridge's answer.

    Parameters
    ----------
    alpha
        Penalty of the ridge, on standardised features.
    linear
        Numbers of the features the ridge may use; None = all.
    by
        Number of a feature each of whose values gets a ridge of its own (the lead); None = one.
    rounds
        Trees; 0 = ridge alone.
    beyond
        A feature counts in the ridge up to so many times its largest deviation in training.
    random_state
        Seed of the trees.
    extra_trees
        Larger trees that split at random places: smoother, better where leads share trees.

    Attributes
    ----------
    lines_
        (value of `by`, mean, scale, limit, coefficients, intercept) of each ridge.
    booster_
        The trees, None where there are none.
    """

    def __init__(
        self,
        *,
        alpha: float = 100.0,
        linear: NDArray[np.intp] | None = None,
        by: int | None = None,
        rounds: int = 60,
        beyond: float = 1.5,
        random_state: int = 0,
        extra_trees: bool = False,
    ) -> None:
        self.alpha = alpha
        self.linear = linear
        self.by = by
        self.rounds = rounds
        self.beyond = beyond
        self.random_state = random_state
        self.extra_trees = extra_trees

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, row_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn from features (row, feature), NaN = missing, and targets (row).

        A `row_weight` counts like so many equal rows to single precision, which is what LightGBM
        keeps of it and too little to be called `sample_weight`.
        """
        X, y = validate_data(  # noqa: N806
            self,
            X,
            y,
            dtype=[np.float32, np.float64],
            ensure_all_finite="allow-nan",
            y_numeric=True,
        )
        weight = _check_sample_weight(row_weight, X, dtype=np.float64)
        counted = weight > 0
        values, target = np.asarray(X)[counted], np.asarray(y, dtype=float)[counted]
        weight = weight[counted]
        self.lines_ = [
            (value, *self._line(values[rows], target[rows], weight[rows]))
            for value, rows in self._groups(values)
        ]
        self.booster_ = None
        if self.rounds:
            straight = self._straight(values)
            data = lightgbm.Dataset(_beside(values, straight), target - straight, weight=weight)
            parameters = {**TREES, "seed": int(self.random_state or 0)}
            parameters |= EXTRA if self.extra_trees else {}
            self.booster_ = lightgbm.train(parameters, data, self.rounds)
        return self

    def predict(self, X: ArrayLike) -> Floats:  # noqa: N803
        """Give one value per row."""
        check_is_fitted(self)
        return self.respond(np.asarray(validate_data(self, X, reset=False, **ACCEPTED)))

    def respond(self, values: NDArray[Any]) -> Floats:
        """Give one value per row of an array that is known to be right: `predict`, only faster."""
        straight = self._straight(values)
        if self.booster_ is None:
            return straight
        left = self.booster_.predict(_beside(values, straight), num_threads=1)
        return np.asarray(straight + left, dtype=float)

    def state(self) -> State:
        """Give parameters and what was learned (forecasting.state)."""
        booster = None if self.booster_ is None else BoosterText(self.booster_.model_to_string())
        lines = [list(line) for line in self.lines_]
        parameters = self.get_params()
        return {**parameters, "features": self.n_features_in_, "lines": lines, "booster": booster}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the estimator that `state` was told by."""
        learned = ("features", "lines", "booster")
        estimator = cls(**{name: one for name, one in state.items() if name not in learned})
        estimator.n_features_in_ = state["features"]
        estimator.lines_ = [tuple(line) for line in state["lines"]]
        text = state["booster"]
        estimator.booster_ = None if text is None else lightgbm.Booster(model_str=text)
        return estimator

    def _groups(self, values: NDArray[Any]) -> list[tuple[float, NDArray[np.bool_]]]:
        if self.by is None:
            return [(np.nan, np.ones(len(values), dtype=bool))]
        column = values[:, self.by]
        return [(float(value), column == value) for value in np.unique(column)]

    def _line(
        self, values: NDArray[Any], target: Floats, weight: Floats
    ) -> tuple[Floats, Floats, Floats, Floats, float]:
        """Give mean, scale, limit, coefficients and intercept of a weighted ridge."""
        chosen = self._chosen(values)
        share = weight / weight.sum()
        present = np.isfinite(chosen)
        known = np.maximum(share @ present, 1e-12)
        mean = (share @ np.where(present, chosen, 0.0)) / known
        deviation = np.where(present, chosen - mean, 0.0)
        scale = np.maximum(np.sqrt((share @ deviation**2) / known), 1e-9)
        limit = self.beyond * np.abs(deviation).max(axis=0) / scale
        standard = deviation / scale
        middle = share @ standard
        centred, bias = standard - middle, float(share @ target)
        gram = (centred * weight[:, None]).T @ centred + self.alpha * np.eye(centred.shape[1])
        weights = np.linalg.solve(gram, centred.T @ (weight * (target - bias)))
        return mean, scale, limit, weights, bias - float(middle @ weights)

    def _straight(self, values: NDArray[Any]) -> Floats:
        """Give what the ridges alone say; an unknown value of `by` takes the nearest."""
        known = np.array([line[0] for line in self.lines_])
        nearest = np.zeros(len(values), dtype=int)
        if self.by is not None:
            nearest = np.abs(values[:, self.by, None] - known).argmin(axis=1)
        chosen, result = self._chosen(values), np.zeros(len(values))
        for number, (_, mean, scale, limit, weights, bias) in enumerate(self.lines_):
            rows = nearest == number
            deviation = (chosen[rows] - mean) / scale
            deviation = np.clip(np.where(np.isfinite(deviation), deviation, 0.0), -limit, limit)
            result[rows] = deviation @ weights + bias
        return result

    def _chosen(self, values: NDArray[Any]) -> Floats:
        return values.astype(float) if self.linear is None else values[:, self.linear].astype(float)


def _beside(values: NDArray[Any], straight: Floats) -> NDArray[np.float32]:
    return np.column_stack([values, straight]).astype(np.float32)
