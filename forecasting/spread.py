"""How large the error of a rise forecast will be, from what is known at issue time.

The spread is a sum of terms with weights >= 0 (non-negative least squares on the absolute errors
of held-out forecasts): it grows with the predicted rise, the recent rises here and upstream, the
rain and the wetness of the soil. Few flood hours have errors so large that they alone would settle
the weights, so that rows count the less the wider their own spread is. Its size also tells the
state's class, calm to flood.

In calm hours most gauges repeat their last reading, and a mean of small rises is wrong each time.
There only a share of the forecast rise counts, the one that was least wrong on hours not seen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forecasting.features import Design, Floats
from forecasting.state import State

LEAST_SPREAD_M = 0.002  # below the resolution of every gauge
CLASS_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)  # of training rows by spread, calm to flood
WET_CLASS = 3  # of these classes, the first wet one: a fifth of all rows is wet
SETTLED = WET_CLASS + 1  # classes whose forecast rise may count in part; those above are floods'
RISE_SHARES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.02)  # tried; never 0, which would tie with the gauge
LEAST_IN_CLASS = 80  # errors; a class with fewer uses those of all and settles no share
ROUNDS = 3  # of weighing the rows by their own spread
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
    shares: Floats  # of the forecast rise that counts, (class)

    def of(self, terms: Floats) -> Floats:
        """Give the spread (row) for terms (row, term). [m]"""
        return np.maximum(self._sum(terms), self.least_m)

    def class_of(self, terms: Floats) -> NDArray[np.intp]:
        """Give the class (row) of a state, 0 = calm; the least spread levels no classes."""
        return np.searchsorted(self.edges_m, self._sum(terms), side="right")

    def settled_m(self, terms: Floats, rise_m: Floats) -> Floats:
        """Give what is added to the forecast rise (row) so that its share is left. [m]"""
        return np.asarray((self.shares[self.class_of(terms)] - 1) * rise_m)

    def standardised(
        self,
        rows: NDArray[np.intp],
        terms: Floats,
        error_m: Floats,
        rise_m: Floats,
        flood: NDArray[np.bool_] | None = None,
    ) -> Standardised:
        """Give held-out errors (row) of the settled forecast in units of their spread.

        `rows` tells their times; `error_m` is that of the forecast `rise_m` itself; `flood` which
        of them turned out a flood, None = nobody says.
        """
        turned_out = np.zeros(len(rows), dtype=bool) if flood is None else flood
        spread_m = self.of(terms)
        errors = (error_m - self.settled_m(terms, rise_m)) / spread_m
        return Standardised(rows, errors, self.class_of(terms), spread_m, turned_out)

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


def fit_spread(terms: Floats, error_m: Floats, rise_m: Floats) -> Spread:
    """Give the spread that fits the absolute errors (row) of held-out forecasts `rise_m` best."""
    fill = np.array([column[np.isfinite(column)].mean() if np.isfinite(column).any() else 0.0
                     for column in terms.T])  # fmt: skip
    known = np.where(np.isfinite(terms), terms, fill)
    weights = _weights(known, np.abs(error_m))
    edges_m = np.quantile(known @ weights, CLASS_SHARES)
    classes = np.searchsorted(edges_m, known @ weights, side="right")
    shares = _rise_shares(error_m, rise_m, classes)
    settled_m = error_m + (1 - shares[classes]) * rise_m
    least_m = max(LEAST_SPREAD_M, float(np.median(np.abs(settled_m))))
    return Spread(weights, fill, least_m, edges_m, shares)


def _weights(terms: Floats, size_m: Floats) -> Floats:
    """Give weights >= 0 (term) of the sum that fits `size_m` (row), rows by 1 / their spread."""
    unit = np.maximum(np.sqrt(np.mean(terms**2, axis=0)), 1e-12)
    both = np.column_stack([terms / unit, size_m])
    weights, counts = np.zeros(terms.shape[1]), np.ones(len(terms))
    for _ in range(ROUNDS):
        weighed = both * counts[:, None]
        values, vectors = np.linalg.eigh(weighed.T @ weighed)  # a small root, equal least squares
        root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
        weights = nnls(root[:, :-1], root[:, -1])[0]
        counts = np.maximum(both[:, :-1] @ weights, LEAST_SPREAD_M) ** -0.5
    return np.asarray(weights / unit)


def _rise_shares(error_m: Floats, rise_m: Floats, classes: NDArray[np.intp]) -> Floats:
    """Give the share of the forecast rise (class) whose errors lie nearest to their median."""
    shares = np.ones(len(CLASS_SHARES) + 1)
    for number in range(SETTLED):
        own = classes == number
        if own.sum() < LEAST_IN_CLASS:
            continue
        left = [error_m[own] + (1 - share) * rise_m[own] for share in RISE_SHARES]
        wrong = [float(np.abs(one - np.median(one)).mean()) for one in left]
        shares[number] = RISE_SHARES[int(np.argmin(wrong))]
    return shares


@dataclass(frozen=True)
class Standardised:
    """Held-out errors of one gauge and lead in units of their spread."""

    rows: NDArray[np.intp]  # of the gauge's times, so that leads can be laid side by side
    errors: Floats
    classes: NDArray[np.intp]
    spread_m: Floats
    flood: NDArray[np.bool_]
