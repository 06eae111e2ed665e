"""The shelf of a year: thousands of runs are listed without reading their records."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from kawamori.console import situation_records
from kawamori.console.errors import NotStoredError
from kawamori.console.runs import Shelf
from kawamori.console.situation_records import LATEST, SELDOM_S, Records
from kawamori.run_line import LINE, RECORD, write_record

FIRST = datetime(2026, 6, 1, tzinfo=UTC)


def put(out, number, *, city="町"):
    """Store a record of which only its line can be told."""
    folder = out / f"r{number}"
    folder.mkdir(parents=True)
    at = (FIRST + timedelta(minutes=10 * number)).isoformat()
    record = {"run_id": f"id-{number}", "issued_at": at, "drill": False, "city": {"name": city},
              "advice": [{"level": 1}]}  # fmt: skip
    write_record(folder, json.dumps(record))
    return folder


@pytest.fixture
def shelf(tmp_path):
    for number in range(5):
        put(tmp_path / "shelf", number)
    return tmp_path / "shelf"


@pytest.fixture
def seconds():
    return [0.0]


@pytest.fixture
def records(shelf, seconds):
    return Records(Shelf(shelf), clock=lambda: seconds[0])


def names(records):
    return [run.name for run in records.listed()]


def test_no_record_is_read_for_the_list(records, monkeypatch):
    monkeypatch.setattr(situation_records, "listed", lambda *_: pytest.fail("a record was read"))
    assert names(records) == ["r4", "r3", "r2", "r1", "r0"]
    assert (records.find("id-2").name, records.find(LATEST).name) == ("r2", "r4")


def test_a_record_without_line_is_read_as_before(records, shelf):
    (shelf / "r3" / LINE).unlink()
    assert names(records) == ["r4", "r3", "r2", "r1", "r0"]


def test_runs_that_come_and_go_change_list_and_mark(records, shelf):
    before = records.mark()
    assert records.mark() == before
    put(shelf, 7)
    assert names(records)[0] == "r7"
    assert records.mark() != before
    shutil.rmtree(shelf / "r7")
    assert (names(records)[0], records.mark()) == ("r4", before)


def test_an_unreadable_record_stands_on_top_and_is_never_the_latest(records, shelf):
    put(shelf, 7)
    (shelf / "r7" / RECORD).write_text("{")
    first = records.listed()[0]
    assert (first.name, first.fault[:10]) == ("r7", "run.json: ")
    assert records.find(LATEST).name == "r4"


def test_a_newest_record_that_only_its_line_can_tell_is_found_out(records, shelf, console):
    whole = console.settings.out / "town"
    shutil.copytree(whole, shelf / "town")  # of 2026-06-30: the newest that is whole
    put(shelf, 9000)  # 62 days later; no run can be made of it
    assert records.find(LATEST).name == "r9000"
    before = records.mark()
    assert records.read(LATEST).name == "town"
    assert records.listed()[0].name == "r9000"
    assert records.listed()[0].fault
    assert records.mark() != before
    with pytest.raises(NotStoredError):
        records.read("r9000")


def test_an_old_record_that_changed_in_place_is_seen_in_time(records, shelf, seconds, monkeypatch):
    monkeypatch.setattr(situation_records, "OFTEN", 2)
    assert names(records) == ["r4", "r3", "r2", "r1", "r0"]
    (shelf / "r4" / RECORD).write_text("{}")  # among the newest two: seen at once
    assert [run.name for run in records.listed() if run.fault] == ["r4"]
    (shelf / "r0" / RECORD).write_text("{}")
    assert [run.name for run in records.listed() if run.fault] == ["r4"]
    seconds[0] += SELDOM_S + 1
    assert {run.name for run in records.listed() if run.fault} == {"r4", "r0"}


def test_a_link_that_leads_out_of_the_shelf_is_a_fault(records, shelf, tmp_path):
    put(tmp_path / "elsewhere", 8)
    (shelf / "r8").symlink_to(tmp_path / "elsewhere" / "r8")
    assert records.listed()[0].fault.startswith("run.json: NotStoredError")


def test_a_shelf_that_is_not_there_is_empty(tmp_path):
    records = Records(Shelf(tmp_path / "none"))
    assert records.listed() == []
    with pytest.raises(NotStoredError):
        records.read(LATEST)


def test_the_list_is_shown_a_page_at_a_time(console):
    shutil.rmtree(console.settings.out)
    for number in range(201):
        put(console.settings.out, number)
    client = console.browser("viewer")
    first, last = client.get("/runs").text, client.get("/runs?page=3").text
    # 201 runs at 100 a page: three pages, the last of one run, the oldest.
    assert first.count("/index.html") == 100
    assert "201件のうち 1/3頁" in first
    assert 'href="/runs?page=2"' in first
    assert "/runs/r200/" in first
    assert last.count("/index.html") == 1
    assert "/runs/r0/" in last
    assert 'href="/runs?page=4"' not in last
    assert client.get("/runs?page=99").text.count("/runs/r0/") == 1  # past the end: the last one
    assert client.get("/runs?page=0").status_code == 422
    # r200 is of 2 June 18:20 JST, r90 of 0:00: 111 runs of that day. The 90 of the day before
    # begin with the 112th line, which stands on page 2; of a day before all: the last page.
    assert "2/3頁" in client.get("/runs?day=2026-06-01").text
    assert "1/3頁" in client.get("/runs?day=2026-06-02").text
    assert "3/3頁" in client.get("/runs?day=2020-01-01").text
    assert client.get("/runs?day=x").status_code == 422
