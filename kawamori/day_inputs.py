"""What a desk would have been told at one time of a documented day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import xarray as xr

from advisory.types import Bin, Level, Report, Warning, Warnings
from forecasting.types import MISSING, Exceedance, Observations, check_observations, utc64
from forecasting.types import THRESHOLDS as NAMES
from kawamori.city import City
from kawamori.days import BinFact, Day, Fact, WarningFact

STEP = timedelta(minutes=30)
MARKS = {True: "【再現・仮定】", False: "【再現】"}


@dataclass(frozen=True)
class Telling:
    """Which facts count: with or without those reconstructed, and those of one comparison."""

    name: str
    assumed: bool = True
    what_if: str = ""

    def counts(self, fact: Fact) -> bool:
        """Tell whether a fact counts."""
        return (self.assumed or not fact.assumed) and fact.what_if in ("", self.what_if)


PUBLISHED = Telling("公表された事実だけ", assumed=False)
WHOLE = Telling("再構成を含む")


def warnings_at(day: Day, telling: Telling, city: City, issued_at: datetime) -> Warnings:
    """Give the official warnings of an issue time, as today's telegrams would have put them.

    Of several time series of one hazard the newest counts. The feed counts as alive (仮定)
    wherever reconstructed facts count, otherwise from the first published warning on.
    """
    active = tuple(
        _warning(one, city) for one in day.warnings if one.at <= issued_at and telling.counts(one)
    )
    known = [one for one in day.bins if one.at <= issued_at and telling.counts(one)]
    newest: dict[tuple[str, str], datetime] = {}
    for one in known:
        key = (one.hazard, one.local)
        newest[key] = max(one.at, newest.get(key, one.at))
    bins = tuple(_bin(one, city) for one in known if one.at == newest[one.hazard, one.local])
    return Warnings(issued_at if telling.assumed or active else None, active, bins)


def reports_at(day: Day, telling: Telling, issued_at: datetime) -> tuple[Report, ...]:
    """Give the reports from the ground up to an issue time."""
    return tuple(
        Report(
            one.report, one.at, one.by, MARKS[one.assumed] + one.text,
            one.districts, one.gauges,
        )
        for one in day.reports
        if one.at <= issued_at and telling.counts(one)
    )  # fmt: skip


def sparse_series(day: Day, telling: Telling, city: City) -> Observations:
    """Give the day's series in half hours: the levels that were told, and nothing else.

    A level counts from the first half hour at or after its time. Rain is missing throughout.
    """
    steps = int((day.end - day.start) / STEP) + 1
    times = utc64(day.start) + np.arange(steps) * np.timedelta64(STEP)
    gauges = [gauge.gauge_id for gauge in city.gauges]
    rain_gauges = [one.rain_gauge_id for one in city.rain_gauges]
    level_m = np.full((steps, len(gauges)), np.nan, dtype="float32")
    for one in day.levels:
        if telling.counts(one):
            level_m[np.searchsorted(times, utc64(one.at)), gauges.index(one.gauge)] = one.level_m
    silent = np.full((steps, len(rain_gauges)), np.nan, dtype="float32")
    flags = np.where(np.isnan(level_m), MISSING, 0).astype("int8")
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), level_m),
                "rain_mm": (("time", "rain_gauge"), silent),
                "level_flag": (("time", "gauge"), flags),
                "rain_flag": (("time", "rain_gauge"), np.full(silent.shape, MISSING, "int8")),
            },
            coords={"time": times, "gauge": gauges, "rain_gauge": rain_gauges},
        )
    )


def no_forecast() -> Exceedance:
    """Give probabilities of no gauge at all: every river is then unknown, never calm."""
    empty = np.full((0, len(NAMES), 0), np.nan)
    coords = {"gauge": np.array([], dtype=str), "threshold": list(NAMES), "lead": []}
    return Exceedance(
        xr.Dataset({"probability": (("gauge", "threshold", "lead"), empty)}, coords=coords)
    )


def _warning(one: WarningFact, city: City) -> Warning:
    return Warning(
        telegram_id=f"再現/{one.name}/{one.kind}",
        kind=MARKS[one.assumed] + one.name,
        level=Level(one.level),
        area_codes=() if one.gauges else (city.code,),
        gauge_ids=one.gauges,
        issued_at=one.at,
        valid_until=one.until,
        hazard=one.hazard,
        grade=one.grade,
    )


def _bin(one: BinFact, city: City) -> Bin:
    return Bin(
        area_code=city.code,
        area_name=city.name,
        hazard=one.hazard,
        start=one.first,
        end=one.last,
        level=Level(one.level),
        grade=one.grade,
        local=one.local,
        telegram_id=f"再現/時系列/{one.kind}",
        issued_at=one.at,
    )
