"""Paths of the water that keep each lead's distribution and how leads go together.

A path is one level per lead. Its ranks are drawn from a Gaussian copula [1]_ with the correlation
of held-out errors that a forecast carries (`lead_correlation`), and turned into levels by each
lead's own quantiles: linear between them, a tail beyond (`forecasting.tail`). The draws are the
same for all gauges and cycles, spread evenly and ranked, so that the share of paths at or above a
level is the forecast's probability to within one path, and every call gives the same paths.

A forecast that carries no correlation has paths that keep their rank over all leads: the spread
of a peak is then too wide and a passage too late, for no path changes its mind.

References
----------
.. [1] Schefzik, Thorarinsdottir & Gneiting (2013), Uncertainty Quantification in Complex
   Simulation Models Using Ensemble Copula Coupling, Statistical Science 28 (Gaussian copula
   among its peers), https://doi.org/10.1214/13-STS443
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from forecasting.features import Floats
from forecasting.tail import excess_at, outer_scale
from forecasting.types import LevelForecast

MEMBERS = 512  # a power of two: the draws are evenly spread
SEED = 20_261_122


def sample_paths(forecast: LevelForecast, *, members: int = MEMBERS) -> Floats:
    """Give levels (..., gauge, member, lead) [m above gauge zero], NaN at a lead without forecast.

    Parameters
    ----------
    forecast
        level_m (..., gauge, lead, quantile); tail_shape (lead, side) and lead_correlation
        (lead, lead_to) where known, each may also go with issued_at.
    """
    table = forecast["level_m"].transpose(..., "gauge", "lead", "quantile")
    levels = np.asarray(table.values, dtype=float)
    quantiles = np.asarray(forecast["quantile"].values, dtype=float)
    shapes, correlations = tail_shapes(forecast), lead_correlations(forecast)
    if shapes.ndim == 2 and correlations.ndim == 2:
        return _paths(levels, quantiles, shapes, correlations, members)
    issues = len(levels)
    shapes = np.broadcast_to(shapes, (issues, *shapes.shape[-2:]))
    correlations = np.broadcast_to(correlations, (issues, *correlations.shape[-2:]))
    both = np.concatenate([shapes.reshape(issues, -1), correlations.reshape(issues, -1)], axis=1)
    _, first, same = np.unique(both, axis=0, return_index=True, return_inverse=True)
    paths = np.empty((*levels.shape[:-2], members, levels.shape[-2]))
    for number, at in enumerate(first):
        rows = same.ravel() == number
        paths[rows] = _paths(levels[rows], quantiles, shapes[at], correlations[at], members)
    return paths


def tail_shapes(forecast: LevelForecast) -> Floats:
    """Give the shape of the tails (..., lead, side), 0 (exponential) where nothing is said."""
    if "tail_shape" not in forecast:
        return np.zeros((forecast.sizes["lead"], 2))
    return np.asarray(forecast["tail_shape"].transpose(..., "lead", "side").values, dtype=float)


def lead_correlations(forecast: LevelForecast) -> Floats:
    """Give how leads go together (..., lead, lead), all one where nothing is said."""
    if "lead_correlation" not in forecast:
        return np.ones((forecast.sizes["lead"], forecast.sizes["lead"]))
    table = forecast["lead_correlation"].transpose(..., "lead", "lead_to")
    return np.asarray(table.values, dtype=float)


def _paths(
    levels: Floats, quantiles: Floats, shapes: Floats, correlation: Floats, members: int
) -> Floats:
    weights = np.stack(
        [
            level_weights(rank, quantiles, shape)
            for rank, shape in zip(copula_ranks(correlation, members).T, shapes, strict=True)
        ]
    )
    return np.asarray(np.einsum("...lq,lmq->...ml", levels, weights, optimize=True))


def copula_ranks(correlation: Floats, members: int = MEMBERS) -> Floats:
    """Give ranks (member, lead) in (0, 1): each lead holds (1, 3, 5, ...) / (2 members) once."""
    from scipy.stats import qmc  # late: its import takes half a second

    leads = len(correlation)
    even = qmc.Sobol(leads, seed=SEED).random(members)
    together = (ndtri(even) @ _root(correlation).T).round(9)
    order = np.argsort(np.argsort(together, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray((order + 0.5) / members)


def _root(correlation: Floats) -> Floats:
    """Give a root of the nearest correlation that has one (pairs need not fit together)."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))


