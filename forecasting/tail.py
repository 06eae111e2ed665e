"""The tail of a distribution beyond its outer quantiles: generalised Pareto, exponential if unsure.

Beyond a high threshold the excess of almost any error is generalised Pareto [1]_, with a scale
and a shape: 0 falls exponentially, above 0 more slowly, below 0 it ends. The shape is estimated
by probability-weighted moments [2]_, which few and rough excesses do not throw.

References
----------
.. [1] Pickands (1975), Statistical Inference Using Extreme Order Statistics, Annals of
   Statistics 3, https://doi.org/10.1214/aos/1176343003
.. [2] Hosking & Wallis (1987), Parameter and Quantile Estimation for the Generalized Pareto
   Distribution, Technometrics 29, https://doi.org/10.1080/00401706.1987.10488243
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from forecasting.features import Floats

LEAST_EXCESSES = 50  # fewer tell no shape: 0, exponential
SHAPES = (-0.25, 0.5)  # beyond these the estimate is not believed (assumption)
FLAT = 1e-6  # a shape nearer to 0 is exponential


def tail_shape(excess: Floats) -> float:
    """Give the shape of excesses (any unit, >= 0), within `SHAPES`; 0 for fewer than 50.

    Examples
    --------
    >>> tail_shape(np.array([0.1, 0.2, 3.0]))
    0.0
    """
    ordered = np.sort(excess[np.isfinite(excess)])
    n = len(ordered)
    if n < LEAST_EXCESSES or ordered[-1] <= 0:
        return 0.0
    above = 1 - (np.arange(1, n + 1) - 0.35) / n  # share of excesses above each
    mean, weighted = float(ordered.mean()), float((above * ordered).mean())
    return float(np.clip(2 - mean / (mean - 2 * weighted), *SHAPES))


def beyond(excess: ArrayLike, scale: ArrayLike, shape: ArrayLike) -> Floats:
    """Give the probability that an excess >= 0 is larger still; a scale of 0 is a step."""
    excess, scale, shape = np.broadcast_arrays(*_floats(excess, scale, shape))
    units = np.divide(excess, scale, out=np.where(excess > 0, np.inf, 0.0), where=scale > 0)
    flat = np.abs(shape) < FLAT
    safe = np.where(flat, 1.0, shape)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        bent = np.maximum(1 + safe * units, 0.0) ** (-1 / safe)
    return np.asarray(np.where(flat, np.exp(-units), bent))


def excess_at(share: ArrayLike, scale: ArrayLike, shape: ArrayLike) -> Floats:
    """Give the excess that a share > 0 of the excesses passes; the inverse of `beyond`."""
    share, scale, shape = np.broadcast_arrays(*_floats(share, scale, shape))
    flat = np.abs(shape) < FLAT
    safe = np.where(flat, 1.0, shape)
    return np.asarray(np.where(flat, -np.log(share), (share**-safe - 1) / safe) * scale)


def outer_scale(width: ArrayLike, ratio: float, shape: ArrayLike) -> Floats:
    """Give the scale beyond the outer of two levels that lie `width` apart.

    `ratio` is the probability beyond the inner level over that beyond the outer one; the tail
    passes through both.
    """
    width, shape = np.broadcast_arrays(*_floats(width, shape))
    return np.asarray(width / excess_at(1 / ratio, 1.0, shape) * ratio**shape)


def _floats(*values: ArrayLike) -> list[Floats]:
    return [np.asarray(value, dtype=float) for value in values]
