"""Series on a fixed UTC grid as `Observations`: what is absent becomes NaN with its flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """What a series is, where it comes from and who must be named."""

    title: str
    source: str
    credit: str


@dataclass(frozen=True)
class Table:
    """Series by id; the index is UTC without zone, `flags` overrules the flag of single values."""

    values: pd.DataFrame
    flags: pd.DataFrame = field(default_factory=pd.DataFrame)


def fixed_grid(start: datetime, end: datetime, step: pd.Timedelta) -> pd.DatetimeIndex:
    """Give the whole steps from `start` to `end`, both included. [UTC without zone]

    Raises
    ------
    ValueError
        If a time is naive or `end` is before `start`.
    """
    first, last = pd.Timestamp(utc64(start)).ceil(step), pd.Timestamp(utc64(end)).floor(step)
    if last < first:
        raise ValueError(
            f"end must be after start by at least one step of {step}, got {start} to {end}."
        )
    return pd.date_range(first, last, freq=step, unit="ns")


def rain_gauges_of(gauges: Iterable[Gauge]) -> tuple[str, ...]:
    """Give the ids of the rain gauges that feed `gauges`, each once, in order."""
    return tuple(dict.fromkeys(name for gauge in gauges for name in gauge.rain_gauges))


def on_grid(
    grid: pd.DatetimeIndex,
    level: Table,
    rain: Table,
    credit: Credit,
    *,
    dams: Mapping[str, pd.DataFrame] | None = None,
) -> Observations:
    """Give the series on `grid` as `Observations`; absent values are NaN and flagged MISSING.

    Parameters
    ----------
    level, rain
        One column per gauge [m above gauge zero] and per rain gauge [mm per step].
    dams
        `dam_inflow_m3s` and `dam_release_m3s`, one column per dam. [m3/s]
    """
    data: dict[str, tuple[Sequence[str], np.ndarray]] = {}
    coords: dict[str, object] = {"time": grid}
    for name, dim, unit, table in (
        ("level", "gauge", "m", level),
        ("rain", "rain_gauge", "mm", rain),
    ):
        values = table.values.reindex(grid)
        flags = pd.DataFrame(NOT_EVALUATED, index=grid, columns=values.columns, dtype="int8")
        flags = flags.mask(values.isna(), MISSING)
        if not table.flags.empty:
            own = table.flags.reindex(index=grid, columns=values.columns)
            flags = flags.mask(own.notna(), own.fillna(MISSING))
        coords[dim] = np.array(list(values.columns), dtype=str)
        data[f"{name}_{unit}"] = (("time", dim), values.to_numpy(dtype="float64"))
        data[f"{name}_flag"] = (("time", dim), flags.to_numpy(dtype="int8"))
    for name, frame in (dams or {}).items():
        coords["dam"] = np.array(list(frame.columns), dtype=str)
        data[name] = (("time", "dam"), frame.reindex(grid).to_numpy(dtype="float64"))
    dataset = xr.Dataset(data, coords=coords)
    dataset.attrs.update(title=credit.title, source=credit.source, credit=credit.credit)
    return check_observations(dataset)
