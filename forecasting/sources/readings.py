"""Readings as the archive keeps them: one row per report of a station, in any order.

Readers of live forms give these from one body: no disk, no network, no clock. What a feed reports
as missing is NaN; what it does not mention has no row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
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


def number_of(value: Any) -> float:
    """Give a finite number of a JSON value or text; NaN for anything else.

    >>> number_of("1.5"), number_of(None)
    (1.5, nan)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        number = float(value)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
