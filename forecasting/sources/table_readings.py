"""Readings of a CSV in anybody's columns: a map says which column is which station.

Every cell is one reading, a blank one is reported as missing. Nothing is judged here: what cannot
be true is flagged later (`forecasting.quality`), because a live feed has nobody to correct a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from forecasting.sources.readings import readings_of
from forecasting.sources.rows import JST_H, numbers, read_rows, utc_times


def table_readings(
    path: Path,
    columns: Mapping[str, str],
    kinds: Mapping[str, str],
    *,
    time_column: str = "time",
    utc_offset_h: float = JST_H,
    encoding: str = "utf-8-sig",
    header_row: int = 1,
) -> pd.DataFrame:
    """Give the readings of a table; of a time that comes twice the last row counts.

    Parameters
    ----------
    columns
        House id to the file's own column name, as `TableSource.columns`.
    kinds
        House id to `level_m` [m above gauge zero] or `rain_mm` [mm of the step that ends then].

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it has another encoding, a column is missing, or a time or number
        cannot be read; all such rows are named.
    """
    rows = read_rows(
        path, (time_column, *columns.values()), encoding=encoding, header_row=header_row
    )
    times = utc_times(rows[time_column], path, utc_offset_h=utc_offset_h).tz_localize("UTC")
    frames = [readings_of([])]
    for house, foreign in columns.items():
        cells = {"at": times, "value": numbers(rows[foreign], path)}
        frames.append(pd.DataFrame({"kind": kinds[house], "station_id": house, **cells}))
    whole = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
    return whole.drop_duplicates(["kind", "station_id", "at"], keep="last", ignore_index=True)
