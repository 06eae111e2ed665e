"""A city's own table: a column map, a zone, and refusals that a person can act on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.table import TableSource
from forecasting.types import Gauge, Thresholds

GAUGE = Gauge("g1", "橋", "川", lon=0.0, lat=0.0, rain_gauges=("r1",))
START, END = datetime(2026, 6, 1, 0, tzinfo=UTC), datetime(2026, 6, 1, 2, tzinfo=UTC)


def table(folder: Path, text: str) -> Path:
    path = folder / "city.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_in_japanese_time_is_read_with_its_gap(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:00,1.2,0\n2026/6/1 11:00,,3.5\n")
    seen = TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [1.2, np.nan, np.nan])
    np.testing.assert_array_equal(seen["rain_mm"].values[:, 0], [0.0, np.nan, 3.5])


def test_foreign_names_are_told_by_the_caller_and_ten_minutes_are_seen(tmp_path: Path) -> None:
    path = table(tmp_path, "日時,橋の水位,雨\n2026-06-01 00:10,1.2,0.5\n")
    source = TableSource(
        path, columns={"g1": "橋の水位", "r1": "雨"}, time_column="日時", credit="○○市"
    )
    seen = source.read([GAUGE], START + timedelta(minutes=10), START + timedelta(minutes=10))
    assert seen["level_m"].item() == 1.2
    assert seen.attrs["credit"] == "○○市"


def test_a_wrong_column_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g2,r1\n2026-06-01 09:00,1.2,0\n")
    with pytest.raises(
        ValueError,
        match=r"must have columns \['time', 'g1', 'r1'\], missing \['g1'\], "
        r"got \['time', 'g2', 'r1'\]",
    ):
        TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)


def test_a_level_of_412_m_is_refused_with_row_and_gauge(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:00,1.2,0\n2026-06-01 10:00,412,-1\n")
    with pytest.raises(ValueError, match="must be possible") as error:
        TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)
    assert "412 m outside -20 to 60 m (row 3, g1)" in str(error.value)
    assert "-1 mm outside 0 to 300 mm (row 3, r1)" in str(error.value)


def test_thresholds_of_a_gauge_decide_what_level_is_possible(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:00,412,0\n")
    # A gauge whose zero is T.P.: 412 m lies within 20 m of its levels of 400 and 405 m.
    high = Gauge("g1", "", "", lon=0.0, lat=0.0, thresholds=Thresholds(standby=400, danger=405))
    assert (
        TableSource(path, utc_offset_h=9.0).read([high], START, END)["level_m"].values[0, 0] == 412
    )


def test_a_time_twice_or_between_steps_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:00,1,0\n2026-06-01 09:00,2,0\n")
    with pytest.raises(ValueError, match=r"each time must come once, .* \(row 3\)"):
        TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:05,1,0\n")
    with pytest.raises(ValueError, match=r"time must be on whole steps .* 09:05' \(row 2\)"):
        TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)


def test_a_number_that_is_none_is_named(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 09:00,1.2m,0\n")
    with pytest.raises(ValueError, match=r"g1 must be a number, got '1.2m' \(row 2\)"):
        TableSource(path, utc_offset_h=9.0).read([GAUGE], START, END)


def test_an_empty_table_is_all_missing(tmp_path: Path) -> None:
    seen = TableSource(table(tmp_path, "time,g1,r1\n")).read([GAUGE], START, END)
    assert np.isnan(seen["level_m"].values).all()


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"city\.csv is missing"):
        TableSource(tmp_path / "city.csv").read([GAUGE], START, END)


def test_the_period_is_the_first_and_last_time_whatever_their_order(tmp_path: Path) -> None:
    path = table(tmp_path, "time,g1,r1\n2026-06-01 03:00,1,0\n2026-06-01T09:00+09:00,1,0\n")
    assert TableSource(path).period() == (START, START + timedelta(hours=3))
    with pytest.raises(ValueError, match="must have at least one row"):
        TableSource(table(tmp_path, "time,g1,r1\n")).period()
