"""Rows of a CSV file as checked columns: every fault is named with file, row and value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

FIRST_ROW = 2  # row numbers are those of the file as an editor shows it: the header is row 1
FAULTS_SHOWN = 10

Numbers = npt.NDArray[np.float64]


def read_rows(
    path: Path, columns: Collection[str], *, encoding: str = "utf-8", header_row: int = 1
) -> pd.DataFrame:
    """Read a CSV as text, nothing converted; the index is the row number in the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column of `columns` is missing or the file is not in `encoding`.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing. Give the folder or file that holds this series."
        )
    try:
        rows = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding=encoding, skiprows=header_row - 1
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be {encoding} text, got {error}.") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ValueError(f"{path.name} must be a CSV file, got: {error}.") from error
    rows.columns = rows.columns.str.strip()
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise ValueError(
            f"{path.name} must have columns {list(columns)}, missing {missing}, "
            f"got {list(rows.columns)}. Correct the header."
        )
    rows.index = pd.RangeIndex(len(rows)) + header_row + 1
    return rows


def numbers(column: pd.Series, path: Path, *, missing: Collection[str] = ("",)) -> Numbers:
    """Give a text column as float64, NaN for the texts in `missing` (after stripping).

    Raises
    ------
    ValueError
        If another text is not a number; all such rows are named.
    """
    text = column.str.strip()  # also strips the full-width space
    values = pd.to_numeric(text.where(~text.isin(list(missing))), errors="coerce")
    bad = values.isna() & ~text.isin(list(missing))
    raise_faults(
        f"{path.name}: {column.name} must be a number",
        (f"'{text.loc[row]}' (row {row})" for row in column.index[bad]),
    )
    return values.to_numpy(dtype="float64")


def raise_faults(expected: str, faults: Iterable[str]) -> None:
    """Raise one ValueError for all faults of a file, or do nothing if there are none."""
    found = list(faults)
    if found:
        more = len(found) - FAULTS_SHOWN
        shown = ", ".join(found[:FAULTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        raise ValueError(f"{expected}, got {shown}. Correct the rows or drop them.")
