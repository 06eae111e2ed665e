"""Documented days: the published facts of a flood day, and what is reconstructed beside them.

A day is a TOML file under data/CITY/days. Every fact has a `source` and a `kind`: "published", or
"reconstructed" (再構成・仮定) where today's system would have been told something that nobody
published then. A fact with `what_if` holds only in the comparison of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from advisory.types import Level
from kawamori.city import City, read_toml

KINDS = ("published", "reconstructed")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something known from `at` on."""

    at: datetime
    kind: str
    source: str
    text: str = ""
    what_if: str = ""

    def __post_init__(self) -> None:
        """Refuse unknown kinds, facts without source and times without a zone."""
        times = [value for value in vars(self).values() if isinstance(value, datetime)]
        if self.kind not in KINDS or not self.source:
            raise ValueError(f"kind must be one of {KINDS} and source given, got {self}")
        if any(moment.tzinfo is None for moment in times):
            raise ValueError(f"times must have a zone, got {self}")

    @property
    def assumed(self) -> bool:
        """Tell whether it is reconstructed."""
        return self.kind != "published"


@dataclass(frozen=True, kw_only=True)
class WarningFact(Fact):
    """An official warning in the words of today; without `gauges` it is for the whole city."""

    name: str
    hazard: str
    grade: str
    level: int
    gauges: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BinFact(Fact):
    """What the official time series foresaw for the city from `first` to `last`."""

    hazard: str
    level: int
    first: datetime
    last: datetime
    grade: str = ""
    local: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportFact(Fact):
    """A report from the ground; `report` is a kind of the policy's report rules."""

    report: str
    by: str
    districts: tuple[str, ...] = ()
    gauges: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LevelFact(Fact):
    """A level of a gauge. [m above gauge zero]"""

    gauge: str
    level_m: float


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the city ordered then; no `districts` = all, unless `unknown_area`."""

    at: datetime
    level: int
    area: str
    source: str
    clock: str = ""
    districts: tuple[str, ...] = ()
    unknown_area: bool = False
    households: int | None = None
    people: int | None = None


@dataclass(frozen=True)
class Day:
    """One day. `storm` = a storm of the city's bundle with its series; "" = no series exists."""

    name: str
    title: str
    city: str
    start: datetime
    end: datetime
    missing: str
    storm: str
    warnings: tuple[WarningFact, ...]
    bins: tuple[BinFact, ...]
    reports: tuple[ReportFact, ...]
    levels: tuple[LevelFact, ...]
    facts: tuple[Fact, ...]  # for the reader; no rule reads them
    done: tuple[Done, ...]

    @property
    def heard(self) -> tuple[Fact, ...]:
        """Give every fact that the decision may read."""
        return (*self.warnings, *self.bins, *self.reports, *self.levels)

    @property
    def what_ifs(self) -> tuple[str, ...]:
        """Name the comparisons, in the order of the file."""
        return tuple(dict.fromkeys(one.what_if for one in self.heard if one.what_if))

    def done_at(self, district_id: str, at: datetime) -> Level:
        """Give the city's own order for a district: the highest until one of level 0 lifts it."""
        level = Level.NONE
        for one in sorted(self.done, key=lambda one: one.at):
            here = not one.unknown_area and (not one.districts or district_id in one.districts)
            if one.at <= at and here:
                level = Level(max(level, one.level)) if one.level else Level.NONE
        return level


TABLES: Mapping[str, tuple[str, type[Any]]] = {
    "warning": ("warnings", WarningFact),
    "bin": ("bins", BinFact),
    "report": ("reports", ReportFact),
    "level": ("levels", LevelFact),
    "fact": ("facts", Fact),
    "done": ("done", Done),
}
Row = TypeVar("Row")


def day_names(bundles: Path) -> dict[str, Path]:
    """Give the days of all cities by name."""
    return {path.stem: path for path in sorted(bundles.glob("*/days/*.toml"))}


def read_day(name: str, bundles: Path) -> Day:
    """Read a day by name.

    Raises
    ------
    ValueError
        If there is no such day, or naming every row of its file that is not usable.
    """
    known = day_names(bundles)
    if name not in known:
        raise ValueError(f"day must be one of {sorted(known)}, got {name!r}. Choose one of these.")
    raw = read_toml(known[name])
    faults: list[str] = []
    tables: dict[str, Any] = {
        field: tuple(_row(kind, row, f"{table} {number}", faults)
                     for number, row in enumerate(raw.pop(table, []), start=1))
        for table, (field, kind) in TABLES.items()
    }  # fmt: skip
    lacking = {"title", "city", "start", "end", "missing"} - set(raw)
    strange = set(raw) - {one.name for one in fields(Day)}
    if lacking or strange:
        faults.append(f"keys missing {sorted(lacking)}, not known {sorted(strange)}")
    if faults:
        raise ValueError(f"{known[name].name} is not usable: {'; '.join(faults)}. Correct it.")
    return Day(name=name, **{"storm": "", **raw}, **tables)


def check_day(day: Day, city: City) -> None:
    """Refuse a day that names gauges or districts which the city does not have."""
    gauges = {gauge.gauge_id for gauge in city.gauges}
    named = {one.gauge for one in day.levels}
    named |= {key for one in day.warnings for key in one.gauges}
    named |= {key for one in day.reports for key in one.gauges}
    places = {key for one in day.reports for key in one.districts}
    places |= {key for one in day.done for key in one.districts}
    strange = sorted(named - gauges) + sorted(places - set(map(str, city.districts.index)))
    if strange:
        raise ValueError(f"day {day.name} names what {city.city_id} does not have: {strange}.")


def _row(kind: type[Row], row: Mapping[str, Any], where: str, faults: list[str]) -> Row | None:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    try:
        return kind(**{**row, **lists})
    except (TypeError, ValueError) as error:
        faults.append(f"[[{where}]]: {error}")
        return None
