"""Reports from the ground come from a file; every row that cannot be used is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from kawamori.city import read_city
from kawamori.field_reports import read_reports

KINDS = {"minor_leak", "overflow", "dam_release"}


@pytest.fixture
def city(tiny_home):
    return read_city(tiny_home / "cities" / "tiny")


@pytest.fixture
def names(city):
    """Give id and name of a district, and a gauge."""
    return str(city.districts.index[0]), str(city.districts["name"].iloc[0]), "g1"


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)
    return path


def test_a_row_names_its_districts_by_id_or_name_and_its_gauges(city, names, tmp_path):
    key, name, gauge = names
    file = write(
        tmp_path / "reports.csv",
        "kind,at,by,text,districts,gauges,ended\n"
        f"minor_leak,2026-09-08T19:05+09:00,巡視1班,漏水,{name};{key},,\n"
        f"overflow,2026-09-08T11:00Z,巡視2班,越水,,{gauge},2026-09-08T12:00Z\n",
    )
    one, two = read_reports(file, city, KINDS)
    # 19:05 in Japan is 10:05 UTC; id and name are the same district, so it stands once.
    assert one.at == datetime(2026, 9, 8, 10, 5, tzinfo=UTC)
    assert one.district_ids == (key,)
    assert (two.gauge_ids, two.ended) == ((gauge,), datetime(2026, 9, 8, 12, tzinfo=UTC))


def test_a_table_saved_by_excel_in_japan_is_read(city, names, tmp_path):
    text = f"種別,日時,報告者,内容,地区\r\noverflow,2026-09-08T19:05+09:00,班,越水,{names[1]}\r\n"
    (one,) = read_reports(write(tmp_path / "r.csv", text, "cp932"), city, KINDS)
    assert one.text == "越水"


def test_a_json_list_is_read(city, names, tmp_path):
    row = {"kind": "dam_release", "at": "2026-09-08T10:00Z", "by": "ダム", "text": "予定",
           "gauges": [names[2]]}  # fmt: skip
    (one,) = read_reports(write(tmp_path / "r.json", json.dumps([row])), city, KINDS)
    assert one.kind == "dam_release"


def test_every_bad_row_is_named_with_all_that_is_wrong(city, names, tmp_path):
    file = write(
        tmp_path / "reports.csv",
        "kind,at,by,text,districts\n"
        f"flood,2026-09-08T19:05+09:00,班,漏水,{names[0]}\n"  # no such kind
        "overflow,2026-09-08T19:05,班,越水,nowhere\n"  # no zone, no such district
        "overflow,2026-09-08T19:05Z,,越水,\n",  # nobody reports, for nobody
    )
    with pytest.raises(ValueError, match="3 rows") as error:
        read_reports(file, city, KINDS)
    told = str(error.value)
    assert "row 2: kind must be one of" in told
    assert "row 3: at must be ISO 8601 with its zone" in told
    assert "nowhere" in told
    assert "row 4: by is empty, districts or gauges must say for whom" in told


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("r.csv", "kind,at\n", "lacking"),
        ("r.csv", "", "lacking"),
        ("r.json", "{", "must be JSON"),
        ("r.json", '{"kind": 1}', "list of objects"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(city, tmp_path, name, text, fault):
    with pytest.raises(ValueError, match=fault):
        read_reports(write(tmp_path / name, text), city, KINDS)


def test_a_heading_alone_gives_no_report(city, tmp_path):
    assert read_reports(write(tmp_path / "r.csv", "kind,at,by,text\n"), city, KINDS) == ()


def test_cells_beyond_the_heading_are_refused(city, names, tmp_path):
    text = f"kind,at,by,text,districts\noverflow,2026-09-08T10:00Z,班,越水,{names[0]},more\n"
    with pytest.raises(ValueError, match="unknown column 'more'"):
        read_reports(write(tmp_path / "r.csv", text), city, KINDS)
