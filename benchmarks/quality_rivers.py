"""Rivers nobody here has seen (模擬): clean ones, of which nothing may be refused, and faulty ones.

A clean river is told by how it moves, a fault by what the sensor does in a flood or in calm water.
Steps, sizes and zeros differ; a fixed seed makes the ripples of 1 cm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.quality import flag
from forecasting.types import (
    BAD,
    NOT_EVALUATED,
    SUSPECT,
    Gauge,
    Observations,
    Thresholds,
    check_observations,
)

TEN_MIN, MINUTE, HOUR = 1 / 6, 1 / 60, 1.0
SEED = 0
OFFICIAL = Thresholds(standby=2.0, caution=3.0, judgment=4.0, danger=5.0, overflow=6.0)
Floats = np.ndarray


@dataclass(frozen=True)
class River:
    """A level, the step, rain per step and which readings are faulty; None = none or clean."""

    level_m: Floats
    step_h: float = TEN_MIN
    rain_mm: Floats | None = None
    faulty: Floats | None = None
    thresholds: Thresholds = OFFICIAL


def _hours(days: float, step_h: float = TEN_MIN) -> Floats:
    return np.arange(0, days * 24, step_h)


def _rippled(level: Floats, cm: float = 1.0) -> Floats:
    ripple = np.random.default_rng(SEED).normal(0, 0.006, len(level))
    return np.round((level + ripple) * 100 / cm) * cm / 100


def _flood(hours: Floats, top_m: float, at_h: float, rise_h: float, fall_h: float) -> Floats:
    """Give a flood that rises and falls the more slowly the nearer it is to its top."""
    away = hours - at_h
    return np.asarray(top_m * np.exp(-((away / np.where(away < 0, rise_h, fall_h)) ** 2)))


def _tide() -> River:
    hours = _hours(30)
    level = 0.8 * np.sin(hours * 2 * np.pi / 12.42) + 0.2 * np.sin(hours * 2 * np.pi / 24.07)
    return River(_rippled(level - 0.4))


def _snowmelt() -> River:
    hours = _hours(40)
    return River(_rippled(1.2 + 0.2 * np.sin(hours * 2 * np.pi / 24) + hours / 2000))


def _dam() -> River:
    level = np.full(600, 0.8)
    level[200:212] += np.linspace(0.4, 4.4, 12)  # 37 cm in 10 min
    level[212:400] = 5.2
    level[400:412] = np.linspace(4.8, 0.8, 12)
    return River(_rippled(level))


def _gate() -> River:
    level = np.full(600, 0.5)
    level[150:300] += 1.2  # lifted in 10 min
    return River(_rippled(level))


def _dry() -> River:
    hours = _hours(60)
    level = _flood(hours, 2.4, 50 * 24, 0.5, 3).round(2)
    rain = np.full(len(hours), 3.0 / 144)  # 3 mm a day, and 25 mm that the bed drinks
    rain[4000:4036] += 25 / 36
    return River(np.where(level < 0.05, 0.0, level), rain_mm=rain)


def _overtopped() -> River:
    hours = _hours(10)
    level = np.minimum(0.8 + _flood(hours, 7.0, 120, 3, 14), 6.3)
    return River(_rippled(level))  # over the banks: the top is flat but for ripples


def _gappy() -> River:
    level = _rippled(0.6 + _flood(_hours(20), 4.5, 240, 4, 20))
    return River(np.where(np.random.default_rng(1).random(len(level)) < 0.4, np.nan, level))


CLEAN: dict[str, Callable[[], River]] = {
    "tide, 10 min": _tide,
    "snow-melt, 10 min": _snowmelt,
    "dam that lets go, 10 min": _dam,
    "gate that is lifted, 10 min": _gate,
    "dry bed and flash flood, 10 min": _dry,
    "over its banks, 10 min": _overtopped,
    "four of ten readings lost": _gappy,
    "5 cm steps, hourly": lambda: River(
        _rippled(0.5 + _flood(_hours(60, HOUR), 3.2, 700, 6, 40), 5), HOUR),
    "every minute": lambda: River(
        _rippled(0.4 + _flood(_hours(3, MINUTE), 3.0, 40, 0.6, 2)), MINUTE),
    "6 m in an hour, 10 min": lambda: River(_rippled(0.4 + _flood(_hours(10), 7.5, 120, 1.1, 6))),
    "below its zero, hourly": lambda: River(
        _rippled(-2.2 + _flood(_hours(30, HOUR), 1.5, 400, 8, 40), 1), HOUR),
    "345 m above the sea": lambda: River(
        _rippled(345 + _flood(_hours(20), 4.0, 240, 5, 30)), thresholds=Thresholds()),
}  # fmt: skip


def _rough() -> Floats:
    """Give a flood of 5.9 m, above every official level at hour 120."""
    return _rippled(0.4 + _flood(_hours(10), 5.5, 120, 4, 12))


def _fault(change: Callable[[Floats], Floats], *, rain_mm_h: float = 0.0) -> River:
    """Give the flood with a fault, and the readings that it changed."""
    true = _rough()
    told = change(true.copy())
    rain = np.full(len(true), rain_mm_h / 6)
    return River(told, rain_mm=rain, faulty=~np.isclose(told, true))


def _frozen_at_top(level: Floats) -> Floats:
    told: Floats = np.minimum(level, 4.5)
    return told  # the end of its range, in the rise of 1 m an hour


def _zeros(level: Floats) -> Floats:
    level[700:712] = 0.0  # two hours before the top
    return level


def _twin_spikes(level: Floats) -> Floats:
    for row in (100, 300, 500, 1000, 1200):
        level[row : row + 2] += 3.0
    return level


def _moved_and_back(level: Floats) -> Floats:
    level[200:500] += 0.32
    return level


def _marks(level: Floats) -> Floats:
    level[[0, 100, 715, 900]] = [-9999.99, 9999.0, -999.0, 32767.0]
    return level


FAULTY: dict[str, Callable[[], River]] = {
    "frozen at the top of its range": lambda: _fault(_frozen_at_top),
    "the same in 20 mm/h": lambda: _fault(_frozen_at_top, rain_mm_h=20.0),
    "two hours of 0.00 in the flood": lambda: _fault(_zeros),
    "spikes of two readings, 3 m": lambda: _fault(_twin_spikes),
    "zero +0.32 m and back": lambda: _fault(_moved_and_back),
    "marks of missing values": lambda: _fault(_marks),
}


def river_rates() -> dict[str, Any]:
    """Give what is doubted and refused of each river, at the desk."""
    clean = {name: _shares(make()) for name, make in CLEAN.items()}
    faulty = {name: _shares(make()) for name, make in FAULTY.items()}
    return {"clean": clean, "faulty": faulty}


def _shares(river: River) -> dict[str, Any]:
    flags = flag(_observed(river), [_gauge(river)])["level_flag"].values[:, 0]
    known = np.isfinite(river.level_m)
    faulty = np.zeros(len(known), dtype=bool) if river.faulty is None else river.faulty
    doubted, refused = np.isin(flags, (SUSPECT, BAD)), flags == BAD
    told: dict[str, Any] = {
        "readings": int(known.sum()),
        "false_flags": int((doubted & known & ~faulty).sum()),
        "false_refused": int((refused & known & ~faulty).sum()),
    }
    if faulty.any():
        first = np.flatnonzero(faulty & doubted)
        told["hit_rate"] = float(doubted[faulty].mean())
        told["refused_rate"] = float(refused[faulty].mean())
        if first.size:
            told["first_after_min"] = float((first[0] - np.argmax(faulty)) * river.step_h * 60)
    return told


def _gauge(river: River) -> Gauge:
    return Gauge("g", "", "", 140.0, 37.0, thresholds=river.thresholds, rain_gauges=("r",))


def _observed(river: River) -> Observations:
    level = river.level_m[:, None]
    rain = np.full(level.shape, np.nan) if river.rain_mm is None else river.rain_mm[:, None]
    flags = np.full(level.shape, NOT_EVALUATED, dtype="int8")
    step = pd.Timedelta(seconds=round(river.step_h * 3600))
    time = pd.date_range("2026-06-01", periods=len(level), freq=step, unit="ns")
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), level), "level_flag": (("time", "gauge"), flags),
                "rain_mm": (("time", "rain_gauge"), rain),
                "rain_flag": (("time", "rain_gauge"), flags),
            },
            coords={"time": time, "gauge": ["g"], "rain_gauge": ["r"]},
        )
    )  # fmt: skip
