"""What came true beside what was said: observed levels at the valid times, and which are floods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NewType

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.evaluate import FLOOD_RISE_H, FLOOD_SHARE
from forecasting.features import Floats, good_levels
from forecasting.types import LevelForecast, Observations

# observed_m, rise_m (over 3 h to the valid time), rise_class (issued_at, gauge, lead); flood the
# same, True where level or rise is among the highest 1 % of the reference series.
Truth = NewType("Truth", xr.Dataset)

# Classes of the observed rise over 3 h, by its quantiles in the reference series.
RISE_CLASSES = ("falling", "steady", "rising", "steep")
CLASS_EDGES = (0.01, 0.95, 0.99)


def truth_of(
    forecast: LevelForecast, observations: Observations, reference: Observations | None = None
) -> Truth:
    """Give what was observed at the valid times of a forecast (issued_at, gauge, lead).

    `reference` is the series that says what a flood is (default: the observations).
    """
    reference = observations if reference is None else reference
    issued, lead = forecast["issued_at"].values, forecast["lead"].values
    valid = issued[:, None] + lead
    parts = []
    for gauge_id in forecast["gauge"].values.astype(str):
        level, rise = _series(observations, gauge_id)
        observed, risen = (part.reindex(valid.ravel()).to_numpy() for part in (level, rise))
        known_level, known_rise = _series(reference, gauge_id)
        high = (observed >= _quantile(known_level, 1 - FLOOD_SHARE)) | (
            risen >= _quantile(known_rise, 1 - FLOOD_SHARE)
        )
        rank = _classes(risen, [_quantile(known_rise, edge) for edge in CLASS_EDGES])
        parts.append([part.reshape(valid.shape) for part in (observed, risen, high, rank)])
    names = ("observed_m", "rise_m", "flood", "rise_class")
    stacked = {
        name: (("issued_at", "gauge", "lead"), np.stack([part[number] for part in parts], axis=1))
        for number, name in enumerate(names)
    }
    coords = {name: forecast[name].values for name in ("issued_at", "gauge", "lead")}
    return Truth(xr.Dataset(stacked, coords=coords))


def known_rows(forecasts: Sequence[LevelForecast], truth: Truth) -> xr.DataArray:
    """Tell the (issued_at, gauge, lead) that every forecast and the observation know."""
    known = truth["observed_m"].notnull()
    for forecast in forecasts:
        whole = forecast["level_m"].notnull().all("quantile")
        known = known & whole.drop_vars(["model_used", "rain_used"], errors="ignore")
    return known


def base_levels(observations: Observations, gauge_ids: Sequence[str]) -> Mapping[str, float]:
    """Give the median level of each gauge, from which a peak is measured. [m]"""
    levels = {gauge_id: good_levels(observations, gauge_id) for gauge_id in gauge_ids}
    return {gauge_id: float(np.nanmedian(level)) for gauge_id, level in levels.items()}


def _classes(risen: Floats, edges: Sequence[float]) -> Floats:
    """Give the number of the class, -1 = unknown; a rise on an edge is the calmer class."""
    above = np.stack([risen >= edges[0], risen > edges[1], risen > edges[2]])
    rank = above.sum(axis=0).astype(float)
    return np.where(np.isnan(risen), -1.0, rank)


def _series(observations: Observations, gauge_id: str) -> tuple[pd.Series, pd.Series]:
    """Give level and its rise over 3 h, by time."""
    times = pd.DatetimeIndex(observations["time"].values)
    level = pd.Series(good_levels(observations, gauge_id), times)
    before = level.reindex(times - pd.Timedelta(hours=FLOOD_RISE_H)).to_numpy()
    return level, level - before


def _quantile(series: pd.Series, share: float) -> float:
    values: Floats = series.dropna().to_numpy()
    return float(np.quantile(values, share)) if len(values) else float("nan")
