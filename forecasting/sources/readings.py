"""Readings as the archive keeps them: one row per report of a station, in any order.

Readers of live forms give these from one body: no disk, no network, no clock. What a feed reports
as missing is NaN; what it does not mention has no row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd

COLUMNS = ("kind", "station_id", "at", "value")
JST = timezone(timedelta(hours=9))

Reading = tuple[str, str, datetime, float]  # kind, station_id, aware time, m or mm


def readings_of(rows: Iterable[Reading]) -> pd.DataFrame:
    """Give readings as a frame with columns `COLUMNS`; `at` in UTC."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["value"] = frame["value"].astype("float64")
    return frame


def json_of(body: bytes, what: str) -> Any:
    """Give the value of a JSON body.

    Raises
    ------
    ValueError
        If the body is not UTF-8 (a UnicodeDecodeError) or not whole JSON; `what` names it.
    """
    text = body.decode("utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{what} must be whole JSON, got {error}. Fetch it again.") from error
    except RecursionError:
        raise ValueError(f"{what} must be JSON that nests a few times, got far more.") from None


def number_of(value: Any) -> float:
    """Give a finite number of a JSON value or text; NaN for anything else.

    >>> number_of("1.5"), number_of(None)
    (1.5, nan)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    if isinstance(value, str) and "_" in value:  # Python reads 1_5 as 15
        return math.nan
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def aware_time(text: Any) -> datetime | None:
    """Give an ISO 8601 time with its zone in UTC; None if it is not one."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def jst_time(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    """Give a time of Japan in UTC, 24:00 being the next day's 0:00; None if there is none such.

    >>> str(jst_time(2026, 6, 1, 24, 0))
    '2026-06-01 15:00:00+00:00'
    """
    if not (0 <= hour <= 24 and 0 <= minute <= 59) or (hour == 24 and minute):
        return None
    try:
        start = datetime(year, month, day, tzinfo=JST)
        return (start + timedelta(hours=hour, minutes=minute)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def some(rows: list[Reading | None], what: str) -> list[Reading]:
    """Give the rows that could be read (not None).

    Raises
    ------
    ValueError
        If there are rows and none could be: its form is not the one that is known.
    """
    found = [row for row in rows if row is not None]
    if rows and not found:
        raise ValueError(f"{what}: at least one of {len(rows)} rows must be readable, got none.")
    return found
