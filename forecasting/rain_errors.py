"""The error of rain forecasts (仮定): rain that fell, made as uncertain as a forecast of it.

Per member, all growing with the lead and saturating: a timing shift common to all gauges; a
multiplicative log-normal error, and a field that misses rain or adds rain that never falls, both
correlated over leads and gauges. Errors of two issue times are independent, which is harsher on
the jumpiness of forecasts than reality. Its size is set so that the ratio score of hourly rain at
2 to 3 h ahead is 0.5, as the Japan Meteorological Agency's own short-range forecast reaches [1]_
(two K-water basins to 2019: 0.50 and 0.53).

References
----------
.. [1] 気象庁 降水短時間予報の精度について, yearly 0.48 to 0.53 in 2014 to 2023,
   https://ds.data.jma.go.jp/fcd/yoho/kotan_kensho/kotan_hyoka.html, read 2026-11-22
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecasting.features import Floats

Times = NDArray[np.datetime64]

SHIFT_SD_H, SHIFT_GROWTH_H = 1.2, 4.0  # (仮定) largest sd of the shift, and how fast it grows
LOG_SD, LOG_GROWTH_H = 0.8, 2.0
MISSED, FALSE, CHANCE_GROWTH_H = 0.20, 0.12, 4.0  # largest chances
FALSE_MM_PER_H, FALSE_LOG_SD = 1.5, 1.0
DRY_SHARE, NEAR_RAIN_H = 0.1, 12.0  # of false rain far from any rain; how far that is
CORRELATION_1H = 0.8  # of errors one hour of lead apart
BETWEEN_GAUGES = 0.6  # correlation of errors at one lead


def rain_at(rain: Floats, position: Floats) -> Floats:
    """Give rain (..., rain_gauge) at fractional rows (...), linear between, NaN outside."""
    low = np.floor(position).astype(np.intp)
    share = (position - low)[..., None]
    padded = np.vstack([rain, np.full((1, rain.shape[1]), np.nan)])  # the last row = outside
    rows = [np.where((row >= 0) & (row < len(rain)), row, len(rain)) for row in (low, low + 1)]
    before, after = padded[rows[0]], padded[rows[1]]
    return np.where(share == 0, before, (1 - share) * before + share * after)


def near_rain(rain: Floats, step_h: float) -> NDArray[np.bool_]:
    """Tell the rows (time) with rain anywhere within a few hours before or after."""
    wet: NDArray[np.bool_] = np.any(np.nan_to_num(rain) > 0, axis=1)
    reach = round(NEAR_RAIN_H / step_h)
    total = np.concatenate([[0], np.cumsum(wet)])
    row = np.arange(len(wet))
    return np.asarray(
        total[np.minimum(row + reach + 1, len(wet))] > total[np.maximum(row - reach, 0)]
    )


def draw(times: Times, members: int, count: int, seed: int) -> Floats:
    """Give standard normal numbers (issue, member, count), of each issue time alone."""
    seconds = times.astype("datetime64[s]").astype(np.int64) % 2**62
    each = [
        np.random.default_rng((seed, int(s))).standard_normal((members, count)) for s in seconds
    ]
    return np.stack(each)


def perturb(
    rain: Floats, near: NDArray[np.bool_], rows: NDArray[np.intp], draws: Floats, *, step_h: float
) -> Floats:
    """Give the rain made worse, (issue, lead, rain_gauge, member)."""
    steps = (draws.shape[2] - 1) // (2 * (rain.shape[1] + 1))
    lead_h: Floats = np.arange(1, steps + 1) * step_h
    shift = draws[..., :1] * SHIFT_SD_H * _grown(lead_h, SHIFT_GROWTH_H) / step_h
    position = rows[:, None, None] + np.arange(1, steps + 1) - shift  # (issue, member, lead)
    fallen = np.moveaxis(rain_at(rain, position), 1, 3)  # (issue, lead, rain_gauge, member)
    size, chance = _fields(draws[..., 1:], steps, step_h)
    sd = (LOG_SD * _grown(lead_h, LOG_GROWTH_H))[:, None, None]
    grown = _grown(lead_h, CHANCE_GROWTH_H)[:, None, None]
    missed = chance < _normal_quantile(MISSED * grown)
    row = np.clip(rows[:, None] + np.arange(1, steps + 1), 0, len(near) - 1)
    likely = np.where(near[row], 1.0, DRY_SHARE)[:, :, None, None]
    false = -chance < _normal_quantile(FALSE * grown * likely)
    added = FALSE_MM_PER_H * step_h * np.exp(FALSE_LOG_SD * size)
    kept = np.where(missed, 0.0, fallen * np.exp(sd * size - sd**2 / 2))
    return np.where(np.isnan(fallen), np.nan, kept + np.where(false, added, 0.0)).round(2)


def _fields(draws: Floats, steps: int, step_h: float) -> tuple[Floats, Floats]:
    """Give two standard normal fields (issue, lead, rain_gauge, member), correlated over both."""
    apart = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps))) * step_h
    root = np.linalg.cholesky(CORRELATION_1H**apart)
    issues, members = draws.shape[:2]
    smooth = draws.reshape(issues, members, 2, -1, steps) @ root.T
    common, own = smooth[:, :, :, :1], smooth[:, :, :, 1:]
    field = np.sqrt(BETWEEN_GAUGES) * common + np.sqrt(1 - BETWEEN_GAUGES) * own
    size, chance = np.transpose(field, (2, 0, 4, 3, 1))
    return size, chance


def _grown(lead_h: Floats, growth_h: float) -> Floats:
    return 1 - np.exp(-lead_h / growth_h)


def _normal_quantile(chance: Floats) -> Floats:
    flat = [NormalDist().inv_cdf(float(one)) for one in np.unique(chance)]
    return np.asarray(np.array(flat)[np.searchsorted(np.unique(chance), chance)])
