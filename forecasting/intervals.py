"""How sure a forecast is: spread that grows with the rise and the rain, and conformal quantiles.

The error of a rise forecast is told in units of a spread, a sum of terms with weights >= 0
(non-negative least squares on the absolute errors). The quantiles of error / spread are taken on
blocks of the training years that the model had not seen, for calm and active hours apart: many
calm hours must not speak for the few of a flood. They rise with the probability and the spread
is positive, so that quantiles never cross.

References
----------
.. [1] Lei et al. (2018), Distribution-Free Predictive Inference for Regression, JASA 113
   (locally weighted split conformal), https://doi.org/10.1080/01621459.2017.1307116
.. [2] Vovk et al. (2005), Algorithmic Learning in a Random World (Mondrian conformal: classes)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forecasting.features import Design, Floats
from forecasting.state import State

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
LEAST_SPREAD_M = 0.002  # below the resolution of every gauge
CLASS_SHARES = (0.8, 0.95, 0.99)  # of training rows by spread: calm, lively, active, flood
LEAST_IN_CLASS = 80  # errors; a class with fewer uses those of all


@dataclass(frozen=True)
class Spread:
    """Size of the error to expect: weights (term) >= 0, and its least value. [m]"""

    weights: Floats
    fill: Floats  # the mean of each term in training, used where it is missing
    least_m: float
    edges_m: Floats  # of the classes, rising

    def of(self, terms: Floats) -> Floats:
        """Give the spread (row) for terms (row, term). [m]"""
        known = np.where(np.isfinite(terms), terms, self.fill)
        return np.maximum(known @ self.weights, self.least_m)

    def class_of(self, spread_m: Floats) -> NDArray[np.intp]:
        """Give the class (row) of a spread, 0 = calm."""
        return np.searchsorted(self.edges_m, spread_m, side="right")

    def standardised(self, rows: NDArray[np.intp], terms: Floats, error_m: Floats) -> Standardised:
        """Give held-out errors (row) in units of their spread; `rows` tells their times."""
        spread_m = self.of(terms)
        return Standardised(rows, error_m / spread_m, self.class_of(spread_m))

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the spread that `state` was told by."""
        return cls(**state)


def spread_terms(design: Design, rise_m: Floats) -> Floats:
    """Give what the error may grow with, (row, term), all >= 0; `rise_m` is the forecast rise."""
    terms = [np.ones(len(rise_m)), np.maximum(rise_m, 0), np.maximum(-rise_m, 0)]
    terms += [np.abs(design.column(name)) for name in ("rise_1_m", "rise_3_m")]
    terms += [design.column(name) for name in RAIN_TERMS if name in design.names]
    return np.column_stack(terms)


RAIN_TERMS = ("rain_1_mm", "rain_3_mm", "rain_12_mm", "wetness_24h_mm")


def constant_terms(design: Design, rise_m: Floats) -> Floats:
    """Give the one term of a spread that never changes, (row, 1)."""
    return np.ones((len(design.times), 1))


def fit_spread(terms: Floats, error_m: Floats) -> Spread:
    """Give the spread that fits the absolute errors (row) of held-out forecasts best."""
    fill = np.array([column[np.isfinite(column)].mean() if np.isfinite(column).any() else 0.0
                     for column in terms.T])  # fmt: skip
    known = np.where(np.isfinite(terms), terms, fill)
    size = np.maximum(np.sqrt(np.mean(known**2, axis=0)), 1e-12)
    weights, _ = nnls(known / size, np.abs(error_m))
    least_m = max(LEAST_SPREAD_M, float(np.median(np.abs(error_m))))
    spread_m = np.maximum(known @ (weights / size), least_m)
    return Spread(weights / size, fill, least_m, np.quantile(spread_m, CLASS_SHARES))


@dataclass(frozen=True)
class Standardised:
    """Held-out errors of one gauge and lead in units of their spread."""

    rows: NDArray[np.intp]  # of the gauge's times, so that leads can be laid side by side
    errors: Floats
    classes: NDArray[np.intp]


@dataclass(frozen=True)
class Bands:
    """The distribution of the errors of all leads: one for all gauges, in units of the spread."""

    table: Floats  # quantiles (lead, class, quantile)

    @classmethod
    def fit(cls, errors: Sequence[Sequence[Standardised]]) -> Self:
        """Give the bands of errors[lead][gauge], pooled over the gauges."""
        rows = []
        for lead in errors:
            standardised = np.concatenate([one.errors for one in lead])
            classes = np.concatenate([one.classes for one in lead])
            rows.append(class_quantiles(standardised, classes))
        return cls(np.stack(rows))

    def errors_m(self, lead: int, spread: Spread, terms: Floats) -> Floats:
        """Give the quantiles (row, quantile) of the error at lead number `lead`. [m]"""
        spread_m = spread.of(terms)
        return np.asarray(spread_m[:, None] * self.table[lead][spread.class_of(spread_m)])

    def variables(self) -> dict[str, tuple[tuple[str, ...], Floats]]:
        """Give what a forecast carries besides its quantiles, as dims and values."""
        return {}

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the bands that `state` was told by."""
        return cls(**state)


def class_quantiles(standardised: Floats, classes: NDArray[np.intp]) -> Floats:
    """Give the quantiles (class, quantile) of errors in units of their spread."""
    members = [standardised[classes == one] for one in range(len(CLASS_SHARES) + 1)]
    chosen = [one if len(one) >= LEAST_IN_CLASS else standardised for one in members]
    return np.vstack([conformal_quantiles(one) for one in chosen])


def conformal_quantiles(
    standardised: Floats, quantiles: Sequence[float] = QUANTILES
) -> NDArray[np.float64]:
    """Give quantiles that a new error keeps with at least the said probability.

    With n errors the upper quantile q is the ceil((n + 1) q)-th smallest, the lower one mirrors
    it, the median is the plain one.

    Raises
    ------
    ValueError
        If there is no error to learn from.
    """
    ordered = np.sort(standardised[np.isfinite(standardised)])
    n = len(ordered)
    if n == 0:
        raise ValueError("need at least 1 held-out error per lead, got 0. Train on more hours.")
    values = []
    for q in quantiles:
        if q == 0.5:
            values.append(float(np.median(ordered)))
            continue
        rank = min(int(np.ceil((n + 1) * max(q, 1 - q) - 1e-9)), n)
        values.append(float(ordered[rank - 1] if q > 0.5 else ordered[n - rank]))
    return np.maximum.accumulate(np.array(values))
