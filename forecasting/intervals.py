"""How sure a forecast is: spread that grows with rise and rain, and conformal quantiles by state.

The error of a rise forecast is told in units of a spread, a sum of terms with weights >= 0
(non-negative least squares on the absolute errors). The quantiles of error / spread are taken on
blocks of the training years that the model had not seen, pooled over the gauges and for classes
of the spread apart, calm to flood (Mondrian): many calm hours must not speak for the few of a
flood. Surprises go up, so lower and upper quantiles are each their own. In wet classes the upper
outer quantiles carry a margin (`forecasting.margin`) and the median is the forecast rise itself,
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
from scipy.optimize import nnls
from scipy.special import ndtri

from forecasting.features import Design, Floats
from forecasting.margin import LEVELS, NOMINAL, upper_levels
from forecasting.state import State
from forecasting.tail import excess_at, tail_shape

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
LEAST_SPREAD_M = 0.002  # below the resolution of every gauge
CLASS_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)  # of training rows by spread, calm to flood
WET_CLASS = 3  # of these classes, the first wet one: a fifth of all rows is wet
LEAST_IN_CLASS = 80  # errors; a class with fewer uses those of all
LEAST_BEYOND = 5  # errors above a quantile; of fewer the tail tells it
LEAST_PAIRS = 100  # of wet errors at two leads, to tell how they go together
FLOOD_SHARE = 0.01  # hours whose level or rise is among the highest 1 % turned out a flood
RAIN_TERMS = (
    "rain_1_mm", "rain_3_mm", "rain_6_mm", "rain_12_mm", "rain_24_mm",
    "wetness_6h_mm", "wetness_24h_mm", "wetness_120h_mm",
)  # fmt: skip
SUMMER = (6, 9)  # months (UTC) of typhoons and the rain front


@dataclass(frozen=True)
class Spread:
    """Size of the error to expect: weights (term) >= 0, and its least value. [m]"""

    weights: Floats
    fill: Floats  # the mean of each term in training, used where it is missing
    least_m: float
    edges_m: Floats  # of the classes, rising

    def of(self, terms: Floats) -> Floats:
        """Give the spread (row) for terms (row, term). [m]"""
        return np.maximum(self._sum(terms), self.least_m)

    def class_of(self, terms: Floats) -> NDArray[np.intp]:
        """Give the class (row) of a state, 0 = calm; the least spread levels no classes."""
        return np.searchsorted(self.edges_m, self._sum(terms), side="right")

    def standardised(
        self,
        rows: NDArray[np.intp],
        terms: Floats,
        error_m: Floats,
        flood: NDArray[np.bool_] | None = None,
    ) -> Standardised:
        """Give held-out errors (row) in units of their spread.

        `rows` tells their times; `flood` which of them turned out a flood, None = nobody says.
        """
        turned_out = np.zeros(len(rows), dtype=bool) if flood is None else flood
        spread_m = self.of(terms)
        return Standardised(rows, error_m / spread_m, self.class_of(terms), spread_m, turned_out)

    def _sum(self, terms: Floats) -> Floats:
        known = np.where(np.isfinite(terms), terms, self.fill)
        return np.asarray(known @ self.weights)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the spread that `state` was told by."""
        return cls(**state)


def spread_terms(design: Design, rise_m: Floats) -> Floats:
    """Give what the error may grow with, (row, term), all >= 0; `rise_m` is the forecast rise.

    That is: predicted and recent rises, here and upstream, height above the base, recent rain and
    soil wetness, heavy rain on wet soil, the rainy season.
    """
    terms = [np.ones(len(rise_m)), np.maximum(rise_m, 0), np.maximum(-rise_m, 0)]
    terms += [np.abs(design.column(name)) for name in ("rise_1_m", "rise_3_m", "bend_m")]
    terms += [np.maximum(design.column("above_base_m"), 0)]
    terms += [_largest(design, f"_rise_{steps}_m") for steps in (1, 3)]
    if "rain_1_mm" in design.names:
        rain = {name: design.column(name) for name in RAIN_TERMS}
        soil_mm = np.maximum(rain["wetness_120h_mm"], 0)
        terms += list(rain.values())
        terms += [_largest(design, f"_rain_{steps}_mm") for steps in (1, 3)]
        terms += [rain["rain_3_mm"] * soil_mm / 100, np.sqrt(rain["rain_12_mm"] * soil_mm)]
    month = design.times.astype("datetime64[M]").astype(int) % 12 + 1
    terms += [((month >= SUMMER[0]) & (month <= SUMMER[1])).astype(float)]
    return np.column_stack(terms)


