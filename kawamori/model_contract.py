"""What every level model must hold to, tried on a fitted one: before its figures are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.models import LevelModel
from forecasting.packing import pack, unpack
from forecasting.types import LevelForecast, Observations, aware

SILENT_STEPS = 12  # at least; and at least two days
MOST_M = 1e-6
AGO = np.timedelta64(2, "D")
FUTURE = 99.0  # written over everything after the issue time


def contract_faults(
    model: LevelModel, observations: Observations, issue_times: NDArray[np.datetime64]
) -> list[str]:
    """Give what a fitted model breaks, each as one sentence; empty = it may be judged.

    Parameters
    ----------
    issue_times
        Rising; the first one needs a level in `observations`.
    """
    checks: Mapping[str, Callable[[], bool]] = {
        "quantiles must not cross": lambda: _ordered(_told(model, observations, issue_times)),
        "many forecasts at once must be those one by one": lambda: _alike(
            model, observations, issue_times
        ),
        "nothing after the issue time may change a forecast": lambda: _blind(
            model, observations, issue_times[0]
        ),
        "a gauge that is silent must get no forecast": lambda: _silent(
            model, observations, issue_times[0]
        ),
        "a model that is kept and read again must forecast the same bits": lambda: _kept(
            model, observations, issue_times
        ),
    }
    return [sentence for sentence, holds in checks.items() if not holds()]


def _told(
    model: LevelModel, observations: Observations, times: NDArray[np.datetime64]
) -> LevelForecast:
    return model.predict_many(observations, times)


def _ordered(forecast: LevelForecast) -> bool:
    steps = forecast["level_m"].diff("quantile").values
    return bool(np.isfinite(steps).any() and (steps[np.isfinite(steps)] >= 0).all())


def _alike(model: LevelModel, observations: Observations, times: NDArray[np.datetime64]) -> bool:
    many = _told(model, observations, times)["level_m"].values
    each = [model.predict(observations, issued_at=aware(one))["level_m"].values for one in times]
    return bool(np.allclose(many, np.stack(each), atol=MOST_M, equal_nan=True))


def _blind(model: LevelModel, observations: Observations, issued_at: np.datetime64) -> bool:
    later = xr.DataArray(observations["time"].values > issued_at, dims="time",
                         coords={"time": observations["time"].values})  # fmt: skip
    measured = [name for name in observations.data_vars if not str(name).endswith("_flag")]
    changed = observations.assign({name: observations[name].where(~later, FUTURE)
                                   for name in measured})  # fmt: skip
    at = np.array([issued_at])
    return _same(_told(model, observations, at), _told(model, Observations(changed), at))


def _silent(model: LevelModel, observations: Observations, issued_at: np.datetime64) -> bool:
    times = observations["time"].values
    here = int(np.searchsorted(times, issued_at))
    out = (times > issued_at - AGO) & (times <= issued_at)
    out |= (np.arange(len(times)) > here - SILENT_STEPS) & (np.arange(len(times)) <= here)
    heard = xr.DataArray(~out, dims="time", coords={"time": times})
    blank = Observations(observations.assign(level_m=observations["level_m"].where(heard)))
    told = _told(model, blank, np.array([issued_at]))
    return bool(told["level_m"].isnull().all() and (told["model_used"].values == "none").all())


def _kept(model: LevelModel, observations: Observations, times: NDArray[np.datetime64]) -> bool:
    again = type(model).from_state(unpack(pack(model.state())))
    return _same(_told(model, observations, times), _told(again, observations, times))


def _same(one: LevelForecast, other: LevelForecast) -> bool:
    return bool(np.array_equal(one["level_m"].values, other["level_m"].values, equal_nan=True))