def level_weights(rank: Floats, quantiles: Floats, shape: Floats) -> Floats:
    """Give weights (rank, quantile): the level at a rank is their sum with the quantile levels.

    `shape` is that of the tails below and above. Levels between quantiles are linear; a tail's
    excess is a multiple of the distance of the outer two quantiles.
    """
    low = np.clip(np.searchsorted(quantiles, rank, side="right") - 1, 0, len(quantiles) - 2)
    part = (rank - quantiles[low]) / (quantiles[low + 1] - quantiles[low])
    rows = np.arange(len(rank))
    weights = np.zeros((len(rank), len(quantiles)))
    weights[rows, low], weights[rows, low + 1] = 1 - part, part
    below, above = rank < quantiles[0], rank > quantiles[-1]
    lower = _reach(rank[below], quantiles[[0, 1]], float(shape[0]))
    upper = _reach(1 - rank[above], 1 - quantiles[[-1, -2]], float(shape[1]))
    weights[below, 0], weights[below, 1] = 1 + lower, -lower
    weights[above, -1], weights[above, -2] = 1 + upper, -upper
    return weights


def _reach(beyond: Floats, mass: Floats, shape: float) -> Floats:
    """Give how far a tail has gone where so much is `beyond`, in distances of its outer two.

    `mass` is beyond the (outer, inner) quantile.
    """
    return excess_at(beyond / mass[0], outer_scale(1.0, mass[1] / mass[0], shape), shape)


def passage_h(paths: Floats, start: Floats, threshold: Floats, lead_h: Floats) -> Floats:
    """Give when each path (..., member) is first at or above a threshold. [h]

    Parameters
    ----------
    paths
        Levels (..., member, lead). [m]
    start
        Level at lead 0 (...), NaN = not known: then nothing is told from before the first lead.
    threshold
        (...), NaN = there is none.

    Returns
    -------
        Linear between leads; inf = not within the horizon, NaN = a lead or threshold is unknown.
    """
    begin = np.where(np.isfinite(start), start, -np.inf)[..., None]
    begin = np.broadcast_to(begin, paths.shape[:-1])
    limit = np.broadcast_to(threshold[..., None], paths.shape[:-1])
    reached = (begin >= limit) | (paths >= limit[..., None]).any(axis=-1)
    first = np.full(reached.shape, np.inf)
    line = np.concatenate([begin[reached][:, None], paths[reached]], axis=1)
    first[reached] = _crossed_h(line, limit[reached], np.concatenate([[0.0], lead_h]))
    unknown = np.isnan(paths).any(axis=-1) | np.isnan(limit)
    return np.where(unknown, np.nan, first)


def _crossed_h(line: Floats, limit: Floats, hours: Floats) -> Floats:
    """Give when lines (row, hour) that reach their limit (row) are first at or above it. [h]"""
    rows, at = np.arange(len(line)), np.argmax(line >= limit[:, None], axis=1)
    before = np.maximum(at - 1, 0)
    low, high = line[rows, before], line[rows, at]
    partway = (at > 0) & np.isfinite(low) & (high > low)
    part = np.where(partway, limit - np.where(partway, low, 0.0), 1.0)
    part = part / np.where(partway, high - np.where(partway, low, 0.0), 1.0)
    back = np.where(partway, (1 - part) * (hours[at] - hours[before]), 0.0)
    return np.asarray(hours[at] - back)


def share_reached(passages: Floats, shares: tuple[float, ...]) -> Floats:
    """Give when so many of the paths have passed: (..., member) to (..., share). [h]"""
    ordered = np.sort(passages, axis=-1)
    count = passages.shape[-1]
    at = [min(max(int(np.ceil(share * count - 1e-9)) - 1, 0), count - 1) for share in shares]
    return np.asarray(ordered[..., at])
