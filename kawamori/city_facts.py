"""What city.toml and gauges.toml must hold; each fault in the words of who wrote the file.

A word that no rule knows would be silent: a river class that is not one of the three matches no
rule of the policy, and a code of six digits no telegram. So every value is looked at here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args

from pyproj import CRS
from pyproj.exceptions import CRSError

from forecasting.types import Gauge, RainGauge, RiverClass, Sensor, Thresholds

TEXTS = ("city_id", "name", "code", "crs")
LISTS = ("notes", "credits")
OWN_KEYS = {*TEXTS, *LISTS, "default_storm", "feed", "telegrams"}
CODE = re.compile(r"[0-9]{5}", re.ASCII)
CITY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
CLASSES = "forecast (洪水予報河川), notified (水位周知河川), other (その他)"


def city_faults(facts: Mapping[str, Any]) -> Iterator[str]:
    """Tell what is wrong with the keys of a city.toml that every city has."""
    yield from (f"{key} is missing" for key in (*TEXTS, *LISTS) if key not in facts)
    for key in (name for name in TEXTS if name in facts):
        if not _text(facts[key]):
            yield f"{key} must be a text, not empty, got {facts[key]!r}"
        elif key in CHECKS and (fault := CHECKS[key](facts[key])):
            yield fault
    for key in (name for name in LISTS if name in facts):
        if not _texts(facts[key]):
            yield f"{key} must be a list of texts, got {facts[key]!r}"
    if not _tables(facts.get("feed", [])):
        yield "feeds must be tables [[feed]], got [feed]"
    if not isinstance(facts.get("telegrams", {}), Mapping):
        yield f"telegrams must be a table, got {facts['telegrams']!r}"


def gauge_faults(tables: Mapping[str, Any]) -> Iterator[str]:
    """Tell what is wrong with the tables `[[gauge]]` and `[[rain_gauge]]`, each with its id."""
    seen: set[str] = set()
    for table, kind in (("gauge", Gauge), ("rain_gauge", RainGauge)):
        rows = tables.get(table, [])
        if not _tables(rows):
            yield f"stations must be tables [[{table}]], got [{table}]"
            continue
        for number, row in enumerate(rows, start=1):
            name = row.get(f"{table}_id")
            who = name if _text(name) else f"{table} {number}"
            yield from (f"{fault} ({who})" for fault in _row_faults(row, kind, table))
            if name in seen:
                yield f"{table}_id must be unique, this one comes again ({who})"
            seen.add(str(name))


def _row_faults(row: Mapping[str, Any], kind: Any, table: str) -> Iterator[str]:
    known = [field.name for field in fields(kind)]
    if strange := sorted(set(row) - set(known)):
        yield f"keys must be of {known}, got also {strange}"
    for key in (f"{table}_id", "name", *(("river",) if kind is Gauge else ())):
        if not isinstance(row.get(key), str) or (key.endswith("_id") and not _text(row[key])):
            yield f"{key} must be a text, got {row.get(key)!r}"
    for key, most in (("lon", 180.0), ("lat", 90.0)):
        if not _number(row.get(key)) or abs(row[key]) > most:  # NaN: not known
            yield f"{key} must be degrees, at most {most:g}, got {row.get(key)!r}"
    if kind is Gauge:
        yield from _gauge_faults(row)


def _gauge_faults(row: Mapping[str, Any]) -> Iterator[str]:
    if row.get("river_class", "other") not in get_args(RiverClass):
        yield f"river_class must be one of {CLASSES}, got {row['river_class']!r}"
    if row.get("sensor", "stage") not in get_args(Sensor):
        yield f"sensor must be one of {list(get_args(Sensor))}, got {row['sensor']!r}"
    for key in ("upstream", "rain_gauges"):
        if not _texts(row.get(key, [])):
            yield f"{key} must be a list of ids, got {row[key]!r}"
    zero = row.get("zero_elevation_m")
    if zero is not None and not _number(zero):
        yield f"zero_elevation_m must be metres, got {zero!r}"
    levels = row.get("thresholds", {})
    if not isinstance(levels, Mapping):
        yield f"thresholds must be a table, got {levels!r}"
        return
    known = [field.name for field in fields(Thresholds)]
    for key, level in levels.items():
        if key not in known:
            yield f"thresholds must be of {known}, got also {key!r}"
        elif not _number(level) or not math.isfinite(level):
            yield f"threshold {key} must be metres above gauge zero, got {level!r}"


def _code_fault(code: str) -> str:
    """Give the fault of a 全国地方公共団体コード: telegrams are matched by its five digits."""
    if CODE.fullmatch(code):
        return ""
    return f"code must have 5 digits (全国地方公共団体コード without its check digit), got {code!r}"


def _crs_fault(name: str) -> str:
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        return f"crs must be a coordinate system such as EPSG:6677, got {name!r}"
    if crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info):
        return ""
    return f"crs must be projected, in metres (平面直角座標系), got {name!r}: {crs.name}"


def _id_fault(city_id: str) -> str:
    if CITY_ID.fullmatch(city_id):
        return ""
    return f"city_id must be of letters, digits, - and _, got {city_id!r}"


CHECKS: dict[str, Callable[[str], str]] = {
    "code": _code_fault, "crs": _crs_fault, "city_id": _id_fault,
}  # fmt: skip


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_text(each) for each in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
