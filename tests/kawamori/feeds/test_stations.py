"""Feeds of many stations: one that is gone, cut or strange silences no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from forecasting.types import Gauge, RainGauge
from kawamori.feeds.poll import poll_one
from kawamori.feeds.state import feed_states
from kawamori.feeds.types import Feed

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)  # 12:05 JST
TEN = timedelta(minutes=10)
NAN = float("nan")
LATEST = b"2026-06-01T12:00:00+09:00"
BLOCKS = ("20260531_12", "20260531_15", "20260531_18", "20260531_21", "20260601_00",
          "20260601_03", "20260601_06", "20260601_09", "20260601_12")  # fmt: skip


@pytest.fixture
def two(town):
    """Give a city of two gauges and two rain gauges."""
    gauges = [Gauge(f"g{n}", "", "", 140.0, 37.0, rain_gauges=(f"r{n}",)) for n in (1, 2)]
    rains = [RainGauge(f"r{n}", "", 140.0, 37.0) for n in (1, 2)]
    return SimpleNamespace(city_id="town", folder=town.folder, gauges=gauges, rain_gauges=rains)


def newest(city, round_, name="level_m"):
    """Give the values of 03:00 UTC."""
    end = NOW.replace(minute=0)
    window = round_.archive(city).window(city.gauges, start=end - TEN, end=end, step=TEN)
    return window[name].values[-1].tolist()


def text(station, *rows):
    return "\n".join([f"観測所記号,{station}", *rows, ""]).encode("cp932")


@pytest.fixture
def suimon(pages):
    for name in ("1", "2"):
        pages.put(f"/page?ID={name}", f"<a href='/dat/{name}.dat'>".encode())
        pages.put(f"/dat/{name}.dat", text(name, f"2026/06/01,12:00,{name}.50,*"))
    return Feed("mlit", "suimon", 600.0, url=f"{pages.url}/page?ID={{station}}",
                stations={"1": "g1", "2": "g2"})  # fmt: skip


def test_a_station_that_cannot_be_read_is_told_and_the_other_kept(pages, two, suimon, round_at):
    pages.put("/page?ID=1", b"<html>maintenance</html>")
    outcome = poll_one(two, suimon, round_at())
    assert (outcome.fault, outcome.readings) == ("", 1)
    assert outcome.refused[0].startswith("1: form: ")
    np.testing.assert_equal(newest(two, round_at()), [NAN, 2.5])
    pages.asked.clear()
    pages.date = NOW + timedelta(minutes=10)
    poll_one(two, suimon, round_at(600))  # the one that failed comes last now
    assert [path for path in pages.paths() if "page" in path][:1] == ["/page?ID=2"]


def test_if_no_station_can_be_read_the_poll_failed(pages, two, suimon, round_at):
    for name in ("1", "2"):
        pages.put(f"/dat/{name}.dat", b"")
    assert poll_one(two, suimon, round_at()).fault.startswith("form: ")


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/x.dat", "file:///x.dat"])
def test_a_link_to_another_host_is_not_followed(pages, two, suimon, round_at, link):
    pages.put("/page?ID=1", f"<a href='{link}'>".encode())
    assert "is not on 127.0.0.1" in poll_one(two, suimon, round_at()).refused[0]


def test_a_strange_row_of_a_station_leaves_its_other_rows(pages, two, suimon, round_at):
    rows = ("2026/06/31,12:00,9.0,", "2026/06/01,25:00,9.0,", "2026/06/01,12:00,1.25, ",
            "2026/06/01,11:50,-9999.99, ", "集計中")  # fmt: skip
    pages.put("/dat/1.dat", text("1", *rows))
    assert poll_one(two, suimon, round_at()).fault == ""
    assert newest(two, round_at()) == [1.25, 2.5]


def test_crisis_gauges_without_level_or_time_leave_the_others(pages, two, round_at):
    at = "2026-06-01T12:00:00+09:00"
    items = [
        {"code": "g1", "obsTime": at, "level": None},
        {"code": "g2", "obsTime": at, "level": 2.5},
        {"code": "3", "obsTime": None, "level": 1.0},
        {"code": "4", "obsTime": "0001-01-01T00:00:00+09:00", "level": 1.0},
        None,
    ]
    pages.put("/07000.json", json.dumps({"items": items}).encode())
    feed = Feed("kiki", "crisis", 600.0, url=f"{pages.url}/07000.json")
    outcome = poll_one(two, feed, round_at())
    assert outcome.readings == 2
    assert "'3', None, 1.0 (item 3) and 2 more" in outcome.refused[0]
    np.testing.assert_equal(newest(two, round_at()), [NAN, 2.5])


def test_readings_of_year_1_do_not_stop_the_archive(pages, two, round_at):
    at = ("0001-01-01T12:00:00+09:00", "2026-06-01T12:00:00+09:00")
    items = [{"code": "g1", "obsTime": one, "level": 1.5} for one in at]
    pages.put("/07000.json", json.dumps({"items": items}).encode())
    feed = Feed("kiki", "crisis", 600.0, url=f"{pages.url}/07000.json")
    for after_s in (0, 600):
        pages.date = NOW + timedelta(seconds=after_s)
        outcome = poll_one(two, feed, round_at(after_s))
        assert outcome.fault == ""
        assert "past: 1 readings are earlier than 1900" in "".join(outcome.refused)
    assert newest(two, round_at())[0] == 1.5


@pytest.fixture
def rain(pages):
    pages.put("/latest_time.txt", LATEST)
    for number in ("36", "37"):
        for block in BLOCKS:
            pages.put(f"/point/{number}/{block}.json", b"{}")
        cell = {"20260601120000": {"precipitation10m": [2.5, 0]}}
        pages.put(f"/point/{number}/20260601_12.json", json.dumps(cell).encode())
    return Feed("rain", "amedas", 60.0, url=pages.url, stations={"36": "r1", "37": "r2"})


def told(round_):
    (row,) = feed_states(round_.engine)
    return row.memory["newest"]


def test_a_rain_station_that_is_gone_does_not_hold_up_the_others(pages, two, rain, round_at):
    for block in BLOCKS:
        pages.put(f"/point/36/{block}.json", pages.answer_of(status=404))
    outcome = poll_one(two, rain, round_at())
    assert outcome.refused[0].startswith("36: refused: ")
    np.testing.assert_equal(newest(two, round_at(), "rain_mm"), [NAN, 2.5])
    assert told(round_at()) == "2026-06-01T03:00:00+00:00"  # it will not come by asking again


def test_rain_that_may_come_later_is_asked_for_again(pages, two, rain, round_at):
    made = pages.answer_of
    body = json.dumps({"20260601090000": {"precipitation10m": [7.0, 0]}}).encode()
    pages.put("/point/36/20260601_09.json", *[made(status=503)] * 3, body)
    outcome = poll_one(two, rain, round_at())
    assert outcome.refused[0].startswith("36: busy: ")
    assert told(round_at()) is None
    assert poll_one(two, rain, round_at(60)).refused == ()
    assert newest(two, round_at(), "rain_mm") == [2.5, 2.5]
    assert told(round_at()) == "2026-06-01T03:00:00+00:00"


def test_an_old_block_that_is_gone_leaves_the_newer_ones(pages, two, rain, round_at):
    pages.put("/point/36/20260531_12.json", pages.answer_of(status=404))
    assert poll_one(two, rain, round_at()).refused == ()
    assert newest(two, round_at(), "rain_mm") == [2.5, 2.5]


def test_a_map_that_says_not_modified_to_nobody_is_no_dry_time(pages, two, rain, round_at):
    poll_one(two, rain, round_at())
    pages.put("/map/20260601120000.json", pages.answer_of(status=304))
    assert poll_one(two, rain, round_at(60)).fault.startswith("form: ")


def test_a_latest_time_that_goes_back_reads_that_time_again(pages, two, rain, round_at):
    poll_one(two, rain, round_at())
    pages.put("/latest_time.txt", b"2026-06-01T11:50:00+09:00")
    pages.put("/map/20260601115000.json", b'{"36": {"precipitation10m": [0.5, 0]}}')
    assert poll_one(two, rain, round_at(60)).fault == ""
    assert told(round_at()) == "2026-06-01T02:50:00+00:00"
