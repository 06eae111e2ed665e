"""川の防災情報 by station (`tmlist/stg`): levels of 10 minutes, `stg` [m above gauge zero].

Its terms ask not to collect by tools at intervals: for a single look on demand only. A quality code
`stgCcd` of 128 and more means that the value must not be used.
Form: as two public projects describe it; not an official interface.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from forecasting.sources.readings import JST, Reading, json_of, number_of, readings_of

REFUSED_CODE = 128


def station_readings(body: bytes, gauge_id: str) -> pd.DataFrame:
    """Give the 10-minute levels of a station file.

    Raises
    ------
    ValueError
        If the body is not such a file, or a time of it cannot be read.
    """
    table = json_of(body, "川の防災情報 station file")
    rows = table.get("min10Values") if isinstance(table, Mapping) else None
    if not isinstance(rows, list):
        raise ValueError("川の防災情報 station file must have a list min10Values, got none.")
    return readings_of(_rows(rows, gauge_id))


def _rows(rows: list[Any], gauge_id: str) -> Iterator[Reading]:
    for row in rows:
        if not isinstance(row, Mapping) or not row.get("obsTime"):
            continue
        at = datetime.strptime(str(row["obsTime"]), "%Y/%m/%d %H:%M").replace(tzinfo=JST)
        code = number_of(row.get("stgCcd") or 0)
        usable = not code >= REFUSED_CODE
        yield "level_m", gauge_id, at, number_of(row.get("stg")) if usable else math.nan