def _largest(design: Design, ending: str) -> Floats:
    """Give the largest size of the features of this ending, 0 where none is known."""
    named = [name for name in design.names if name.endswith(ending)]
    sizes = [np.nan_to_num(np.abs(design.column(name)), nan=0.0) for name in named]
    return np.max(sizes, axis=0) if sizes else np.zeros(len(design.times))


def constant_terms(design: Design, rise_m: Floats) -> Floats:
    """Give the one term of a spread that never changes, (row, 1)."""
    return np.ones((len(design.times), 1))


def turned_flood(level_m: Floats, rise_m: Floats) -> NDArray[np.bool_]:
    """Tell rows whose observed level or rise over the lead is among the highest 1 %."""
    return np.asarray(
        (level_m >= np.quantile(level_m, 1 - FLOOD_SHARE))
        | (rise_m >= max(float(np.quantile(rise_m, 1 - FLOOD_SHARE)), LEAST_SPREAD_M))
    )


def fit_spread(terms: Floats, error_m: Floats) -> Spread:
    """Give the spread that fits the absolute errors (row) of held-out forecasts best."""
    fill = np.array([column[np.isfinite(column)].mean() if np.isfinite(column).any() else 0.0
                     for column in terms.T])  # fmt: skip
    known = np.where(np.isfinite(terms), terms, fill)
    size = np.maximum(np.sqrt(np.mean(known**2, axis=0)), 1e-12)
    weights = nnls(known / size, np.abs(error_m))[0] / size
    least_m = max(LEAST_SPREAD_M, float(np.median(np.abs(error_m))))
    return Spread(weights, fill, least_m, np.quantile(known @ weights, CLASS_SHARES))


@dataclass(frozen=True)
class Standardised:
    """Held-out errors of one gauge and lead in units of their spread."""

    rows: NDArray[np.intp]  # of the gauge's times, so that leads can be laid side by side
    errors: Floats
    classes: NDArray[np.intp]
    spread_m: Floats
    flood: NDArray[np.bool_]


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

    def errors_m(self, lead: int, spread: Spread, terms: Floats) -> Floats:
        """Give the quantiles (row, quantile) of the error at lead number `lead`. [m]"""
        return np.asarray(spread.of(terms)[:, None] * self.table[lead][spread.class_of(terms)])

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


def lead_correlation(errors: Sequence[Sequence[Standardised]]) -> Floats:
    """Give how the errors of two leads of one wet issue time go together, (lead, lead).

    Normal scores of the errors' ranks in their lead, all gauges together; two leads with too few
    common rows are taken as one (1), which neither hides nor invents a peak between them.
    """
    scores = [_normal_scores(lead) for lead in errors]
    correlation = np.eye(len(errors))
    for one in range(len(errors)):
        for other in range(one):
            pairs = [_paired(a, b) for a, b in zip(scores[one], scores[other], strict=True)]
            both = np.concatenate(pairs, axis=1)
            known = both.shape[1] >= LEAST_PAIRS and (both.std(axis=1) > 0).all()
            together = np.mean(_standard(both[0]) * _standard(both[1])) if known else 1.0
            correlation[one, other] = together
            correlation[other, one] = correlation[one, other]
    return correlation


def _normal_scores(gauges: Sequence[Standardised]) -> list[tuple[NDArray[np.intp], Floats]]:
    """Give rows and normal scores of the wet errors of each gauge at one lead."""
    wet = [one.classes >= WET_CLASS for one in gauges]
    errors = np.concatenate([one.errors[kept] for one, kept in zip(gauges, wet, strict=True)])
    rank = np.argsort(np.argsort(errors, kind="stable"), kind="stable")
    score = ndtri((rank + 0.5) / max(len(errors), 1))
    ends = np.cumsum([int(kept.sum()) for kept in wet])[:-1]
    parts = np.split(score, ends)
    return [(one.rows[kept], part) for one, kept, part in zip(gauges, wet, parts, strict=True)]


def _standard(scores: Floats) -> Floats:
    return np.asarray((scores - scores.mean()) / scores.std())


def _paired(one: tuple[NDArray[np.intp], Floats], other: tuple[NDArray[np.intp], Floats]) -> Floats:
    """Give the scores (2, row) of the rows that both have."""
    _, first, second = np.intersect1d(one[0], other[0], return_indices=True)
    return np.stack([one[1][first], other[1][second]])


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
