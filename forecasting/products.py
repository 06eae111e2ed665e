"""What a desk asks of a forecast besides levels by lead: how high, and when."""

from __future__ import annotations

import numpy as np
import xarray as xr

from forecasting.features import Floats
from forecasting.paths import MEMBERS, sample_paths
from forecasting.types import LevelForecast

PEAK_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
ROWS = 1024  # gauges or cycles at once, so that paths stay small in memory


def peaks(forecast: LevelForecast, *, members: int = MEMBERS) -> xr.Dataset:
    """Give the highest level within the horizon and when it comes, over paths of the water.

    Returns
    -------
        peak_level_m (..., gauge, quantile) [m above gauge zero] and peak_h (..., gauge, quantile)
        [h after issue], quantiles over the paths; still_rising (..., gauge), 0 to 1, the share of
        paths that are highest at the last lead: their peak lies beyond the horizon and is higher
        and later than told. The last observation counts as lead 0. NaN where a lead is missing.
        A crest between two leads is not seen: the peak is that of the leads.
    """
    table = forecast["level_m"].transpose(..., "gauge", "lead", "quantile")
    outer = table.dims[:-2]
    paths = sample_paths(forecast, members=members)
    lead_h = forecast["lead"].values / np.timedelta64(3600, "s")
    unknown = table[..., 0, 0].drop_vars(["lead", "quantile"]) * np.nan
    last = forecast.get("last_level_m", unknown).transpose(*outer).values
    level, hour, rising = _peaks(paths, np.asarray(last, dtype=float), np.asarray(lead_h))
    coords = {name: forecast[name] for name in ("issued_at", "gauge") if name in forecast.coords}
    note = {"comment": "over paths; the highest of the leads and the last observation"}
    return xr.Dataset(
        {
            "peak_level_m": ((*outer, "quantile"), level, {"units": "m", **note}),
            "peak_h": ((*outer, "quantile"), hour, {"units": "h", **note}),
            "still_rising": (outer, rising, {"units": "1"}),
        },
        coords={**coords, "quantile": list(PEAK_QUANTILES)},
        attrs={"model_id": forecast.attrs.get("model_id", "unknown"), "members": members},
    )


def _peaks(paths: Floats, last: Floats, lead_h: Floats) -> tuple[Floats, Floats, Floats]:
    """Give peak level and hour (..., quantile) and the share still rising (...)."""
    members, leads = paths.shape[-2:]
    rows = paths.reshape(-1, members, leads)
    start = np.where(np.isfinite(last), last, -np.inf).reshape(-1)
    hours = np.concatenate([[0.0], lead_h])
    count = len(PEAK_QUANTILES)
    level, hour = np.full((len(rows), count), np.nan), np.full((len(rows), count), np.nan)
    rising = np.full(len(rows), np.nan)
    known = np.flatnonzero(np.isfinite(rows).all(axis=(1, 2)))
    for part in (known[at : at + ROWS] for at in range(0, len(known), ROWS)):
        begin = np.broadcast_to(start[part, None, None], (len(part), members, 1))
        line = np.concatenate([begin, rows[part]], axis=-1)
        at = np.argmax(line, axis=-1)
        level[part] = np.quantile(line.max(axis=-1), PEAK_QUANTILES, axis=-1).T
        hour[part] = np.quantile(hours[at], PEAK_QUANTILES, axis=-1, method="inverted_cdf").T
        rising[part] = np.mean(at == leads, axis=-1)
    shape = paths.shape[:-2]
    return level.reshape(*shape, count), hour.reshape(*shape, count), rising.reshape(shape)
