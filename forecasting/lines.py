"""The straight backbone: one ridge per lead on all that is known, and how it was chosen.

It reads differences, rain, dam flows, perhaps products of them (interactions) and the tide, and
goes on beyond training, a feature counting up to `BEYOND` times its largest deviation there. Which
penalty it takes and whether it reads products is chosen on floods held out: products bend the line
as a flood does, but a gauge with few floods pays for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats
from forecasting.inputs import Inputs
from forecasting.interactions import ahead_products, interactions
from forecasting.state import State
from forecasting.tide import is_tidal, tide_now

ALPHAS = (0.01, 0.03, 0.1, 0.3)  # penalties tried, per unit of weight
UNTRIED = 0.1  # where there are no floods to try them on
NO_PENALTY = 1e-9  # all but none, so that an intercept alone can be solved for
BEYOND = 1.5
Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows, Floats]  # rows seen, rows held out, weights of the first


@dataclass(frozen=True)
class Form:
    """What is read besides, and how hard the coefficients are held down."""

    tidal: bool
    bent: bool
    alphas: Floats  # (lead)


@dataclass(frozen=True)
class Scale:
    """Mean, spread and limit (feature) that make features comparable."""

    mean: Floats
    spread: Floats
    limit: Floats

    @classmethod
    def fit(cls, values: Floats, weight: Floats) -> Self:
        """Learn from features (row, feature), NaN = missing, and weights (row)."""
        share = weight / weight.sum()
        present = np.isfinite(values)
        known = np.maximum(share @ present, 1e-12)
        mean = (share @ np.where(present, values, 0.0)) / known
        deviation = np.where(present, values - mean, 0.0)
        spread = np.maximum(np.sqrt((share @ deviation**2) / known), 1e-9)
        return cls(mean, spread, BEYOND * np.abs(deviation).max(axis=0) / spread)

    def standard(self, values: Floats) -> Floats:
        """Give the features within their limits, a missing one as its mean, and a last one of 1."""
        standard = np.nan_to_num((values - self.mean) / self.spread, posinf=0.0, neginf=0.0)
        np.clip(standard, -self.limit, self.limit, out=standard)
        return np.column_stack([standard, np.ones(len(values))])


@dataclass(frozen=True)
class Lines:
    """Coefficients (feature and intercept, lead)."""

    form: Form
    scale: Scale
    weights: Floats

    @classmethod
    def fit(
        cls, form: Form, steps: Sequence[int], inputs: Inputs, rises_m: Floats, weight: Floats
    ) -> Self:
        """Learn from rows of inputs, rises (row, lead), NaN = unknown, and weights (row).

        A line reads the rain ahead up to its lead and no further.
        """
        values, ahead = _read(inputs, tidal=form.tidal, bent=form.bent)
        scale = Scale.fit(values, weight)
        weights = np.zeros((len(ahead), len(steps)))
        for lead, moments in enumerate(_moments(scale.standard(values), rises_m, weight)):
            kept = np.flatnonzero(ahead <= steps[lead])
            weights[kept, lead] = _solved(*moments, kept, form.alphas[lead])
        return cls(form, scale, weights)

    def rises_m(self, inputs: Inputs) -> Floats:
        """Give the rise (row, lead). [m]"""
        values, _ = _read(inputs, tidal=self.form.tidal, bent=self.form.bent)
        return np.asarray(self.scale.standard(values) @ self.weights)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the lines that `state` was told by."""
        return cls(Form(**state["form"]), Scale(**state["scale"]), state["weights"])


def plain_form(leads: int, *, tidal: bool = False) -> Form:
    """Give the form of a gauge without floods to choose by."""
    return Form(tidal, False, np.full(leads, UNTRIED))


def best_form(inputs: Inputs, rises_m: Floats, folds: Sequence[Fold], steps: Sequence[int]) -> Form:
    """Give the form that errs least on the rows held out, by what persistence errs at each lead.

    `rises_m` (row, lead). The first, middle and last lead are asked, the penalties between them
    interpolated. With fewer than two folds there is nothing to choose by: no products.
    """
    tidal = is_tidal(inputs.known.level_m, inputs.known.times)
    every = np.arange(rises_m.shape[1])
    if len(folds) < 2:
        return plain_form(len(every), tidal=tidal)
    asked = np.unique([0, len(every) // 2, len(every) - 1])
    wrong = np.zeros((2, len(asked), len(ALPHAS)))
    for bent in (False, True):
        values, ahead = _read(inputs, tidal=tidal, bent=bent)
        for seen, out, weight in folds:
            scale = Scale.fit(values[seen], weight)
            standard, held = scale.standard(values[seen]), scale.standard(values[out])
            moments = _moments(standard, rises_m[seen][:, asked], weight)
            for at, one in enumerate(moments):
                kept = np.flatnonzero(ahead <= steps[asked[at]])
                told = np.column_stack([_solved(*one, kept, alpha) for alpha in ALPHAS])
                error_m = held[:, kept] @ told - rises_m[out, asked[at], None]
                wrong[int(bent), at] += np.nansum(error_m**2, axis=0)
    size = np.nansum(rises_m[np.concatenate([out for _, out, _ in folds])] ** 2, axis=0)[asked]
    shares = wrong / np.maximum(size, 1e-12)[:, None]
    straight_share, bent_share = shares.min(axis=2).sum(axis=1)
    bent = bool(bent_share < straight_share)
    chosen = np.log(np.array(ALPHAS))[shares[int(bent)].argmin(axis=1)]
    return Form(tidal, bent, np.exp(np.interp(every, asked, chosen)))


def _read(inputs: Inputs, *, tidal: bool, bent: bool) -> tuple[Floats, Rows]:
    """Give what the lines read (row, feature), and how many steps ahead each of it looks.

    The last number, 0, is that of the intercept.
    """
    known, steps = inputs.known, 1 + np.arange(inputs.ahead_mm.shape[1])
    straight = ["above_base" not in name for name in known.names]
    parts = [known.values[:, straight].astype(float)]
    if tidal:
        parts.append(tide_now(known.times))
    if bent:
        parts.append(interactions(known))
    now = sum(part.shape[1] for part in parts)
    parts.append(inputs.ahead_mm.cumsum(axis=1))
    if bent:
        parts.append(ahead_products(inputs))
    values = np.hstack(parts)
    ahead = np.tile(steps, (values.shape[1] - now) // max(len(steps), 1))
    return values, np.r_[np.zeros(now, dtype=np.intp), ahead, 0]


def _moments(standard: Floats, rises_m: Floats, weight: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Give weighted squares (feature, feature) and products with the rises (feature), by lead.

    The squares are summed once; of each lead, the rows whose rise is unknown are taken off.
    """
    weighted = standard * weight[:, None]
    whole = weighted.T @ standard
    for rise_m in rises_m.T:
        lost = np.flatnonzero(~np.isfinite(rise_m))
        total = max(float(weight.sum() - weight[lost].sum()), 1e-12)
        gram = whole - weighted[lost].T @ standard[lost]
        yield gram / total, weighted.T @ np.nan_to_num(rise_m) / total


def _solved(gram: Floats, moment: Floats, kept: Rows, alpha: float) -> Floats:
    """Give the coefficients of the kept features; the last, the intercept, is not held down."""
    penalty = np.full(len(kept), alpha)
    penalty[-1] = NO_PENALTY
    return np.asarray(np.linalg.solve(gram[np.ix_(kept, kept)] + np.diag(penalty), moment[kept]))
