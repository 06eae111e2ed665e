"""From quantiles to the question of the desk: how likely is each official level, and when.

Between quantiles the distribution is linear. Beyond the outer two it falls as a generalised Pareto
tail of the shape that the forecast carries (exponentially where it carries none), through both
outer quantiles: an official level above the highest quantile keeps a small probability and is not
called impossible for want of a quantile. When a level is reached is told from paths of the water
(`forecasting.paths`) where the forecast carries how its leads go together.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import xarray as xr

from forecasting.features import Floats
from forecasting.paths import passage_h, sample_paths, share_reached, tail_shapes
from forecasting.tail import beyond, outer_scale
from forecasting.types import THRESHOLDS, Exceedance, Gauge, LevelForecast

PASSAGE_QUANTILES = (0.1, 0.5, 0.9)
SAME_LEVEL_M = 1e-9


def exceedance(forecast: LevelForecast, gauges: Sequence[Gauge]) -> Exceedance:
    """Give the probability that each official level is reached, and when that happens.

    Parameters
    ----------
    forecast
        level_m (gauge, lead, quantile) [m above gauge zero], a backtest adds issued_at;
        last_level_m (gauge), the observation at lead 0, where known.
    gauges
        Gauges with their official levels. [m above gauge zero]

    Returns
    -------
        probability (gauge, threshold, lead), 0 to 1, that the level at that lead is at or above
        the threshold; NaN where the forecast is missing or the gauge has no such threshold.
        first_passage_h (gauge, threshold, quantile): when that share of the paths of the water
        has been at or above the threshold, linear between leads; 0 if the last observation is
        already there, inf if not within the horizon, NaN = unknown. Of a forecast without
        `lead_correlation`: the earliest lead, linear between leads, at which the highest
        probability so far is the quantile. That is the least the true one can be: passages on
        separate paths would come on top, so that the true time is the same or earlier.

    Raises
    ------
    ValueError
        If a gauge of the forecast is not among the gauges.
    """
    levels = forecast["level_m"].transpose(..., "gauge", "lead", "quantile")
    thresholds = _thresholds(forecast, gauges)
    unknown = levels[..., 0, 0].drop_vars(["lead", "quantile"]) * np.nan
    last = forecast.get("last_level_m", unknown).transpose(..., "gauge")
    probability = 1 - probability_below(
        levels.values[..., :, None, :, :],
        np.asarray(forecast["quantile"].values, dtype=float),
        thresholds[:, :, None],
        _aligned(tail_shapes(forecast)),
    )
    reached = np.where(np.isnan(thresholds), np.nan, last.values[..., :, None] >= thresholds)
    reached = np.where(np.isnan(last.values[..., :, None]), np.nan, reached)
    lead_h = forecast["lead"].values / np.timedelta64(3600, "s")
    if "lead_correlation" in forecast:
        passages = _passages(forecast, np.asarray(last.values, dtype=float), thresholds, lead_h)
    else:
        passages = first_passage_h(reached, probability, lead_h)
    return _dataset(forecast, levels.dims[:-3], probability, passages)


def _dataset(
    forecast: LevelForecast, outer: tuple[Hashable, ...], probability: Floats, passages: Floats
) -> Exceedance:
    """Give the labelled arrays; `outer` are the dims before the gauge."""
    beyond = {"units": "h", "comment": "inf: not within the horizon"}
    dataset = xr.Dataset(
        {
            "probability": ((*outer, "gauge", "threshold", "lead"), probability, {"units": "1"}),
            "first_passage_h": ((*outer, "gauge", "threshold", "quantile"), passages, beyond),
        },
        coords={
            "gauge": forecast["gauge"],
            "threshold": list(THRESHOLDS),
            "lead": forecast["lead"],
            "quantile": list(PASSAGE_QUANTILES),
            "issued_at": forecast["issued_at"],
        },
        attrs={"model_id": forecast.attrs.get("model_id", "unknown")},
    )
    return Exceedance(dataset)


def _aligned(shapes: Floats) -> Floats:
    """Give tail shapes (..., lead, side) with room for gauge and threshold before the lead."""
    return shapes if shapes.ndim == 2 else shapes[:, None, None]


def _passages(forecast: LevelForecast, last: Floats, thresholds: Floats, lead_h: Floats) -> Floats:
    """Give first passages (..., gauge, threshold, quantile) over paths of the water. [h]"""
    shape = (*last.shape, len(THRESHOLDS), len(PASSAGE_QUANTILES))
    passages = np.full(shape, np.nan)
    paths = sample_paths(forecast)
    for gauge, levels_m in enumerate(thresholds):
        for number in np.flatnonzero(np.isfinite(levels_m)):
            each = passage_h(
                paths[..., gauge, :, :], last[..., gauge], np.array(levels_m[number]), lead_h
            )
            passages[..., gauge, number, :] = share_reached(each, PASSAGE_QUANTILES)
    return passages


def _thresholds(forecast: LevelForecast, gauges: Sequence[Gauge]) -> Floats:
    """Give the official levels (gauge, threshold), NaN = the gauge has none."""
    known = {gauge.gauge_id: dict(gauge.thresholds.items()) for gauge in gauges}
    names = [str(name) for name in forecast["gauge"].values]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            f"every gauge of the forecast must be among the gauges, got {unknown} besides. "
            "Pass the gauges that the model was made for."
        )
    rows = [[known[name].get(key, np.nan) for key in THRESHOLDS] for name in names]
    return np.array(rows, dtype=float).reshape(len(names), len(THRESHOLDS))


def probability_below(
    levels: Floats, quantiles: Floats, threshold: Floats, tail_shape: Floats | None = None
) -> Floats:
    """Give the probability (...) to stay below a threshold (...) for quantile levels (..., q).

    `tail_shape` (..., side) is that of the tails below and above, None = exponential. NaN where a
    level or the threshold is unknown; levels must not fall along q.
    """
    shape = np.broadcast_shapes(levels.shape[:-1], np.shape(threshold))
    levels = np.broadcast_to(levels, (*shape, levels.shape[-1]))
    threshold = np.broadcast_to(threshold, shape)
    tails = np.broadcast_to(np.zeros(2) if tail_shape is None else tail_shape, (*shape, 2))
    below = np.full(shape, np.nan)
    known = np.isfinite(levels).all(axis=-1) & np.isfinite(threshold)
    below[known] = _below(levels[known], quantiles, threshold[known], tails[known])
    return below


def _below(levels: Floats, quantiles: Floats, threshold: Floats, tails: Floats) -> Floats:
    """Give `probability_below` for known rows: levels (row, q), threshold (row), tails (row, 2)."""
    rows = np.arange(len(threshold))
    above = np.sum(levels < threshold[:, None], axis=1)  # how many quantiles lie below
    low, high = np.clip(above - 1, 0, None), np.clip(above, None, len(quantiles) - 1)
    width = levels[rows, high] - levels[rows, low]
    share = (threshold - levels[rows, low]) / np.where(width > SAME_LEVEL_M, width, np.inf)
    inside = quantiles[low] + share * (quantiles[high] - quantiles[low])
    upper = 1 - _tail(levels[:, [-1, -2]], 1 - quantiles[[-1, -2]], threshold, tails[:, 1])
    lower = _tail(-levels[:, [0, 1]], quantiles[[0, 1]], -threshold, tails[:, 0])
    return np.where(above == 0, lower, np.where(above == len(quantiles), upper, inside))


def _tail(ends: Floats, mass: Floats, threshold: Floats, shape: Floats) -> Floats:
    """Give the tail mass beyond `threshold` for ends (row, 2), outer and inner.

    `mass` is (beyond outer, beyond inner); the tail passes through both.
    """
    width = ends[:, 0] - ends[:, 1]
    scale = outer_scale(np.where(width > SAME_LEVEL_M, width, 0.0), mass[1] / mass[0], shape)
    return np.asarray(mass[0] * beyond(np.maximum(threshold - ends[:, 0], 0.0), scale, shape))


def first_passage_h(reached: Floats, probability: Floats, lead_h: Floats) -> Floats:
    """Give the lead (..., quantile) at which each share of probability has come. [h]

    `reached` (...) is 1, 0 or NaN (not known) at lead 0, `probability` (..., lead).
    """
    known = np.isfinite(reached)
    path = np.concatenate([np.where(known, reached, 0.0)[..., None], probability], axis=-1)
    highest = np.maximum.accumulate(np.nan_to_num(path, nan=0.0), axis=-1)
    hours = np.concatenate([[0.0], lead_h])
    passages = []
    for share in PASSAGE_QUANTILES:
        there = highest >= share
        at = np.argmax(there, axis=-1)
        before = np.maximum(at - 1, 0)
        low = np.take_along_axis(highest, before[..., None], axis=-1)[..., 0]
        high = np.take_along_axis(highest, at[..., None], axis=-1)[..., 0]
        # Without an observation at lead 0 nothing is told from before the first lead.
        partway = (at > 0) & (known | (at > 1))
        part = (share - low) / np.where(partway & (high > low), high - low, 1.0)
        passage = hours[at] - np.where(partway, (1 - part) * (hours[at] - hours[before]), 0.0)
        unknown = np.isnan(probability).any(axis=-1)
        never = np.where(unknown, np.nan, np.inf)
        passages.append(np.where(there.any(axis=-1), passage, never))
    return np.stack(passages, axis=-1)
