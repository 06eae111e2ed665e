"""Readings of a CSV in anybody's columns: a map says which column is which station.

A blank cell, and a mark that stands for none (欠測, 閉局, `-`, `***` …), is reported as missing.
What cannot be read is missing too and told, the rest of the file is kept: a live feed has nobody to
correct a row. Values are not judged here (`forecasting.quality` flags them later); but a column in
another unit, or of a name that comes twice, is refused: what it tells cannot be known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.sources.readings import readings_of
from forecasting.sources.rows import JST_H, Numbers, half_width, read_rows, read_times

NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"  # no comma: 1,234 is two
NONE = (
    r"^(?:[-*#$…‐―ー─xX×/.]+|欠測?|欠測中|閉局中?|休止中?|休|保守中?|点検中?|調整中|未収集|未受信|受信不能|"
    r"通信異常|障害中?|異常|停止中?|なし|無し|N/?A|n/?a|NaN|nan|null|NULL|None|none|c|m)$"
)
UNITS = {"level_m": "m", "rain_mm": "mm"}
IN_HEADER = re.compile(r"[\[(]\s*(mm|cm|m|km|ft|in)\b[^\])]*[\])]")
UNIT = re.compile(r"[\[(]?\s*(mm|cm|m|km|ft|in)\b[^\])]*[\])]?")


def table_readings(
    path: Path,
    columns: Mapping[str, str],
    kinds: Mapping[str, str],
    *,
    time_column: str = "time",
    utc_offset_h: float = JST_H,
    encoding: str = "utf-8-sig",
    header_row: int = 1,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give the readings of a table, and what of it could not be read, by row.

    Of a time that comes twice the last row counts. A row with neither time nor number (units, notes
    at the end) tells nothing.

    Parameters
    ----------
    columns
        House id to the file's own column name, as `TableSource.columns`.
    kinds
        House id to `level_m` [m above gauge zero] or `rain_mm` [mm of the step that ends then].

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it has another encoding, a column is missing, double or in another
        unit, or nothing of it can be read.
    """
    rows = read_rows(
        path, (time_column, *columns.values()), encoding=encoding, header_row=header_row
    )
    times = read_times(rows[time_column], utc_offset_h=utc_offset_h).tz_localize("UTC")
    timed = np.asarray(times.notna(), dtype=bool)
    _check_units(rows[~timed], columns, kinds, path)
    frames, odd, told = [readings_of([])], [], np.zeros(len(rows), dtype=bool)
    for house, foreign in columns.items():
        values, bad = _numbers(rows[foreign])
        told |= np.isfinite(values)
        odd += [f"row {row}: {foreign} {rows[foreign][row]!r}" for row in rows.index[bad & timed]]
        cells = {"at": times[timed], "value": values[timed]}
        frames.append(pd.DataFrame({"kind": kinds[house], "station_id": house, **cells}))
    lost = [f"row {row}: time {rows[time_column][row]!r}" for row in rows.index[told & ~timed]]
    if (lost or odd) and not (told & timed).any():
        raise ValueError(f"{path.name} must have times and numbers, got {(lost + odd)[0]}.")
    whole = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
    kept = whole.drop_duplicates(["kind", "station_id", "at"], keep="last", ignore_index=True)
    return kept, _named(lost + odd)


def _numbers(column: pd.Series) -> tuple[Numbers, np.ndarray]:
    """Give a column as numbers, NaN = none, and which cells are neither a number nor none."""
    text = half_width(column)
    number = text.str.match(NUMBER).to_numpy(dtype=bool)
    values = pd.to_numeric(text.where(number)).to_numpy(dtype="float64")
    finite = np.where(np.isfinite(values), values, np.nan)
    none = ((text == "") | text.str.match(NONE)).to_numpy(dtype=bool)
    return finite, ~np.isfinite(finite) & ~none


def _check_units(
    untimed: pd.DataFrame, columns: Mapping[str, str], kinds: Mapping[str, str], path: Path
) -> None:
    """Refuse a column whose name, or a row without a time, tells another unit."""
    faults = []
    for house, foreign in columns.items():
        cells = untimed[foreign].head(3).str.normalize("NFKC").str.strip().str.lower()
        header = pd.Series([foreign]).str.normalize("NFKC").str.lower()[0]
        found = [IN_HEADER.search(header), *(UNIT.fullmatch(cell) for cell in cells)]
        units = {one.group(1) for one in found if one} - {UNITS[kinds[house]]}
        faults += [f"{foreign} in {unit}, not {UNITS[kinds[house]]}" for unit in sorted(units)]
    if faults:
        raise ValueError(f"{path.name} must be in m and mm, got {'; '.join(faults)}.")


def _named(faults: list[str]) -> tuple[str, ...]:
    if not faults:
        return ()
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    return (f"not read, so missing: {', '.join(fault[:80] for fault in faults[:3])}{more}",)
