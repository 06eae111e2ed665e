"""The situation as rows: gauges by danger, advice by deadline, ages, what is unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from advisory.types import Advice, GaugeState, Level, Reason
from forecasting.types import BAD, MISSING, Gauge, aware
from kawamori.doubted import doubtful, refused
from kawamori.run import Run
from kawamori.situation_words import WORDS, told
from kawamori.ungauged import Danger, in_force
from kawamori.words import THRESHOLD_LEVELS

Values = NDArray[np.float64]
OLD_MIN = 60.0  # a reading older than this is marked; what counts as stale is for policy.toml
MEDIAN, EARLIEST = 0.5, 0.0  # quantiles of the passage time; the earliest one that is stored


@dataclass(frozen=True)
class GaugeRow:
    """A gauge at a time; None = unknown, inf = not within the forecast."""

    gauge: Gauge
    level: Level  # the highest official level reached; UNKNOWN without a reading or thresholds
    reached: str | None  # name of that threshold; None = below all of them
    state: GaugeState | None
    age_min: float | None
    next_name: str | None
    next_level_m: float | None
    probability: float | None
    passage_min: float | None
    early_passage_min: float | None
    why_unknown: str

    @property
    def old(self) -> bool:
        """Tell whether the reading is older than `OLD_MIN`, or there is none."""
        return self.age_min is None or self.age_min > OLD_MIN


@dataclass(frozen=True)
class Age:
    """How old one feed is."""

    feed: str
    text: str
    late: bool


def gauge_rows(run: Run, *, at: datetime | None = None, language: str = "ja") -> list[GaugeRow]:
    """Give the gauges, most dangerous first; an UNKNOWN one comes before all that are calm.

    Readings are as old as they are `at` that time; None = at issue time.
    """
    states = {state.gauge_id: state for state in run.states}
    seen = at or run.issued_at
    rows = [
        _gauge_row(run, gauge, states.get(gauge.gauge_id), seen, language)
        for gauge in run.city.gauges
    ]
    return sorted(rows, key=_danger)


def advice_rows(run: Run) -> list[Advice]:
    """Give the advice, earliest deadline first, then UNKNOWN, then the rest by level.

    Level 3 and above without a known deadline counts as due at issue time.
    """

    def order(advice: Advice) -> tuple[int, datetime, int, str]:
        due = advice.issue_by or run.issued_at
        if advice.issue_by is not None or advice.level >= Level.ELDERLY:
            return (0, due, -advice.level, advice.district_id)
        return (1 if advice.level is Level.UNKNOWN else 2, due, -advice.level, advice.district_id)

    return sorted(run.advice, key=order)


def pressing(advice: Advice) -> bool:
    """Tell whether an officer must act on it or look into it now."""
    known = advice.level >= Level.ELDERLY or advice.issue_by is not None
    return known or advice.level is Level.UNKNOWN


def weighed(advice: Advice, reasons: Sequence[Reason]) -> tuple[list[Reason], list[Reason]]:
    """Give the reasons that bear on the advised level or tell of missing input, then the rest."""
    main = [
        reason
        for reason in reasons
        if reason.level >= advice.level or reason.level is Level.UNKNOWN
    ]
    return main, [reason for reason in reasons if reason not in main]


def main_reason(advice: Advice, everyone: Sequence[Advice]) -> str:
    """Give the text of `leading_reason`, "" where no reason is recorded."""
    found = leading_reason(advice, everyone)
    return found.text if found else ""


def leading_reason(advice: Advice, everyone: Sequence[Advice]) -> Reason | None:
    """Give the first reason for the advised level, before those that every district shares."""
    own = [reason for reason in advice.reasons if reason.level is advice.level]
    own = own or weighed(advice, advice.reasons)[0]
    shared = set.intersection(*({each.rule for each in other.reasons} for other in everyone))
    particular = [reason for reason in own if reason.rule not in shared]
    return next(iter(particular or own), None)


def ages(run: Run, *, at: datetime | None = None, language: str = "ja") -> list[Age]:
    """Give the age of each kind of data, then of each feed, at a time (None = issue time).

    What never came is late; a feed is late by its own interval, whatever its data say.
    """
    seen = at or run.issued_at
    rain = run.observations["rain_mm"].where(~run.observations["rain_flag"].isin([BAD, MISSING]))
    forecast = run.issued_at if run.forecast["level_m"].notnull().any() else None
    newest = {
        "level": _newest(run.states),
        "rain": _last(rain),
        "forecast": forecast,
        "telegrams": run.warnings.received_at,
    }
    rows = [_age(told(language, feed), at, seen, language,
                 never="not_connected" if feed == "telegrams" else "no_data")
            for feed, at in newest.items()]  # fmt: skip
    polled = [
        replace(
            _age(told(language, "feed", name=feed.name), feed.last_good, seen, language),
            late=feed.late(seen),
        )
        for feed in run.feeds
    ]
    return rows + polled


def banners(run: Run, *, at: datetime | None = None) -> list[str]:
    """Give what nobody may overlook: simulated or assumed inputs and silent gauges."""
    return [*run.city.notes, *alarms(run, at=at)]


def alarms(run: Run, *, at: datetime | None = None, language: str = "ja") -> list[str]:
    """Give what is missing, old or in force now, beside the notes of the city."""
    say = WORDS[language]
    found = []

    def add(key: str, names: Sequence[str], **values: object) -> None:
        if names:
            found.append(told(language, key, names=say.SEPARATOR.join(names), **values))

    if (
        run.layer is not None
        and bool(run.layer["stand_in"].any())
        and "模式" not in "".join(run.city.notes)
    ):
        found.append(told(language, "stand_in"))
    rows = gauge_rows(run, at=at)
    add("silent", [row.gauge.name for row in rows if row.level is Level.UNKNOWN])
    old = [row.gauge.name for row in rows if row.level is not Level.UNKNOWN and row.old]
    add("old", old, span=say.duration(OLD_MIN))
    for key, doubts in (("refused", refused(run)), ("doubtful", doubtful(run))):
        add(key, [
            told(language, "doubt", name=one.gauge.name, at=say.clock(one.at),
                 level=say.metres(one.level_m), count=one.count)
            for one in doubts
        ])  # fmt: skip
    names = dict(run.city.districts["name"])
    for danger in (run.inland, run.landslide):
        found += _in_force(danger, names, language)
    add("unjudged", [advice.name for advice in run.advice if advice.level is Level.UNKNOWN])
    return found


def gaps(run: Run, *, language: str = "ja") -> list[str]:
    """Give what this run could not know, and why."""
    city = run.city
    reasons = {
        "gap_layer": run.layer is None,
        "gap_exposure": run.exposure is None,
        "gap_inland": city.inland is None or city.inland.empty,
        "gap_landslide": city.landslide is None or city.landslide.empty,
        "gap_shelters": city.shelters is None,
        "gap_allocation": run.allocation is None,
        "gap_telegrams": run.warnings.received_at is None,
        "gap_advice": not run.advice,
    }
    return [told(language, key) for key, missing in reasons.items() if missing]


def _in_force(danger: Danger | None, names: Mapping[str, str], language: str) -> list[str]:
    """Give where a danger that no gauge tells of applies, with the people there."""
    if danger is None:
        return []
    say, places = WORDS[language], []
    for district_id, people in in_force(danger).items():
        count = told(language, "people_unknown") if people is None else say.people(people)
        places.append(f"{names[district_id]} {count}")
    scenario = told(language, danger.scenario)
    return [f"{scenario}: {say.SEPARATOR.join(places)}"] if places else []


def _gauge_row(
    run: Run, gauge: Gauge, state: GaugeState | None, seen: datetime, language: str
) -> GaugeRow:
    level_m = state.level_m if state else None
    age_min = (seen - state.at).total_seconds() / 60 if state and state.at else None
    thresholds = gauge.thresholds.items()
    level, reached, why = _reached(thresholds, level_m)
    above = [(name, value) for name, value in thresholds if level_m is None or value > level_m]
    next_name, next_level_m = above[0] if above else (None, None)
    passage, early = (_passage(run, gauge, next_name, wanted) for wanted in (MEDIAN, EARLIEST))
    return GaugeRow(
        gauge=gauge,
        level=level,
        reached=reached,
        state=state,
        age_min=age_min,
        next_name=next_name,
        next_level_m=next_level_m,
        probability=_probability(run, gauge, next_name),
        passage_min=passage,
        early_passage_min=early,
        why_unknown=told(language, why) if why else "",
    )


def _reached(
    thresholds: list[tuple[str, float]], level_m: float | None
) -> tuple[Level, str | None, str]:
    if level_m is None:
        return Level.UNKNOWN, None, "no_level"
    if not thresholds:
        return Level.UNKNOWN, None, "no_thresholds"
    passed = [name for name, value in thresholds if level_m >= value]
    return (THRESHOLD_LEVELS[passed[-1]], passed[-1], "") if passed else (Level.NONE, None, "")


def _danger(row: GaugeRow) -> tuple[float, float, str]:
    rank = float(row.level)
    if row.level is Level.UNKNOWN or row.old:
        rank = max(rank, 2.5)  # before every calm gauge, after those that are known to be worse
    return (-rank, -(row.probability or 0.0), row.gauge.gauge_id)


def _probability(run: Run, gauge: Gauge, threshold: str | None) -> float | None:
    """Give the chance to reach the threshold at any lead, at least the largest of one lead."""
    found = _at(run, "probability", gauge, threshold)
    if found is None or np.isnan(found).all():
        return None
    return float(np.nanmax(found))


def _passage(run: Run, gauge: Gauge, threshold: str | None, wanted: float) -> float | None:
    """Give the first passage at the first stored quantile >= `wanted`. [min]"""
    found = _at(run, "first_passage_h", gauge, threshold)
    if found is None:
        return None
    later = found[run.exceedance["quantile"].values >= wanted - 1e-9]
    hours = float(later[0]) if later.size else math.nan
    return None if math.isnan(hours) else hours * 60


def _at(run: Run, name: str, gauge: Gauge, threshold: str | None) -> Values | None:
    """Give what is told of a gauge and threshold: by lead or by quantile."""
    values, indexes = run.exceedance[name].variable, run.exceedance.indexes
    wanted = {"gauge": gauge.gauge_id, "threshold": threshold}
    if any(label not in indexes[dim] for dim, label in wanted.items()):
        return None
    place: dict[Any, Any] = {dim: indexes[dim].get_loc(label) for dim, label in wanted.items()}
    found: Values = values.values[tuple(place.get(dim, slice(None)) for dim in values.dims)]
    return found


def _newest(states: tuple[GaugeState, ...]) -> datetime | None:
    return max((state.at for state in states if state.at is not None), default=None)


def _last(values: xr.DataArray) -> datetime | None:
    some = values.dropna("time", how="all")
    return aware(some["time"].values[-1]) if some.size else None


def _age(
    name: str, at: datetime | None, seen: datetime, language: str, *, never: str = "no_data"
) -> Age:
    say = WORDS[language]
    if at is None:
        return Age(name, told(language, never), True)
    minutes = (seen - at).total_seconds() / 60
    text = told(language, "newest") if minutes == 0 else say.ago(minutes)
    return Age(name, f"{text}({say.stamp(at)})" if minutes > 24 * 60 else text, minutes > OLD_MIN)
