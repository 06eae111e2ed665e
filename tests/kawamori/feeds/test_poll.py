"""Rounds of polling against a server of our own that fails in every way a feed does."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kawamori.feeds.facts import feed_facts
from kawamori.feeds.poll import poll_due, poll_one
from kawamori.feeds.state import feed_states
from kawamori.feeds.types import Feed, FeedError, Polled

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)
TEN = timedelta(minutes=10)
TABLE = b"time,level\n2026-06-01 11:50,1.5\n2026-06-01 12:00,1.6\n"  # JST: 02:50 and 03:00 UTC
NAN = float("nan")


@pytest.fixture
def table_feed(pages):
    return Feed("pref", "table", 60.0, url=f"{pages.url}/table.csv", columns={"g1": "level"})


def levels(town, round_):
    """Give the levels of 02:50 and 03:00 UTC."""
    end = NOW.replace(minute=0)
    window = round_.archive(town).window(town.gauges, start=end - TEN, end=end, step=TEN)
    return window["level_m"].values[:, 0].tolist()


def state(round_):
    (found,) = feed_states(round_.engine)
    return found


def test_readings_come_into_the_archive_and_the_state_says_so(pages, town, table_feed, round_at):
    pages.put("/table.csv", TABLE)
    (outcome,) = poll_due(town, [table_feed], round_at())
    assert (outcome.readings, outcome.fault) == (2, "")
    assert levels(town, round_at()) == [1.5, 1.6]
    row = state(round_at())
    assert (row.feed_id, row.failures, row.last_good) == ("town/pref", 0, NOW)
    assert row.newest == NOW.replace(minute=0)


def test_a_feed_is_not_asked_before_its_interval_is_over(pages, town, table_feed, round_at):
    pages.put("/table.csv", TABLE)
    assert poll_one(town, table_feed, round_at()) is not None
    assert poll_one(town, table_feed, round_at(59)) is None
    assert poll_one(town, table_feed, round_at(60)) is not None
    assert len(pages.asked) == 2


def test_a_feed_on_demand_is_never_polled_by_a_round(pages, town, table_feed, round_at):
    shy = Feed("look", "kawabou", 600.0, url=f"{pages.url}/x", on_demand=True,
               stations={"1": "g1"})  # fmt: skip
    assert poll_due(town, [shy], round_at()) == []
    assert pages.asked == []


def test_an_unchanged_page_is_not_sent_again(pages, town, table_feed, round_at):
    pages.put("/table.csv", pages.answer_of(TABLE, etag='"1"'))
    poll_one(town, table_feed, round_at())
    outcome = poll_one(town, table_feed, round_at(60))
    assert (outcome.readings, outcome.fault) == (0, "")
    assert [asked.get("If-None-Match") for _, asked in pages.asked] == [None, '"1"']
    poll_one(town, table_feed, round_at(120))  # and the condition is still known after a 304
    assert pages.asked[2][1]["If-None-Match"] == '"1"'


@pytest.mark.parametrize(
    ("given", "kind", "asked"),
    [
        ({"status": 500}, "busy", 3),
        ({"status": 403}, "refused", 1),
        ({"status": 302, "headers": {"Location": "/else"}}, "moved", 1),
        ({"body": TABLE, "cut": 5}, "partial", 3),
        ({"body": "time,level\n\u6c34".encode("utf-16")}, "encoding", 1),
        ({"body": b"<html>maintenance</html>"}, "form", 3),
        ({"body": b"time,level\n2026-06-01 11:50,high\n"}, "form", 3),
        ({"body": b"x" * 10_000_001}, "too-large", 1),
    ],
)
def test_each_fault_is_named_and_tried_again_where_that_can_help(
    pages, town, table_feed, round_at, given, kind, asked
):
    pages.put("/table.csv", pages.answer_of(**given))
    outcome = poll_one(town, table_feed, round_at())
    assert outcome.fault.startswith(f"{kind}: ")
    assert len(pages.asked) == asked
    row = state(round_at())
    assert (row.failures, row.last_good, row.fault_at) == (1, None, NOW)
    assert np.isnan(levels(town, round_at())).all()


def test_a_silent_server_is_a_timeout(pages, town, table_feed, round_at):
    pages.put("/table.csv", pages.answer_of(silent=True))
    outcome = poll_one(town, table_feed, round_at(read_s=0.05))
    assert outcome.fault.startswith("timeout: ")


def test_a_cut_body_is_fetched_again_in_the_same_poll(pages, town, table_feed, round_at):
    pages.put("/table.csv", pages.answer_of(TABLE, cut=5), TABLE)
    assert poll_one(town, table_feed, round_at()).readings == 2


def test_faults_count_up_and_one_good_poll_ends_them(pages, town, table_feed, round_at):
    made = pages.answer_of
    pages.put("/table.csv", *[made(status=403)] * 2, TABLE)
    for number in range(3):
        poll_one(town, table_feed, round_at(60 * number))
        assert state(round_at()).failures == (number + 1) % 3
    assert state(round_at()).last_fault.startswith("refused: ")  # stays to be read


def test_a_condition_is_not_kept_from_a_poll_that_failed(pages, town, table_feed, round_at):
    made = pages.answer_of
    pages.put("/table.csv", *[made(b"<html>", etag='"9"')] * 3, made(TABLE, etag='"9"'))
    poll_one(town, table_feed, round_at())
    assert poll_one(town, table_feed, round_at(60)).readings == 2


def test_readings_of_a_time_to_come_are_refused_by_name_and_the_others_kept(
    pages, town, table_feed, round_at
):
    pages.put("/table.csv", TABLE + b"2026-06-01 12:10,9.9\n")
    outcome = poll_one(town, table_feed, round_at())
    assert outcome.readings == 2
    assert outcome.refused[0].startswith("future: 1 readings are later than")
    assert state(round_at()).last_fault.startswith("future: ")


def test_a_server_of_another_time_is_refused(pages, town, table_feed, round_at):
    pages.date = NOW + timedelta(hours=9)  # its clock runs in JST and says GMT
    pages.put("/table.csv", TABLE)
    assert poll_one(town, table_feed, round_at()).fault.startswith("clock: ")


def test_repeated_readings_are_kept_once_corrections_and_late_ones_each(
    pages, town, table_feed, round_at
):
    pages.put(
        "/table.csv",
        b"time,level\n2026-06-01 12:00,1.6\n",
        b"time,level\n2026-06-01 12:00,1.6\n2026-06-01 12:00,1.7\n2026-06-01 11:50,1.5\n",
        b"time,level\n2026-06-01 12:00,\n2026-06-01 11:50,1.5\n",
    )
    kept = [poll_one(town, table_feed, round_at(60 * number)).readings for number in range(3)]
    # first 12:00; then its correction and the late 11:50; then 12:00 withdrawn.
    assert kept == [1, 2, 1]
    np.testing.assert_equal(levels(town, round_at()), [1.5, NAN])


def test_a_feed_that_raises_anything_does_not_silence_the_next(
    pages, town, table_feed, round_at, monkeypatch
):
    from kawamori.feeds import poll as module

    def broken(feed, polling):
        raise ZeroDivisionError("by a strange body")

    monkeypatch.setitem(module.POLLERS, "suimon", broken)
    pages.put("/table.csv", TABLE)
    odd = Feed("odd", "suimon", 600.0, url=pages.url, stations={"1": "g1"})
    outcomes = poll_due(town, [odd, table_feed], round_at())
    assert [one.fault for one in outcomes] == ["ZeroDivisionError: by a strange body", ""]


def test_feeds_that_failed_are_asked_last_and_share_what_is_left_of_the_round(
    town, round_at, monkeypatch
):
    from kawamori.feeds import poll as module

    asked = []

    def silent(feed, polling):
        asked.append((feed.name, polling.until - time.monotonic()))
        if feed.name != "well":
            raise FeedError("timeout", "nothing came")
        return Polled()

    monkeypatch.setitem(module.POLLERS, "suimon", silent)
    feeds = [Feed(name, "suimon", 60.0, stations={"1": "g1"}) for name in ("a", "b", "well")]
    poll_due(town, feeds, round_at())
    poll_due(town, feeds, round_at(60))
    assert [name for name, _ in asked] == ["a", "b", "well", "well", "a", "b"]
    # Of 180 s the first of three may take 60; nobody took any, so the next 90, and 90 is the most.
    assert [left_s for _, left_s in asked] == pytest.approx([60, 90, 90, 60, 90, 90], abs=10)


def test_a_feed_that_misses_two_polls_is_silent(pages, town, table_feed, round_at):
    pages.put("/table.csv", TABLE, pages.answer_of(status=403))
    poll_one(town, table_feed, round_at())
    poll_one(town, table_feed, round_at(60))
    (fact,) = feed_facts(round_at().engine, town, [table_feed])
    assert (fact.last_good, fact.failures) == (NOW, 1)
    assert fact.late(NOW)  # the last one failed
    # Cycles poll each 10 min, however short its interval: two of them, and a quarter more.
    assert not fact.silent(NOW + timedelta(minutes=22))
    assert fact.silent(NOW + timedelta(minutes=23))


def test_a_clock_set_back_does_not_hold_a_feed(pages, town, table_feed, round_at):
    pages.put("/table.csv", TABLE)
    poll_one(town, table_feed, round_at())
    pages.date = NOW - timedelta(hours=1)
    assert poll_one(town, table_feed, round_at(-3600)) is not None


def test_amedas_gives_the_newest_map_and_after_an_outage_the_points(pages, town, round_at):
    feed = Feed("rain", "amedas", 60.0, url=pages.url, stations={"36": "r1"})
    made = pages.answer_of
    pages.put("/latest_time.txt", b"2026-06-01T12:00:00+09:00", b"2026-06-01T12:00:00+09:00",
              b"2026-06-01T13:00:00+09:00")  # fmt: skip
    rows = {f"2026060111{m}000": {"precipitation10m": [0.5, 0]} for m in range(6)}
    rows["20260601120000"] = {"precipitation10m": [None, 5]}
    pages.put("/point/36/20260601_09.json", json.dumps(rows).encode())
    for block in ("20260531_12", "20260531_15", "20260531_18", "20260531_21", "20260601_00",
                  "20260601_03", "20260601_06"):  # fmt: skip
        pages.put(f"/point/36/{block}.json", b"{}")
    pages.put("/point/36/20260601_12.json", made(b"{}"))
    pages.put("/map/20260601120000.json", b'{"36": {"precipitation10m": [2.5, 0]}}')
    assert poll_one(town, feed, round_at()).fault == ""  # the first poll: a day of point files
    assert poll_one(town, feed, round_at(60)).readings == 1  # the newest map, corrected
    window = (
        round_at()
        .archive(town)
        .window(town.gauges, start=NOW.replace(hour=2, minute=50), end=NOW, step=TEN)
    )
    assert window["rain_mm"].values[:, 0].tolist() == [0.5, 2.5]
    before = len(pages.asked)
    pages.date = NOW + timedelta(hours=1)
    poll_one(town, feed, round_at(3600))  # an hour of maps is missing: one point file has it
    assert pages.paths()[before:] == ["/latest_time.txt", "/point/36/20260601_12.json"]


def test_suimon_is_read_by_way_of_its_page(pages, town, round_at):
    feed = Feed("mlit", "suimon", 600.0, url=f"{pages.url}/page?ID={{station}}",
                stations={"303": "g1"})  # fmt: skip
    pages.put("/page?ID=303", b'<A href="/dat/1.dat" target=_blank>')
    text = "観測所記号,303\n#\n2026/06/01,11:50,1.50,*\n2026/06/01,12:00,9.99,$\n"
    pages.put("/dat/1.dat", text.encode("cp932"))
    assert poll_one(town, feed, round_at()).readings == 2
    np.testing.assert_equal(levels(town, round_at()), [1.5, NAN])


def test_kawabou_is_looked_at_once_when_asked_for(pages, town, round_at):
    feed = Feed("look", "kawabou", 600.0, url=f"{pages.url}/{{date}}/{{time}}/{{station}}.json",
                on_demand=True, stations={"77": "g1"})  # fmt: skip
    rows = [
        {"obsTime": "2026/06/01 11:50", "stg": 1.5, "stgCcd": 0},
        {"obsTime": "2026/06/01 12:00", "stg": 9.9, "stgCcd": 130},
    ]
    # 12:05 JST less 10 minutes is 11:55, so the file of 11:50.
    pages.put("/20260601/1150/77.json", json.dumps({"min10Values": rows}).encode())
    assert poll_one(town, feed, round_at()).readings == 2
    np.testing.assert_equal(levels(town, round_at()), [1.5, NAN])


def test_crisis_gauges_are_read_and_kept_as_they_came(pages, town, round_at, tmp_path):
    feed = Feed("kiki", "crisis", 600.0, url=f"{pages.url}/07000.json", stations={"77": "g1"})
    items = [
        {"code": "77", "obsTime": "2026-06-01T11:50:00+09:00", "level": 2.5},
        {"code": "78", "obsTime": "2026-06-01T11:50:00+09:00", "level": 9.0},  # another city's
    ]
    body = json.dumps({"items": items}).encode()
    pages.put("/07000.json", body)
    outcome = poll_one(town, feed, round_at())
    assert (outcome.fault, outcome.readings) == ("", 1)
    np.testing.assert_equal(levels(town, round_at()), [2.5, NAN])
    (kept,) = (tmp_path / "feeds" / "town" / "kiki").iterdir()
    assert kept.read_bytes() == body


def test_a_form_of_crisis_gauges_that_is_not_known_is_kept_and_told(
    pages, town, round_at, tmp_path
):
    feed = Feed("kiki", "crisis", 600.0, url=f"{pages.url}/07000.json")
    pages.put("/07000.json", b'[{"code": "1", "level": 1.0}]')
    outcome = poll_one(town, feed, round_at())
    assert "must have a list `items`" in outcome.refused[0]
    assert len(list((tmp_path / "feeds" / "town" / "kiki").iterdir())) == 1


@pytest.mark.real_data
def test_recorded_crisis_gauges_come_whole(pages, town, round_at, tmp_path, real_data):
    body = next((real_data / "iwaki/gauges/raw_samples").glob("river_*.json")).read_bytes()
    pages.put("/07000.json", pages.answer_of(body, cut=1000), body)
    feed = Feed("kiki", "crisis", 600.0, url=f"{pages.url}/07000.json")
    assert poll_one(town, feed, round_at()).fault == ""
    (kept,) = (tmp_path / "feeds" / "town" / "kiki").iterdir()
    assert kept.read_bytes() == body


def test_dropped_files_are_read_once_and_a_bad_one_goes_aside_with_its_reason(
    town, round_at, tmp_path
):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_bytes(TABLE)
    (folder / "b.CSV").write_bytes("時刻,水位\n".encode("cp932"))
    (folder / "growing.csv").write_bytes(TABLE[:20])
    (folder / "readme.txt").write_bytes(b"no series")
    for name in ("a.csv", "b.CSV"):
        os.utime(folder / name, (1, 1))
    feed = Feed("pref", "drop", 0.0, folder=folder, columns={"g1": "level"})
    outcome = poll_one(town, feed, round_at())
    assert (outcome.readings, outcome.fault) == (2, "")
    assert "b.CSV must be utf-8-sig text" in outcome.refused[0]
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["done/a.csv", "growing.csv", "readme.txt", "refused/b.CSV",
                    "refused/b.CSV.txt"]  # fmt: skip
    assert "utf-8-sig" in (folder / "refused/b.CSV.txt").read_text("utf-8")


def test_a_drop_folder_that_is_gone_is_a_fault(town, round_at, tmp_path):
    feed = Feed("pref", "drop", 0.0, folder=tmp_path / "none", columns={"g1": "level"})
    assert poll_one(town, feed, round_at()).fault.startswith("folder: ")
