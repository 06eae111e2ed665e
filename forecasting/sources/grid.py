"""Series on a fixed UTC grid as `Observations`: what is absent becomes NaN with its flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.types import (
    MISSING,
    NOT_EVALUATED,
    Gauge,
    Observations,
    check_observations,
    utc64,
)

HOUR = pd.Timedelta(hours=1)
TEN_MINUTES = pd.Timedelta(minutes=10)


@dataclass(frozen=True)
class Credit:
    """What a series is, where it comes from, who must be named, and what to know about it."""

    title: str
    source: str
    credit: str
    comment: str = ""


def fixed_grid(start: datetime, end: datetime, step: pd.Timedelta) -> pd.DatetimeIndex:
    """Give the whole steps from `start` to `end`, both included. [UTC without zone]

    Raises
    ------
    ValueError
        If a time is naive or there is no whole step between the two.
    """
    first, last = pd.Timestamp(utc64(start)).ceil(step), pd.Timestamp(utc64(end)).floor(step)
    if last < first:
        raise ValueError(
            f"start to end must hold at least one whole step of {step}, got {start} to {end}. "
            "Choose a later end."
        )
    return pd.date_range(first, last, freq=step, unit="ns")


def rain_gauges_of(gauges: Iterable[Gauge]) -> tuple[str, ...]:
    """Give the ids of the rain gauges that feed `gauges`, each once, in order."""
    return tuple(dict.fromkeys(name for gauge in gauges for name in gauge.rain_gauges))


def absent(names: Iterable[str]) -> pd.DataFrame:
    """Give a frame without any value for `names`, for what a feed does not carry."""
    return pd.DataFrame(columns=list(names), index=pd.DatetimeIndex([]), dtype="float64")


def on_grid(
    grid: pd.DatetimeIndex,
    level_m: pd.DataFrame,
    rain_mm: pd.DataFrame,
    credit: Credit,
    *,
    rain_flags: pd.DataFrame | None = None,
    dams: Mapping[str, pd.DataFrame] | None = None,
) -> Observations:
    """Give series (index: UTC without zone) on `grid` as `Observations`.

    Parameters
    ----------
    level_m, rain_mm
        One column per gauge [m above gauge zero] and per rain gauge [mm per step]. What is absent
        becomes NaN and is flagged MISSING, the rest is flagged NOT_EVALUATED.
    rain_flags
        Flags known to the reader, like `rain_mm`; NaN where it has nothing to say.
    dams
        `dam_inflow_m3s` and `dam_release_m3s`, one column per dam. [m3/s]
    """
    data = _with_flags("level", "gauge", "level_m", level_m.reindex(grid), None)
    data |= _with_flags("rain", "rain_gauge", "rain_mm", rain_mm.reindex(grid), rain_flags)
    coords = {"time": grid, "gauge": _ids(level_m), "rain_gauge": _ids(rain_mm)}
    for name, frame in (dams or {}).items():
        coords["dam"] = _ids(frame)
        data[name] = (("time", "dam"), frame.reindex(grid).to_numpy(dtype="float64"))
    dataset = xr.Dataset(data, coords=coords)
    dataset.attrs.update(title=credit.title, source=credit.source, credit=credit.credit)
    if credit.comment:
        dataset.attrs["comment"] = credit.comment
    return check_observations(dataset)


def _with_flags(
    name: str, dim: str, variable: str, values: pd.DataFrame, known: pd.DataFrame | None
) -> dict[str, tuple[tuple[str, str], np.ndarray]]:
    numbers = values.to_numpy(dtype="float64")
    flags = np.where(np.isnan(numbers), MISSING, NOT_EVALUATED)
    if known is not None:
        said = known.reindex_like(values).to_numpy(dtype="float64")
        flags = np.where(np.isnan(said), flags, np.nan_to_num(said))
    return {
        variable: (("time", dim), numbers),
        f"{name}_flag": (("time", dim), flags.astype("int8")),
    }


def _ids(frame: pd.DataFrame) -> np.ndarray:
    return np.array([str(name) for name in frame.columns], dtype=str)
