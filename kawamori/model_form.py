"""The form of what a model gives: what `train` refuses before anything is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.frame import LevelFrame
from forecasting.intervals import QUANTILES
from forecasting.types import LevelForecast

DIMS = ("issued_at", "gauge", "lead", "quantile")
BESIDE_LEVELS = ("last_level_m", "last_level_age_h", "model_used")
HOUR = np.timedelta64(1, "h")
TOLERANCE_M = 1e-9  # below which quantiles count as equal


def check_kind(name: str, kind: Any) -> type[LevelFrame]:
    """Give the class of a model by the name under which it is asked for.

    Raises
    ------
    ValueError
        If it is no level model, or calls itself by another name.
    """
    if not (isinstance(kind, type) and issubclass(kind, LevelFrame)):
        raise ValueError(
            f"model {name!r} must be a subclass of RiseModel or LevelFrame, got {kind!r}. "
            "Notebook 04 shows one."
        )
    told = getattr(kind, "model_id", None)
    if told != name:
        raise ValueError(
            f"model {name!r} must have model_id {name!r}, got {told!r}. "
            "Give model_id and the key in `models` the same name."
        )
    return kind


def check_form(
    forecast: Any, model: LevelFrame, issue_times: NDArray[np.datetime64]
) -> LevelForecast:
    """Give a forecast of many issue times if it has the form that all models share.

    Raises
    ------
    ValueError
        Naming every fault: dims, gauges, leads, quantiles or times that differ from what was
        asked, quantiles that cross, levels that are infinite, or no level at all at some lead.
    """
    faults = _faults(forecast, model, issue_times)
    if faults:
        raise ValueError("; ".join(faults) + ". Correct predict_many.")
    return LevelForecast(forecast)


def _faults(forecast: Any, model: LevelFrame, times: NDArray[np.datetime64]) -> list[str]:
    if not isinstance(forecast, xr.Dataset):
        return [f"predict_many must give a Dataset, got {type(forecast).__name__}"]
    lacking = [name for name in ("level_m", *BESIDE_LEVELS) if name not in forecast]
    if lacking:
        return [f"a forecast must hold level_m and {list(BESIDE_LEVELS)}, lacks {lacking}"]
    levels = forecast["level_m"]
    if levels.dims != DIMS:
        return [f"level_m must have dims {DIMS}, got {levels.dims}"]
    wanted: Mapping[str, Any] = {
        "issued_at": times.astype("datetime64[ns]"),
        "gauge": np.array(model.targets),
        "lead": np.array([np.timedelta64(lead, "ns") for lead in model.leads]),
        "quantile": np.array(QUANTILES),
    }
    differ = [f"{name} must be {_shown(values)}, got {_shown(levels[name].values)}"
              for name, values in wanted.items()
              if not np.array_equal(levels[name].values, values)]  # fmt: skip
    return differ or _level_faults(levels, forecast["last_level_m"])


def _level_faults(levels: xr.DataArray, last_m: xr.DataArray) -> list[str]:
    faults, values = [], levels.values
    if infinite := int(np.isinf(values).sum()):
        faults.append(f"levels must be finite or NaN, got {infinite} infinite ones")
    finite = np.where(np.isfinite(values), values, np.nan)
    crossing = (np.diff(finite, axis=-1) < -TOLERANCE_M).any(axis=-1)
    if crossing.any():
        faults.append(f"quantiles must not cross, they do in {int(crossing.sum())} of "
                      f"{crossing.size} forecasts: sort them")  # fmt: skip
    known = np.isfinite(values).all(axis=-1).any(axis=0)  # (gauge, lead)
    heard = np.isfinite(last_m.values).any(axis=0)[:, None]
    silent = [f"{levels['gauge'].values[row]} {levels['lead'].values[column] / HOUR:g} h"
              for row, column in np.argwhere(heard & ~known)]  # fmt: skip
    if silent:
        faults.append("a gauge with recent levels must get a forecast at each lead, there is none "
                      f"at {', '.join(silent)}")  # fmt: skip
    return faults


def _shown(values: NDArray[Any]) -> str:
    """Give a few values, leads in hours, and how many there are."""
    if values.dtype.kind == "m":
        values = values / HOUR
    told = ", ".join(str(one) for one in values[:12].tolist())
    return f"{len(values)} ({told})" if len(values) <= 12 and values.dtype.kind != "M" else (
        f"{len(values)} values"
    )  # fmt: skip
