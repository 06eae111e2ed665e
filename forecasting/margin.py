"""How much wider than nominal a band must be in wet states so that floods lie inside it.

A flood is known as one only afterwards. A band that keeps 90 % in every state known at issue time
keeps less of the hours that turn out as floods: the worst surprises of all states gather there.
So the upper outer quantile of a state's class may be moved up, class by class, where that brings
most flood hours into the band per metre of width, until the held-out floods are covered as often
as the band promises (label-conditional coverage [1]_) or the band of all hours would keep too
much. Lower quantiles and all from 10 to 90 % keep their plain meaning: in wet classes the outer
upper quantiles are passed less often than they say, never more often.

References
----------
.. [1] Vovk et al. (2005), Algorithmic Learning in a Random World, section 4.6 (conditional on
   the label), https://doi.org/10.1007/b106715
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats

NOMINAL = 0.95
LEVELS = (NOMINAL, 0.955, 0.96, 0.965, 0.97, 0.975, 0.98, 0.985, 0.99, 0.993, 0.996, 0.998)
WANTED = 0.91  # of held-out flood hours inside; a little is lost in years to come
MOST = 0.925  # of all hours inside
LEAST_FLOODS = 40  # hours; fewer do not justify a margin


def upper_levels(
    inside: NDArray[np.intp],
    flood: NDArray[np.bool_],
    classes: NDArray[np.intp],
    width_m: Floats,
) -> NDArray[np.intp]:
    """Give the number of the level (class) in `LEVELS` that stands for the 95 % quantile.

    Parameters
    ----------
    inside
        Of each held-out hour: the first of `LEVELS` whose quantile in the hour's class is not
        below the error, len(LEVELS) if none is, -1 if the error is below the band.
    flood
        Whether the hour turned out a flood.
    width_m
        Sum over the hours of a class of the upper quantile, (class, level). [m]
    """
    chosen = np.zeros(len(width_m), dtype=np.intp)
    if flood.sum() < LEAST_FLOODS:
        return chosen
    covered = _counts(inside, classes, width_m.shape) / len(inside)
    floods = _counts(inside[flood], classes[flood], width_m.shape) / flood.sum()
    every = np.arange(len(chosen))
    while floods[every, chosen].sum() < WANTED:
        now = (every, chosen)
        gain = floods - floods[now][:, None]
        room = covered[now].sum() + covered - covered[now][:, None] <= MOST
        cost_m = np.maximum(width_m - width_m[now][:, None], 1e-9)
        worth = np.where(room & (gain > 0), gain / cost_m, 0.0)
        if not worth.max() > 0:
            break
        one, level = np.unravel_index(int(worth.argmax()), worth.shape)
        chosen[one] = level
    return chosen


def _counts(
    inside: NDArray[np.intp], classes: NDArray[np.intp], shape: tuple[int, ...]
) -> NDArray[np.intp]:
    """Give how many hours (class, level) lie inside the band that ends at each level."""
    first = np.zeros((shape[0], shape[1] + 1), dtype=np.intp)
    there = inside >= 0
    np.add.at(first, (classes[there], inside[there]), 1)
    return np.cumsum(first[:, :-1], axis=1)
