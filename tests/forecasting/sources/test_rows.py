"""Rows: what is missing, what is a time, and errors that name file, row and value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.sources.rows import numbers, read_rows, utc_times

FILE = Path("series.csv")


def column(*texts: str) -> pd.Series:
    return pd.Series(texts, index=range(2, 2 + len(texts)), dtype=str, name="col")


def test_blank_and_full_width_space_are_missing_and_zero_is_a_number() -> None:
    np.testing.assert_array_equal(
        numbers(column("", "　", " 0.00 ", "-.05"), FILE), [np.nan, np.nan, 0.0, -0.05]
    )


def test_every_text_that_is_no_number_is_named_with_its_row() -> None:
    with pytest.raises(ValueError, match=r"series.csv: col .* 'x1' \(row 2\), 'inf' \(row 4\)"):
        numbers(column("x1", "1.0", "inf"), FILE)


def test_a_long_list_of_faults_is_cut_and_counted() -> None:
    with pytest.raises(ValueError, match=r"\(row 11\) and 2 more\. Correct"):
        numbers(column(*["x"] * 12), FILE)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2016/8/1 1:00", "2016-07-31T16:00"),
        ("2016/08/01 01:00", "2016-07-31T16:00"),
        ("　2023/12/31 24:00", "2023-12-31T15:00"),  # New Year's midnight in Japan
        ("2016-08-01T09:00:00", "2016-08-01T00:00"),
        ("2016-08-01 09:00:00+09:00", "2016-08-01T00:00"),
        ("2016-08-01 09:00Z", "2016-08-01T09:00"),
        ("2016-08-01 09:00-03:30", "2016-08-01T12:30"),
    ],
)
def test_local_times_become_utc(text: str, utc: str) -> None:
    assert utc_times(column(text), FILE)[0] == pd.Timestamp(utc)


@pytest.mark.parametrize("text", ["", "2016/13/01 01:00", "2016/08/01 24:10", "2016/08/01 01:60"])
def test_a_text_that_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=rf"must be a time like .* got '{text}' \(row 2\)"):
        utc_times(column(text), FILE)


def test_rows_keep_the_numbers_an_editor_shows_past_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,x\n2016/08/01 01:00,1\n\n2016/08/01 02:00,bad\n")
    rows = read_rows(path, ("time", "x"))
    with pytest.raises(ValueError, match=r"'bad' \(row 4\)"):
        numbers(rows["x"], path)


def test_a_row_longer_than_the_header_is_refused_not_shifted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,x\n2016/08/01 01:00,1,2\n2016/08/01 02:00,1,2\n")
    with pytest.raises(ValueError, match=r"a\.csv must be a CSV file"):
        read_rows(path, ("time", "x"))


def test_an_empty_file_and_a_missing_one_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(ValueError, match=r"a\.csv must be a CSV file"):
        read_rows(tmp_path / "a.csv", ("time",))
    with pytest.raises(FileNotFoundError, match=r"b\.csv is missing"):
        read_rows(tmp_path / "b.csv", ("time",))


def test_a_wrong_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("時刻,水位\n".encode("cp932"))
    with pytest.raises(ValueError, match="must be utf-8-sig text"):
        read_rows(tmp_path / "a.csv", ("時刻",))
