"""Bands that follow a drift: wider after misses, narrower after none, by what is known by then.

Training years end and rivers change. The two outer sides of the band are moved apart from each
other by a factor on their distance from the median: up by a step when the outcome lay beyond the
5 or 95 % level, down by a small one when it did not, so that in the long run 5 % lie beyond each
(adaptive conformal inference [1]_, on the logarithm of the width). Nothing is kept between cycles:
the factors start from 1 and follow the bands that the same model would have issued in the last two
weeks, hour by hour, and what was observed since. The same inputs give the same band.

A flood comes too seldom to teach its own factor: hours whose band is among the wide ones have a
factor of their own, and that may only widen: the margin of wet states is meant (`margin`).

References
----------
.. [1] Gibbs & Candès (2021), Adaptive Conformal Inference Under Distribution Shift, NeurIPS 34,
   https://arxiv.org/abs/2106.00170
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.features import Floats, good_levels
from forecasting.types import LevelForecast, Observations

WINDOW_H = 14 * 24  # hours that teach a factor; each cycle starts from 1
HOUR = np.timedelta64(1, "h")
MISSED = 0.05  # share of outcomes beyond each side
STEP = 0.04  # of the log width, per outcome
# The least log factor of narrow and of wide bands, lower and upper side (assumption): floods come
# from above, out of hours whose band was narrow too.
LEAST = np.log([[0.7, 0.85], [1.0, 1.0]])
MOST = float(np.log(2.0))
WIDE = 0.8  # a band wider than so many of those in the window is a wide one
LEAST_BANDS = 24  # fewer in the window tell nothing
SAME_LEVEL_M = 1e-9
AT_ONCE = 256  # issue times, so that the tables stay small in memory

Times = NDArray[np.datetime64]


def taught_by(issued_at: np.datetime64, forecast: LevelForecast, observed: Times) -> Times:
    """Give the issue times, rising, of the earlier bands that teach the factors of a forecast.

    They lie whole hours before it, at times that were `observed`.
    """
    back_h = WINDOW_H + int(np.ceil(forecast["lead"].values.max() / HOUR))
    earlier = issued_at - np.arange(back_h, 0, -1) * HOUR
    return np.asarray(earlier[np.isin(earlier, observed)])


def adapted(
    forecast: LevelForecast, hindcast: LevelForecast, observations: Observations
) -> LevelForecast:
    """Give the forecast with its bands adapted to how earlier ones turned out.

    Parameters
    ----------
    forecast
        level_m (gauge, lead, quantile), a backtest adds issued_at.
    hindcast
        level_m (issued_at, gauge, lead, quantile) of the same model at earlier times, as they
        came from the model; a backtest is its own. Gauges and leads as in the forecast.
    observations
        Good levels up to each issue time are compared, none later; hours that the model has
        learned from must be left out or missing, for there it errs too little.

    Returns
    -------
        Quantiles never cross, the median stays; `band_factor` (..., gauge, lead, side) is what the
        distances of the lower and upper quantiles were multiplied by, 1 = nothing was learned.

    Raises
    ------
    ValueError
        If the quantiles lack 0.05, 0.5 and 0.95, or gauges or leads differ.
    """
    for name in ("gauge", "lead", "quantile"):
        if not np.array_equal(forecast[name].values, hindcast[name].values):
            raise ValueError(f"{name} of forecast and hindcast must be the same. Use one model.")
    alone = "issued_at" not in forecast.dims
    dims = ("issued_at", "gauge", "lead", "quantile")
    issued = np.atleast_1d(forecast["issued_at"].values)
    table = forecast["level_m"].transpose(..., *dims[1:])
    levels = table.values[None] if alone else table.values
    bands, past = _Bands.of(levels, forecast), hindcast["level_m"].transpose(*dims).values
    history = _History.of(_Bands.of(past, forecast), hindcast, observations)
    factors = np.ones((*bands.width_m.shape, 2))
    for first in range(0, len(issued), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        factors[part] = history.factors(issued[part], bands.width_m[part])
    if "guarded" in forecast:  # a band at the river's limits is not widened beyond them
        bent = forecast["guarded"].transpose(..., *dims[1:-1]).values.reshape(factors.shape[:-1])
        factors = np.where(bent[..., None] > 0, np.minimum(factors, 1.0), factors)
    distance = levels - bands.median_m[..., None]
    moved = np.where(distance < 0, factors[..., :1], factors[..., 1:]) * distance
    told = bands.median_m[..., None] + moved
    chosen = (told[0], factors[0]) if alone else (told, factors)
    outer = table.dims[:-1]
    meaning = {"units": "1", "long_name": "widening of the band, lower and upper side"}
    return LevelForecast(
        forecast.assign(
            level_m=(table.dims, chosen[0], table.attrs),
            band_factor=((*outer, "side"), chosen[1], meaning),
        )
    )


@dataclass(frozen=True)
class _Bands:
    """Median and distances of the outer levels, each (issue time, gauge, lead). [m]"""

    median_m: Floats
    below_m: Floats
    above_m: Floats

    @property
    def width_m(self) -> Floats:
        return self.below_m + self.above_m

    @classmethod
    def of(cls, levels: Floats, forecast: LevelForecast) -> Self:
        grid = np.asarray(forecast["quantile"].values, dtype=float)
        found = [np.flatnonzero(np.isclose(grid, q)) for q in (MISSED, 0.5, 1 - MISSED)]
        if not all(len(one) for one in found):
            raise ValueError(
                f"quantiles must hold {MISSED}, 0.5 and {1 - MISSED}, got {grid.tolist()}."
            )
        low, middle, high = (levels[..., int(one[0])] for one in found)
        return cls(middle, middle - low, high - middle)


@dataclass(frozen=True)
class _History:
    """What became of earlier bands: each (issue time, gauge, lead), issue times rising."""

    issued: Times
    leads: NDArray[np.timedelta64]
    width_m: Floats  # NaN = no band, or its outcome was not observed
    reached: Floats  # outcome's distance from the median in band distances, (side, ...)

    @classmethod
    def of(cls, bands: _Bands, hindcast: LevelForecast, observations: Observations) -> Self:
        issued, leads = hindcast["issued_at"].values, hindcast["lead"].values
        outcome_m = np.full(bands.median_m.shape, np.nan)
        for gauge, name in enumerate(str(one) for one in hindcast["gauge"].values):
            level = pd.Series(good_levels(observations, name), index=observations["time"].values)
            for lead, ahead in enumerate(leads):
                outcome_m[:, gauge, lead] = level.reindex(issued + ahead).to_numpy()
        error_m = outcome_m - bands.median_m
        reached = np.stack([_units(-error_m, bands.below_m), _units(error_m, bands.above_m)])
        return cls(issued, leads, np.where(np.isfinite(error_m), bands.width_m, np.nan), reached)

    def factors(self, issued: Times, width_m: Floats) -> Floats:
        """Give factors (issue time, gauge, lead, side) for bands of these widths."""
        back = np.arange(WINDOW_H - 1, -1, -1) * HOUR
        wanted = issued[:, None, None] - self.leads - back[:, None]  # (issue time, hour, lead)
        rows = np.clip(np.searchsorted(self.issued, wanted), 0, len(self.issued) - 1)
        there = self.issued[rows] == wanted
        lead = np.arange(len(self.leads))
        widths = np.moveaxis(self.width_m[rows, :, lead], -1, 2)  # (issue time, hour, gauge, lead)
        widths = np.where(there[:, :, None], widths, np.nan)
        reached = np.stack([np.moveaxis(side[rows, :, lead], -1, 2) for side in self.reached])
        edge_m = _edges(widths)
        logs = np.zeros((2, 2, *width_m.shape))  # (narrow or wide, side, ...)
        least = LEAST[..., None, None, None]
        for hour in range(WINDOW_H):
            width = widths[:, hour]
            for kind, own in enumerate((width <= edge_m, width > edge_m)):
                passed = reached[:, :, hour] > np.exp(logs[kind])
                moved = np.clip(logs[kind] + STEP * (passed - MISSED), least[kind], MOST)
                logs[kind] = np.where(own, moved, logs[kind])
        chosen = np.where(width_m > edge_m, logs[1], logs[0])
        return np.moveaxis(np.exp(np.where(np.isfinite(edge_m), chosen, 0.0)), 0, -1)


def _units(distance_m: Floats, band_m: Floats) -> Floats:
    """Give a distance in units of a band; of a band without width it is all or nothing."""
    wide = band_m > SAME_LEVEL_M
    units = np.divide(distance_m, band_m, out=np.zeros_like(distance_m), where=wide)
    return np.where(wide, units, np.where(distance_m > SAME_LEVEL_M, np.inf, -np.inf))


def _edges(widths: Floats) -> Floats:
    """Give the width (issue time, gauge, lead) above which a band is wide, NaN = too few bands."""
    known = np.isfinite(widths).sum(axis=1)
    ordered = np.sort(widths, axis=1)  # NaN last
    at = np.clip(np.ceil(WIDE * known).astype(int) - 1, 0, None)
    edge = np.take_along_axis(ordered, at[:, None], axis=1)[:, 0]
    return np.where(known >= LEAST_BANDS, edge, np.nan)
