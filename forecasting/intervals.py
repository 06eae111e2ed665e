"""How sure a forecast is: spread that grows with rise and rain, and conformal quantiles by state.

The error of a rise forecast is told in units of a spread, a sum of terms with weights >= 0
(non-negative least squares on the absolute errors). The quantiles of error / spread are taken on
blocks of the training years that the model had not seen, pooled over the gauges and for classes
of the spread apart, calm to flood (Mondrian): many calm hours must not speak for the few of a
flood. Surprises go up, so lower and upper quantiles are each their own. In wet classes the upper
outer quantiles carry a margin (`forecasting.margin`) and the median is the settled forecast rise,
a mean: the squared error counts there. Quantiles rise with the probability and the spread is
positive, so that they never cross. Beyond them a tail falls (`forecasting.tail`).

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

from forecasting.features import Floats
from forecasting.margin import LEVELS, NOMINAL, upper_levels
from forecasting.spread import (
    CLASS_SHARES,
    LEAST_IN_CLASS,
    WET_CLASS,
    Spread,
    Standardised,
)
from forecasting.state import State
from forecasting.tail import excess_at, tail_shape
from forecasting.together import lead_correlation

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
LEAST_BEYOND = 5  # errors above a quantile; of fewer the tail tells it


@dataclass(frozen=True)
class Bands:
    """The distribution of the errors of all leads: one for all gauges, in units of the spread."""

    table: Floats  # quantiles (lead, class, quantile)
    shape: Floats  # of the tails below and above the outer quantiles, (lead, 2)
    correlation: Floats  # of the errors' normal scores in wet hours, (lead, lead)
    upper: Floats  # probability that the upper outer quantile truly keeps, (lead, class)

    @classmethod
    def fit(cls, errors: Sequence[Sequence[Standardised]]) -> Self:
        """Give the bands of errors[lead][gauge], pooled over the gauges."""
        leads = [_LeadBand.fit(lead) for lead in errors]
        return cls(
            np.stack([lead.table for lead in leads]),
            np.stack([lead.shape for lead in leads]),
            lead_correlation(errors),
            np.stack([lead.upper for lead in leads]),
        )

    def errors_m(self, lead: int, spread: Spread, terms: Floats, rise_m: Floats) -> Floats:
        """Give the quantiles (row, quantile) of the error of `rise_m` at lead number `lead`. [m]"""
        units = self.table[lead][spread.class_of(terms)]
        spread_m = spread.of(terms)[:, None]
        return np.asarray(spread.settled_m(terms, rise_m)[:, None] + spread_m * units)

    def variables(self) -> dict[str, tuple[tuple[str, ...], Floats, dict[str, str]]]:
        """Give what a forecast carries besides its quantiles, as dims, values and attributes."""
        tail = {"units": "1", "long_name": "generalised Pareto shape, below and above"}
        together = {"units": "1", "long_name": "correlation of the errors of two leads"}
        return {
            "tail_shape": (("lead", "side"), self.shape, tail),
            "lead_correlation": (("lead", "lead_to"), self.correlation, together),
        }

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the bands that `state` was told by."""
        return cls(**state)


@dataclass(frozen=True)
class _LeadBand:
    """What is learned from the standardised errors of one lead."""

    table: Floats
    shape: Floats
    upper: Floats

    @classmethod
    def fit(cls, gauges: Sequence[Standardised]) -> Self:
        errors = np.concatenate([one.errors for one in gauges])
        classes = np.concatenate([one.classes for one in gauges])
        spread_m = np.concatenate([one.spread_m for one in gauges])
        flood = np.concatenate([one.flood for one in gauges])
        members = class_members(errors, classes)
        wet = members[WET_CLASS:]
        shape = np.array([pooled_shape([-one for one in wet]), pooled_shape(wet)])
        levels = np.stack([upper_quantiles(one, LEVELS, shape[1]) for one in members])
        table = np.stack([conformal_quantiles(one) for one in members])
        inside = np.sum(errors[:, None] > levels[classes], axis=1)
        inside[errors < table[classes, QUANTILES.index(0.05)]] = -1
        total_m = np.bincount(classes, weights=spread_m, minlength=len(members))
        if len(np.unique(classes)) == 1:  # a spread that never changes knows no wet state
            flood = np.zeros_like(flood)
        chosen = upper_levels(inside, flood, classes, levels * total_m[:, None])
        upper = np.array(LEVELS)[chosen]
        return cls(_with_margin(table, members, upper, float(shape[1])), shape, upper)


def _with_margin(table: Floats, members: Sequence[Floats], upper: Floats, shape: float) -> Floats:
    """Give the table with its quantiles from 95 % on moved to where `upper` (class) says."""
    moved = table.copy()
    for number, (errors, level) in enumerate(zip(members, upper, strict=True)):
        outer = [q for q in QUANTILES if q >= NOMINAL]
        share = [1 - (1 - q) / (1 - NOMINAL) * (1 - level) for q in outer]
        moved[number, -len(outer) :] = upper_quantiles(errors, share, shape)
        if number >= WET_CLASS:
            half = QUANTILES.index(0.5)
            moved[number, half] = np.clip(0.0, moved[number, half - 1], moved[number, half + 1])
    return np.asarray(np.maximum.accumulate(moved, axis=1))


def class_members(errors: Floats, classes: NDArray[np.intp]) -> list[Floats]:
    """Give the errors of each class, those of all for a class with too few."""
    members = [errors[classes == one] for one in range(len(CLASS_SHARES) + 1)]
    return [one if len(one) >= LEAST_IN_CLASS else errors for one in members]


def pooled_shape(members: Sequence[Floats]) -> float:
    """Give the shape of the upper tails of classes, each in units of its mean excess.

    Never below 0: a tail that ends would call a flood beyond it impossible.
    """
    pooled = []
    for errors in members:
        excess = errors - np.quantile(errors, NOMINAL)
        excess = excess[excess > 0]
        if len(excess):
            pooled.append(excess / excess.mean())
    return max(tail_shape(np.concatenate(pooled)), 0.0) if pooled else 0.0


def upper_quantiles(errors: Floats, probabilities: Sequence[float], shape: float) -> Floats:
    """Give quantiles above the median by conformal rank, by the tail where too few lie beyond."""
    ordered = np.sort(errors)
    n = len(ordered)
    high = float(conformal_quantiles(errors, (NOMINAL,))[0])
    excess = ordered[ordered > high] - high
    scale = float(excess.mean()) * (1 - shape) if len(excess) else 0.0
    values = []
    for q in probabilities:
        if q <= NOMINAL or (1 - q) * n >= LEAST_BEYOND:
            values.append(float(conformal_quantiles(errors, (q,))[0]))
        else:
            share = (1 - q) / (1 - NOMINAL)
            values.append(high + float(excess_at(share, scale, shape)))
    return np.maximum.accumulate(np.array(values))


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
