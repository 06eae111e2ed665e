"""What is held out together: one flood, every flood above a cut, or a stretch of time. Never rows.

Rows of one flood are alike; a model that has seen the hour before knows the hour after. Rows drawn
at random flatter every model (0.269 m instead of 0.365 m at 6 h on one flood basin), so that a
random split is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from forecasting.evaluate import Fold, Period, only
from forecasting.features import good_levels
from forecasting.types import Observations, aware
from forecasting.verification.events import Flood

GAP = timedelta(hours=72)  # left out of training on both sides of what is held out
RANDOM = ("random", "shuffle", "kfold", "k_fold", "rows", "bootstrap")
WHOLE = ("leave_one_flood_out", "above_maximum", "held_out")


@dataclass(frozen=True)
class Split:
    """One training and the stretches that it has not seen."""

    name: str
    train: tuple[Period, ...]
    tests: tuple[Period, ...]

    def __post_init__(self) -> None:
        for test in self.tests:
            Fold(self.train, test)  # raises if training touches the test


def leave_one_flood_out(observations: Observations, floods: Sequence[Flood]) -> tuple[Split, ...]:
    """Give one split per flood: it is held out, all else with a gap around it is learned."""
    return tuple(
        Split(f"{flood.peak_at:%Y-%m-%d}", _outside(observations, [flood.period]), (flood.period,))
        for flood in floods
    )


def above_maximum(
    observations: Observations, floods: Sequence[Flood], *, cut_m: float
) -> tuple[Split, ...]:
    """Give one split that holds out every flood whose peak is above `cut_m`.

    All that is learned then lies at or below the cut; where it does not (a flood missing from
    the list), that is an error.

    Raises
    ------
    ValueError
        If no flood is above the cut, or a level above it is left in training.
    """
    high = [flood for flood in floods if flood.peak_m > cut_m]
    if not high:
        peaks = [round(flood.peak_m, 2) for flood in floods]
        raise ValueError(
            f"cut_m must leave at least 1 flood above it, got {cut_m:g} m and peaks {peaks}. "
            "Lower the cut."
        )
    split = Split("above", _outside(observations, [flood.period for flood in high]),
                  tuple(sorted(flood.period for flood in high)))  # fmt: skip
    highest_m = training_maximum_m(observations, split, high[0].gauge_id)
    if highest_m > cut_m:
        raise ValueError(
            f"training must stay at or below the cut of {cut_m:g} m, got {highest_m:g} m "
            f"(gauge {high[0].gauge_id}). Name more floods or widen the hours around them."
        )
    return (split,)


def held_out(observations: Observations, periods: Sequence[Period]) -> tuple[Split, ...]:
    """Give one split per stretch of time (calm and flood hours alike)."""
    return tuple(
        Split(f"{period[0]:%Y-%m-%d}", _outside(observations, [period]), (period,))
        for period in periods
    )


def training_maximum_m(observations: Observations, split: Split, gauge_id: str) -> float:
    """Give the highest level that the training holds. [m above gauge zero]"""
    levels = good_levels(only(observations, split.train), gauge_id)
    return float(np.max(levels[np.isfinite(levels)], initial=-np.inf))


def refuse_random(names: Sequence[str]) -> None:
    """Raise ValueError if a split of rows is asked for, saying why there is none."""
    asked = sorted(name for name in names if name.lower() in RANDOM)
    if asked:
        raise ValueError(
            f"suites must be among {list(WHOLE)}, got {asked}: random splits are refused. Rows "
            "of one flood on both sides flatter every model. Hold out whole floods or years."
        )


def _outside(observations: Observations, periods: Sequence[Period]) -> tuple[Period, ...]:
    """Give what is left of the series around some periods, gaps taken off."""
    times = observations["time"].values
    start, end = aware(times[0]), aware(times[-1])
    left: list[Period] = []
    for first, last in sorted(periods):
        if start < first - GAP:
            left.append((start, first - GAP))
        start = max(start, last + GAP)
    if start < end:
        left.append((start, end))
    if not left:
        raise ValueError("nothing is left to learn from. Hold out less.")
    return tuple(left)
