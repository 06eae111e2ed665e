"""Gauges, observed series and forecasts: the arrays that every later package reads.

Times are UTC. Inside arrays they are ``datetime64[ns]`` without zone (UTC by rule, stated in
the attributes); at the seams they are aware ``datetime`` values. ``level_m`` is above gauge zero.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal, NewType

import numpy as np
import xarray as xr

RiverClass = Literal["forecast", "notified", "other"]
# stage: reports all the time; crisis: 危機管理型水位計, once a day below its start level
Sensor = Literal["stage", "crisis"]

# Data flags: the QARTOD scheme [1]_ that ioos_qc and saqc also write.
# .. [1] https://ioos.noaa.gov/project/qartod/
GOOD, NOT_EVALUATED, SUSPECT, BAD, MISSING = 1, 2, 3, 4, 9
FLAG_ATTRS = {
    "flag_values": np.array([GOOD, NOT_EVALUATED, SUSPECT, BAD, MISSING], dtype="int8"),
    "flag_meanings": "good not_evaluated suspect bad missing",
}

THRESHOLDS = ("standby", "caution", "judgment", "danger", "overflow")


@dataclass(frozen=True)
class Thresholds:
    """The five official levels of a gauge, each may be None. [m above gauge zero]

    水防団待機 standby, 氾濫注意 caution, 避難判断 judgment, 氾濫危険 danger, 氾濫発生 overflow.
    """

    standby: float | None = None
    caution: float | None = None
    judgment: float | None = None
    danger: float | None = None
    overflow: float | None = None

    def __post_init__(self) -> None:
        known = [(f.name, getattr(self, f.name)) for f in fields(self)]
        known = [(name, level) for name, level in known if level is not None]
        for (lower, low), (upper, high) in pairwise(known):
            if high < low:
                raise ValueError(
                    f"threshold {upper} must be >= {lower}, got {high} < {low} m. "
                    "Correct the thresholds of this gauge."
                )

    def items(self) -> list[tuple[str, float]]:
        """Give the known thresholds as (name, level_m), lowest first."""
        levels = [(name, getattr(self, name)) for name in THRESHOLDS]
        return [(name, float(level)) for name, level in levels if level is not None]


@dataclass(frozen=True)
class Gauge:
    """A water-level station with its official levels and what feeds it."""

    gauge_id: str
    name: str
    river: str
    lon: float
    lat: float
    thresholds: Thresholds = Thresholds()
    river_class: RiverClass = "other"
    zero_elevation_m: float | None = None  # gauge zero above T.P.; None = unknown
    upstream: tuple[str, ...] = ()
    rain_gauges: tuple[str, ...] = ()
    sensor: Sensor = "stage"


@dataclass(frozen=True)
class RainGauge:
    """A rain station."""

    rain_gauge_id: str
    name: str
    lon: float
    lat: float


# level_m, level_flag (time, gauge); rain_mm, rain_flag (time, rain_gauge); optionally
# dam_inflow_m3s, dam_release_m3s (time, dam). Fixed step; a stamp is the interval's end, UTC.
Observations = NewType("Observations", xr.Dataset)
# Rain of the lead window as known at issue time, ([issued_at,] lead, rain_gauge, member)
# [mm per step]; made and checked in forecasting/rain.py.
RainForecast = NewType("RainForecast", xr.DataArray)
# level_m (gauge, lead, quantile), a backtest adds issued_at; model_used (gauge); lead timedelta64.
LevelForecast = NewType("LevelForecast", xr.Dataset)
# probability (gauge, threshold, lead) 0-1, NaN = unknown;
# first_passage_h (gauge, threshold, quantile), inf = not within the horizon, NaN = unknown.
Exceedance = NewType("Exceedance", xr.Dataset)

OBSERVATION_DIMS = {
    "level_m": ("time", "gauge"),
    "level_flag": ("time", "gauge"),
    "rain_mm": ("time", "rain_gauge"),
    "rain_flag": ("time", "rain_gauge"),
    "dam_inflow_m3s": ("time", "dam"),
    "dam_release_m3s": ("time", "dam"),
}
CF_ATTRS: dict[str, dict[str, Any]] = {
    "level_m": {"units": "m", "long_name": "water level above gauge zero"},
    "rain_mm": {
        "units": "mm",
        "standard_name": "thickness_of_rainfall_amount",
        "cell_methods": "time: sum",
    },
    "dam_inflow_m3s": {"units": "m3 s-1", "long_name": "dam inflow"},
    "dam_release_m3s": {"units": "m3 s-1", "long_name": "dam release"},
    "level_flag": {"long_name": "quality of level_m", **FLAG_ATTRS},
    "rain_flag": {"long_name": "quality of rain_mm", **FLAG_ATTRS},
}


def check_observations(dataset: xr.Dataset) -> Observations:
    """Give the dataset as `Observations` with CF attributes, or raise naming every fault.

    Raises
    ------
    ValueError
        If a variable, dimension or flag is missing, or the time step is not fixed and rising.
    """
    faults = [f"{name} is missing" for name in ("level_m", "rain_mm") if name not in dataset]
    for name, dims in OBSERVATION_DIMS.items():
        if name in dataset and dataset[name].dims != dims:
            faults.append(f"{name} must have dims {dims}, got {dataset[name].dims}")
    for name in ("level", "rain"):
        if f"{name}_flag" not in dataset:
            faults.append(f"{name}_flag is missing")
    if dataset.sizes.get("time", 0) > 1:
        steps = np.unique(np.diff(dataset["time"].values))
        if len(steps) != 1 or steps[0] <= np.timedelta64(0, "ns"):
            faults.append(f"time must rise by one fixed step, got steps {steps[:3]}")
    if faults:
        raise ValueError("Observations are not usable: " + "; ".join(faults) + ".")
    checked = dataset.copy()
    for name, attrs in CF_ATTRS.items():
        if name in checked:
            checked[name].attrs.update(attrs)
    checked["time"].attrs.update({"standard_name": "time", "comment": "UTC, end of the interval"})
    checked.attrs.setdefault("Conventions", "CF-1.11")
    return Observations(checked)


def step_of(observations: Observations) -> np.timedelta64:
    """Give the fixed time step."""
    times = observations["time"].values
    if len(times) < 2:
        raise ValueError(f"need at least 2 times to know the step, got {len(times)}.")
    return np.timedelta64(times[1] - times[0], "ns")


def utc64(moment: datetime) -> np.datetime64:
    """Give an aware datetime as UTC datetime64[ns]; a naive one is refused."""
    if moment.tzinfo is None:
        raise ValueError(f"time must be aware (with a zone), got {moment.isoformat()}.")
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ns")


def aware(moment: np.datetime64) -> datetime:
    """Give a UTC datetime64 as an aware datetime."""
    return datetime.fromtimestamp(moment.astype("datetime64[s]").astype(int), tz=UTC)
