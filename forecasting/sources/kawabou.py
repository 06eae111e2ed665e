"""川の防災情報 by station (`tmlist/stg`): levels of 10 minutes, `stg` [m above gauge zero].

Its terms ask not to collect by tools at intervals: for a single look on demand only. A quality code
`stgCcd` of 128 and more means that the value must not be used.
Form: as two public projects describe it; not an official interface.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from forecasting.sources.readings import (
    Reading,
    json_of,
    jst_time,
    number_of,
    readings_of,
    some,
)

REFUSED_CODE = 128
TIME = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}) +([0-9]{1,2}):([0-9]{2})(?::00)?")


def station_readings(body: bytes, gauge_id: str) -> pd.DataFrame:
    """Give the 10-minute levels of a station file.

    Raises
    ------
    ValueError
        If the body is not such a file, or none of its rows can be read.
    """
    table = json_of(body, "川の防災情報 station file")
    rows = table.get("min10Values") if isinstance(table, Mapping) else None
    if not isinstance(rows, list):
        raise ValueError("川の防災情報 station file must have a list min10Values, got none.")
    return readings_of(some(list(_rows(rows, gauge_id)), "川の防災情報 station file"))


def _rows(rows: list[Any], gauge_id: str) -> Iterator[Reading | None]:
    for row in rows:
        if not isinstance(row, Mapping) or not row.get("obsTime"):
            continue
        found = TIME.fullmatch(str(row["obsTime"]).strip())
        at = jst_time(*map(int, found.groups())) if found else None
        usable = number_of(row.get("stgCcd") or 0) < REFUSED_CODE  # a code that is none: not
        level_m = number_of(row.get("stg")) if usable else math.nan
        yield None if at is None else ("level_m", gauge_id, at, level_m)
