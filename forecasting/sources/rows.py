"""Rows of a CSV file as checked columns: every fault is named with file, row and value."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

FAULTS_SHOWN = 10
JST_H = 9.0  # Japanese (and Korean) time is UTC+9, without summer time
BLANK: Final = " \t\u3000"  # the last one is the full-width space of Japanese tables
TIME = (
    r"^(?P<day>\d{4}(?:/\d{1,2}/|-\d{1,2}-)\d{1,2})[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::00)?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_h>\d{2}):?(?P<zone_min>\d{2}))?$"
)

Numbers = npt.NDArray[np.float64]


def read_rows(
    path: Path, columns: Collection[str], *, encoding: str = "utf-8-sig", header_row: int = 1
) -> pd.DataFrame:
    """Read a CSV as text, nothing converted; the index is the row number an editor shows.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column of `columns` is missing, a row is too long or the file is not in `encoding`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Name the file that holds this series.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            rows = pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                encoding=encoding,
                skiprows=header_row - 1,
            )
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be {encoding} text, got {error}.") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(f"{path.name} must be a CSV file, got: {error}.") from error
    rows.columns = rows.columns.str.strip()
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise ValueError(
            f"{path.name} must have columns {list(columns)}, missing {missing}, "
            f"got {list(rows.columns)}. Correct the header."
        )
    rows.index = pd.RangeIndex(len(rows)) + header_row + 1
    rows = rows.fillna("")
    return rows[(rows != "").any(axis=1)]


def numbers(column: pd.Series, path: Path) -> Numbers:
    """Give a text column as float64; blank, also a full-width space, is NaN.

    Raises
    ------
    ValueError
        If another text is not a finite number; all such rows are named.
    """
    text = column.str.strip(BLANK)
    parsed = pd.to_numeric(text.where(text != ""), errors="coerce")
    values = np.asarray(parsed, dtype=np.float64)
    bad = (text != "") & ~np.isfinite(values)
    raise_faults(f"{path.name}: {column.name} must be a number", column[bad])
    return values


def utc_times(column: pd.Series, path: Path, *, utc_offset_h: float = JST_H) -> pd.DatetimeIndex:
    """Give `2016/8/1 1:00`, `2016-08-01 01:00:00` or the like as UTC; 24:00 is the next day's 0:00.

    Parameters
    ----------
    utc_offset_h
        Zone of the times that do not say their own (`Z`, `+09:00`). [h]

    Raises
    ------
    ValueError
        If a text is not such a time; all such rows are named.
    """
    parts = column.str.strip(BLANK).str.extract(TIME)
    counts = ["hour", "minute", "zone_h", "zone_min"]
    hour, minute, zone_h, zone_min = (pd.to_numeric(parts[one]).astype("float64") for one in counts)
    day = pd.to_datetime(parts["day"].str.replace("/", "-"), format="%Y-%m-%d", errors="coerce")
    bad = day.isna() | (minute > 59) | (hour * 60 + minute > 24 * 60)
    raise_faults(f"{path.name}: {column.name} must be a time like 2016-08-01 01:00", column[bad])
    sign = parts["sign"].map({"+": 1.0, "-": -1.0}).astype("float64")
    own = sign * (zone_h + zone_min / 60)
    offset_h = own.where(parts["zone"] != "Z", 0.0).where(parts["zone"].notna(), utc_offset_h)
    return pd.DatetimeIndex(day + pd.to_timedelta(hour * 60 + minute - offset_h * 60, unit="min"))


def check_step(times: pd.DatetimeIndex, column: pd.Series, path: Path, step: pd.Timedelta) -> None:
    """Raise ValueError naming every row of `column` whose time is not a whole step."""
    bad = times != times.floor(step)
    raise_faults(f"{path.name}: {column.name} must be on whole steps of {step}", column[bad])


def raise_faults(expected: str, bad: pd.Series) -> None:
    """Raise one ValueError for all rows of `bad` (index: row number), none if it is empty."""
    raise_all(expected, [f"'{text}' (row {row})" for row, text in bad.items()])


def raise_all(expected: str, faults: Iterable[str]) -> None:
    """Raise one ValueError that lists the faults, or do nothing if there are none."""
    found = list(faults)
    if found:
        more = len(found) - FAULTS_SHOWN
        shown = ", ".join(found[:FAULTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        raise ValueError(f"{expected}, got {shown}. Correct the rows or drop them.")
