"""How good the forecasts are, on times the model has not seen; persistence always beside them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.features import Floats, good_levels
from forecasting.models import LevelModel
from forecasting.types import Gauge, LevelForecast, Observations, utc64

Period = tuple[datetime, datetime]  # both ends included

SCORES = (
    "model", "gauge_id", "lead_h", "n", "rmse_m", "rmse_top100_m", "rmse_top10_m",
    "bias_top100_m", "skill", "mae_m", "coverage90", "coverage90_flood", "crps_m",
)  # fmt: skip
FLOOD_SHARE = 0.01  # hours whose level or 3-h rise is among the highest 1 %
FLOOD_RISE_H = 3.0


@dataclass(frozen=True)
class Fold:
    """What may be learned from, and what is forecast afterwards or in between."""

    train: tuple[Period, ...]
    test: Period

    def __post_init__(self) -> None:
        for first, last in (*self.train, self.test):
            if not utc64(first) <= utc64(last):
                raise ValueError(f"a period must begin before it ends, got {first} to {last}.")
        for first, last in self.train:
            if first <= self.test[1] and self.test[0] <= last:
                raise ValueError(
                    f"training must not touch the test {self.test[0]} to {self.test[1]}, "
                    f"got {first} to {last}. Cut the training period."
                )


def backtest(model: LevelModel, observations: Observations, folds: Sequence[Fold]) -> LevelForecast:
    """Give what the model would have forecast at every time of the test periods.

    Each fold trains a copy of the model on its training periods alone (all else is blanked) and
    forecasts the whole test in one go; each forecast uses observations up to its issue time.

    Returns
    -------
        Dims (issued_at, gauge, lead, quantile), in order of issue time.

    Raises
    ------
    ValueError
        If there is no fold, tests overlap, or a test holds no time of the observations.
    """
    if not folds:
        raise ValueError("need at least 1 fold, got 0.")
    forecasts = [_fold(model, observations, fold) for fold in folds]
    joined = xr.concat(forecasts, dim="issued_at", data_vars="all", coords="different",
                       compat="equals", join="exact", combine_attrs="identical")  # fmt: skip
    joined = joined.sortby("issued_at")
    if joined.indexes["issued_at"].has_duplicates:
        raise ValueError("test periods must not overlap. Give each time to one fold.")
    return LevelForecast(joined)


def _fold(model: LevelModel, observations: Observations, fold: Fold) -> LevelForecast:
    times = observations["time"].values
    first, last = utc64(fold.test[0]), utc64(fold.test[1])
    issue_times = times[(times >= first) & (times <= last)]
    if not len(issue_times):
        raise ValueError(f"no observation lies in the test {first} to {last} UTC. Choose another.")
    fitted = copy.copy(model).fit(only(observations, fold.train))
    return fitted.predict_many(observations, issue_times)


def only(observations: Observations, periods: Sequence[Period]) -> Observations:
    """Give the observations of some periods; all between them is blanked, the ends are cut."""
    times = observations["time"].values
    inside = np.zeros(len(times), dtype=bool)
    for first, last in periods:
        inside |= (times >= utc64(first)) & (times <= utc64(last))
    if not inside.any():
        raise ValueError("no observation lies in the training periods. Choose others.")
    kept = slice(int(inside.argmax()), len(times) - int(inside[::-1].argmax()))
    mask = xr.DataArray(inside, dims="time", coords={"time": times})
    measured = [name for name in observations.data_vars if not str(name).endswith("_flag")]
    blanked = observations.assign({name: observations[name].where(mask) for name in measured})
    return Observations(blanked.isel(time=kept))


def scorecard(
    forecasts: Sequence[LevelForecast], observations: Observations, gauges: Sequence[Gauge]
) -> pd.DataFrame:
    """Give one row of scores per model, gauge and lead; errors are forecast median - observed.

    `skill` is 1 - MSE / MSE of the last good level on the same rows. `top100` and `top10` are
    the rows with the highest observed levels. `coverage90` is the share of observations between
    the 5 and 95 % quantiles; flood rows are those whose observed level or 3-h rise is among the
    highest 1 %. `n` counts rows where every model and the observation are known.

    Raises
    ------
    ValueError
        If persistence is not among the forecasts, or they were issued at different times.
    """
    names = [str(forecast.attrs["model_id"]) for forecast in forecasts]
    if "persistence" not in names:
        raise ValueError(f"persistence must be among the forecasts, got {sorted(names)}. Add it.")
    aligned = xr.align(*(forecast["level_m"] for forecast in forecasts), join="exact")
    wanted = {gauge.gauge_id for gauge in gauges}
    rows = []
    for gauge_id in (str(name) for name in aligned[0]["gauge"].values if str(name) in wanted):
        level = good_levels(observations, gauge_id)
        start = forecasts[names.index("persistence")]["last_level_m"].sel(gauge=gauge_id).values
        for lead in aligned[0]["lead"].values:
            truth = _Truth.at(observations, level, aligned[0]["issued_at"].values + lead)
            each = [part.sel(gauge=gauge_id, lead=lead).values for part in aligned]
            known = np.isfinite(truth.level_m) & np.isfinite(start)
            known &= np.all([np.isfinite(part).all(axis=1) for part in each], axis=0)
            lead_h = round(float(lead / np.timedelta64(3600, "s")), 4)
            for name, part in zip(names, each, strict=True):
                grid = np.asarray(aligned[0]["quantile"].values, dtype=float)
                one = _scores(part[known], grid, truth.keep(known), start[known])
                rows.append({"model": name, "gauge_id": gauge_id, "lead_h": lead_h, **one})
    return pd.DataFrame(rows, columns=list(SCORES))


@dataclass(frozen=True)
class _Truth:
    """What was observed at the valid times: level and its rise over 3 h."""

    level_m: Floats
    rise_m: Floats

    @classmethod
    def at(cls, observations: Observations, level: Floats, valid: np.ndarray) -> _Truth:
        before = np.timedelta64(round(FLOOD_RISE_H * 3600), "s")
        series = pd.Series(level, index=pd.DatetimeIndex(observations["time"].values))
        then = np.asarray(series.reindex(valid), dtype=float)
        earlier = np.asarray(series.reindex(valid - before), dtype=float)
        return cls(then, then - earlier)

    def keep(self, rows: np.ndarray) -> _Truth:
        return _Truth(self.level_m[rows], self.rise_m[rows])

    def flood(self) -> np.ndarray:
        """Tell the rows whose level or rise is among the highest."""
        return np.asarray(_highest_share(self.level_m) | _highest_share(self.rise_m))


def _highest_share(values: Floats) -> np.ndarray:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values >= np.quantile(known, 1 - FLOOD_SHARE))


def _scores(levels: Floats, quantiles: Floats, truth: _Truth, start: Floats) -> dict[str, float]:
    """Give the scores of levels (row, quantile) against the truth (row)."""
    observed = truth.level_m
    if not len(observed):
        return {"n": 0}
    error = levels[:, _at(quantiles, 0.5)] - observed
    order = np.argsort(-observed, kind="stable")
    low, high = levels[:, _at(quantiles, 0.05)], levels[:, _at(quantiles, 0.95)]
    inside = (low <= observed) & (observed <= high)
    flood = truth.flood()
    reference = np.mean((start - observed) ** 2)
    return {
        "n": len(observed),
        "rmse_m": _rms(error),
        "rmse_top100_m": _rms(error[order[:100]]),
        "rmse_top10_m": _rms(error[order[:10]]),
        "bias_top100_m": float(np.mean(error[order[:100]])),
        "skill": float(1 - np.mean(error**2) / reference) if reference > 0 else np.nan,
        "mae_m": float(np.mean(np.abs(error))),
        "coverage90": float(np.mean(inside)),
        "coverage90_flood": float(np.mean(inside[flood])) if flood.any() else np.nan,
        "crps_m": float(np.mean(crps(levels, quantiles, observed))),
    }


def _at(quantiles: Floats, wanted: float) -> int:
    found = np.flatnonzero(np.isclose(quantiles, wanted))
    if not len(found):
        raise ValueError(f"quantiles must hold {wanted}, got {[float(q) for q in quantiles]}.")
    return int(found[0])


def _rms(error: Floats) -> float:
    return float(np.sqrt(np.mean(error**2)))


def crps(levels: Floats, quantiles: Floats, observed: Floats) -> Floats:
    """Give the continuous ranked probability score (row), twice the mean pinball loss. [m]

    Each quantile stands for the probabilities nearest to it, the outer ones up to 0 and 1.
    """
    edges = np.concatenate([[0.0], (quantiles[1:] + quantiles[:-1]) / 2, [1.0]])
    error = observed[:, None] - levels
    pinball = np.maximum(quantiles * error, (quantiles - 1) * error)
    return np.asarray(2 * pinball @ np.diff(edges))
