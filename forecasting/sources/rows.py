"""Rows of a CSV file as checked columns: every fault is named with file, row and value."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

FAULTS_SHOWN = 10
JST_H = 9.0  # Japanese (and Korean) time is UTC+9, without summer time
BLANK: Final = " \t\u3000"  # the last one is the full-width space of Japanese tables
HALF_WIDTH = {0xFF01 + code: 0x21 + code for code in range(94)} | {0x3000: 0x20, 0x2212: 0x2D}
TIME = (
    r"^(?P<day>\d{4}(?:/\d{1,2}/|-\d{1,2}-)\d{1,2})[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:\.0+)?)?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<zone_h>\d{2}):?(?P<zone_min>\d{2}))?$"
)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[ T]?(\d{2}):?(\d{2})(?:00)?")
IN_WORDS = re.compile(
    r"(?:(令和|R|平成|H)\s*(\d{1,2}|元)|(\d{4}))\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?"
    r"[\sT]*(\d{1,2})\s*(?:時\s*(?:(\d{1,2})\s*分)?|:(\d{2}))\s*(?:00?秒)?"
)
ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}  # the year before the first

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
        If a column of `columns` is missing or comes twice, a row is too long or the file is not in
        `encoding`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Name the file that holds this series.")
    try:
        header, lines = _header(path, encoding, header_row)
        rows = _cells(path, len(header), encoding, header_row)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be {encoding} text, got {error}.") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(f"{path.name} must be a CSV file, got: {error}.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise ValueError(
            f"{path.name} must have columns {list(columns)}, missing {missing}, got {header}. "
            "Correct the header."
        )
    if twice := sorted({name for name in columns if header.count(name) > 1}):
        raise ValueError(
            f"{path.name} must have each column once, got more of {twice}: which is meant cannot "
            "be known. Correct the header."
        )
    rows.columns = pd.Index(header)
    rows.index = pd.RangeIndex(len(rows)) + lines + 1
    rows = rows.fillna("")
    return rows[(rows != "").any(axis=1)]


def _header(path: Path, encoding: str, header_row: int) -> tuple[list[str], int]:
    """Give the names of the columns, and how many lines of the file end with them."""
    row = _csv(path, encoding, skiprows=header_row - 1, nrows=1)
    told = [str(name) for name in row.fillna("").iloc[0]]
    if not any(name.strip() for name in told):
        raise pd.errors.EmptyDataError(f"no names of columns in row {header_row}")
    inside = sum(len(name.splitlines()) - 1 for name in told if name)
    return [name.strip() for name in told], header_row + inside


def _cells(path: Path, count: int, encoding: str, header_row: int) -> pd.DataFrame:
    """Give the cells below the header as text; a blank one may stand behind the last of a row."""
    try:
        rows = _csv(path, encoding, skiprows=header_row, names=range(count + 1))
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=range(count), dtype=str)
    longer = rows[count].fillna("").str.strip(BLANK) != ""
    if longer.any():
        row = int(longer.to_numpy().argmax()) + header_row + 1
        raise pd.errors.ParserError(f"{count} columns must be in a row, more are in row {row}")
    return rows.drop(columns=count)


def _csv(path: Path, encoding: str, **told: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        rows: pd.DataFrame = pd.read_csv(
            path, dtype=str, keep_default_na=False, index_col=False, skip_blank_lines=False,
            encoding=encoding, header=None, **told,
        )  # fmt: skip
    return rows


def half_width(column: pd.Series) -> pd.Series:
    """Give texts with half-width letters, digits and signs, without blanks around them.

    Not by NFKC, which makes 12 of 1².
    """
    return column.str.translate(HALF_WIDTH).str.strip()


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
    times = read_times(column, utc_offset_h=utc_offset_h)
    raise_faults(
        f"{path.name}: {column.name} must be a time like 2016-08-01 01:00", column[times.isna()]
    )
    return times


def read_times(column: pd.Series, *, utc_offset_h: float = JST_H) -> pd.DatetimeIndex:
    """Give times as `utc_times`, NaT for a text that is none.

    Also read: `202606011200`, `2026年6月1日12時`, `令和8年6月1日 12時00分`, full-width digits.

    A time without a year or without an hour is none.
    """
    text = half_width(column)
    plain = text.str.match(TIME)
    parts = text.where(plain, text[~plain].map(_western)).str.extract(TIME)
    counts = ["hour", "minute", "second", "zone_h", "zone_min"]
    read = (pd.to_numeric(parts[one]).astype("float64") for one in counts)
    hour, minute, second, zone_h, zone_min = read
    second = second.fillna(0.0)
    day = pd.to_datetime(parts["day"].str.replace("/", "-"), format="%Y-%m-%d", errors="coerce")
    bad = (minute > 59) | (second > 60) | (hour * 60 + minute + second / 60 > 24 * 60)
    sign = parts["sign"].map({"+": 1.0, "-": -1.0}).astype("float64")
    own = sign * (zone_h + zone_min / 60)
    offset_h = own.where(parts["zone"] != "Z", 0.0).where(parts["zone"].notna(), utc_offset_h)
    length_s = hour * 3600 + minute * 60 + second - offset_h * 3600
    return pd.DatetimeIndex((day + pd.to_timedelta(length_s, unit="s")).where(~bad))


def _western(text: str) -> str:
    """Give a time in digits alone, or in words of either calendar, as `TIME` reads it."""
    if found := COMPACT.fullmatch(text):
        year, month, day, hour, minute = (int(part) for part in found.groups())
    elif found := IN_WORDS.fullmatch(text):
        era, since, year_told, *rest = found.groups()
        year = int(year_told or 0) or ERAS[era] + int(since.replace("元", "1"))
        month, day, hour, minute = (int(part or 0) for part in (*rest[:3], rest[3] or rest[4]))
    else:
        return text
    return f"{year}/{month}/{day} {hour}:{minute:02d}"


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
