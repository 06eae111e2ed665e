"""AMeDAS as the web site of 気象庁 carries it in JSON: rain of the 10 minutes that end at a time.

`latest_time.txt` holds the newest time. A map file has all stations at one time, a point file one
station for three hours by its times (JST). A value is `[number, quality]`: 0 is normal, 1 nearly
normal (準正常); higher ones are doubtful, too few, out of order or not observed there, and a number
beside them means nothing (0 with 6 is "not observed"). Form: https://www.jma.go.jp/bosai/amedas/,
as described by users of it in 2021-02 and 2022-05; not an official interface.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from forecasting.sources.readings import (
    Reading,
    aware_time,
    json_of,
    jst_time,
    number_of,
    readings_of,
    some,
)

RAIN_10_MIN = "precipitation10m"
USABLE = (0, 1)
STAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})00")


def latest_time(body: bytes) -> datetime:
    """Give the time of the newest map, UTC.

    Raises
    ------
    ValueError
        If the body is not one ISO 8601 time with its zone.
    """
    text = body.decode("utf-8-sig").strip()
    moment = aware_time(text)
    if moment is None:
        raise ValueError(f"latest_time.txt must hold a time with its zone, got {text[:80]!r}.")
    return moment


def map_readings(body: bytes, at: datetime, stations: Mapping[str, str]) -> pd.DataFrame:
    """Give the rain of a map file. [mm in the 10 min before `at`]

    Parameters
    ----------
    stations
        AMeDAS number to rain_gauge_id. A station that the map leaves out has no row.

    Raises
    ------
    ValueError
        If the body is not a JSON object.
    """
    table = _object(json_of(body, "AMeDAS map"), "AMeDAS map")
    return readings_of(
        ("rain_mm", house, at, _rain(table[number]))
        for number, house in stations.items()
        if number in table
    )


def point_readings(body: bytes, rain_gauge_id: str) -> pd.DataFrame:
    """Give the rain of a point file; see `map_readings`. A time that is none is left out.

    Raises
    ------
    ValueError
        If the body is not a JSON object, or has times and none of them can be read.
    """
    table = _object(json_of(body, "AMeDAS point file"), "AMeDAS point file")
    return readings_of(some(list(_point_rows(table, rain_gauge_id)), "AMeDAS point file"))


def _point_rows(table: Mapping[str, Any], rain_gauge_id: str) -> Iterator[Reading | None]:
    for stamp, elements in table.items():
        if isinstance(elements, Mapping) and RAIN_10_MIN in elements:
            found = STAMP.fullmatch(stamp)
            at = jst_time(*map(int, found.groups())) if found else None
            yield None if at is None else ("rain_mm", rain_gauge_id, at, _rain(elements))


def _rain(elements: Any) -> float:
    value = elements.get(RAIN_10_MIN) if isinstance(elements, Mapping) else None
    if not isinstance(value, list) or len(value) != 2 or value[1] not in USABLE:
        return math.nan
    return number_of(value[0])


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a JSON object, got a {type(value).__name__}.")
    return value
