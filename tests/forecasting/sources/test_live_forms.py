"""Readers of live forms: what a body says, what it leaves out, and what is no such body."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.amedas_json import latest_time, map_readings, point_readings
from forecasting.sources.kawabou import station_readings
from forecasting.sources.readings import number_of
from forecasting.sources.suimon import text_link, text_readings
from forecasting.sources.table_readings import table_readings

NAN = float("nan")
AT = datetime(2026, 6, 1, 3, tzinfo=UTC)


def test_latest_time_is_told_in_utc():
    assert latest_time(b"2026-06-01T12:00:00+09:00\n") == AT


@pytest.mark.parametrize("body", [b"", b"<html>", b"2026-06-01T12:00:00"])
def test_a_latest_time_without_time_or_zone_is_refused(body):
    with pytest.raises(ValueError, match=r"zone|Invalid isoformat"):
        latest_time(body)


@pytest.mark.parametrize(
    ("cell", "rain_mm"),
    [
        ([2.5, 0], 2.5),
        ([0, 1], 0.0),  # nearly normal
        ([0, 6], NAN),  # not observed there: never a dry 0
        ([None, 5], NAN),
        ([3.0, 3], NAN),
        ([], NAN),
        ("2.5", NAN),
        (None, NAN),
    ],
)
def test_a_cell_of_amedas_is_rain_only_where_its_quality_is_normal(cell, rain_mm):
    body = json.dumps({"36": {"precipitation10m": cell}}).encode()
    found = map_readings(body, AT, {"36": "r1", "99": "gone"})
    assert found["station_id"].tolist() == ["r1"]  # a station left out has no row
    np.testing.assert_equal(found["value"].tolist(), [rain_mm])


def test_a_point_file_has_times_of_japan():
    body = b'{"20260601120000": {"precipitation10m": [1.0, 0]}, "20260601121000": {"temp": [9, 0]}}'
    found = point_readings(body, "r1")
    assert found["at"].tolist() == [AT]
    assert point_readings(b"{}", "r1").empty


@pytest.mark.parametrize("body", [b"[]", b"{", b"", b"3"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(ValueError, match="must be"):
        map_readings(body, AT, {})
    with pytest.raises(ValueError, match="must"):
        station_readings(body, "g1")


def test_a_level_of_kawabou_with_a_high_quality_code_is_missing():
    rows = [
        {"obsTime": "2026/06/01 12:00", "stg": 1.5, "stgCcd": 0},
        {"obsTime": "2026/06/01 11:50", "stg": 9.9, "stgCcd": "128"},
        {"obsTime": "2026/06/01 11:40", "stg": None, "stgCcd": None},
        {"stg": 1.0},
        "?",
    ]
    found = station_readings(json.dumps({"min10Values": rows}).encode(), "g1")
    np.testing.assert_equal(found["value"].tolist(), [1.5, NAN, NAN])
    assert found["at"][0] == AT


def test_a_text_of_suimon_gives_checked_and_provisional_values_only():
    lines = ["観測所記号,303", "#日付,時刻,データ,フラグ", "2026/06/01,12:00,  1.50, ",
             "2026/06/01,24:00,1.33,*", "2026/06/02,01:00,-9999.99,$", "2026/06/02,02:00,0,-",
             "2026/06/02,03:00,,"]  # fmt: skip
    found = text_readings("\r\n".join(lines).encode("cp932"), "303", "g1", "level_m")
    np.testing.assert_equal(found["value"].tolist(), [1.5, 1.33, NAN, NAN, NAN])
    # 24:00 JST of the 1st is 15:00 UTC of it.
    assert found["at"][1] == datetime(2026, 6, 1, 15, tzinfo=UTC)


def test_a_text_of_another_station_is_refused():
    body = "観測所記号,304\n2026/06/01,12:00,1.50, \n".encode("cp932")
    with pytest.raises(ValueError, match=r"of station 303 .* got stations \['304'\] and 1 rows"):
        text_readings(body, "303", "g1", "level_m")


def test_a_page_without_a_link_is_refused():
    assert text_link(b"<a href='/dat/x.dat'>") == "/dat/x.dat"
    with pytest.raises(ValueError, match="must link"):
        text_link(b"<html>maintenance</html>")


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_table_in_cp932_with_other_names_is_read(tmp_path):
    text = "県の水位\n日時,鎌田,雨\n2026/6/1 12:00,1.5,\n"
    found, _ = table_readings(
        table(tmp_path, text, "cp932"), {"g1": "鎌田", "r1": "雨"},
        {"g1": "level_m", "r1": "rain_mm"}, time_column="日時", encoding="cp932", header_row=2,
    )  # fmt: skip
    assert found["kind"].tolist() == ["level_m", "rain_mm"]
    np.testing.assert_equal(found["value"].tolist(), [1.5, NAN])
    assert found["at"].tolist() == [AT, AT]


def test_of_a_time_that_comes_twice_the_last_row_counts_and_an_empty_table_is_empty(tmp_path):
    kinds = {"g1": "level_m"}
    path = table(tmp_path, "time,g1\n2026-06-01 12:00,1\n2026-06-01 12:00,2\n")
    found, _ = table_readings(path, {"g1": "g1"}, kinds)
    assert found["value"].tolist() == [2.0]
    found, _ = table_readings(table(tmp_path, "time,g1\n"), {"g1": "g1"}, kinds)
    assert found.empty


@pytest.mark.parametrize(
    ("value", "number"),
    [("1.5", 1.5), (2, 2.0), (True, NAN), ("inf", NAN), ("x", NAN), (None, NAN), ([], NAN)],
)
def test_a_number_is_finite_or_missing(value, number):
    np.testing.assert_equal(number_of(value), number)
