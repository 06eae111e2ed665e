"""Rain forecasts polled: tiles from a server of our own, GRIB2 files dropped into a folder."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecasting.sources.nowcast import pixel_of
from kawamori.feeds.poll import poll_one
from kawamori.feeds.types import Feed
from tests.grib_files import grid, message, product, simple
from tests.tile_files import empty_tile, tile

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)
BASE = NOW - timedelta(minutes=5)
FIVE = timedelta(minutes=5)
HERE = pixel_of(140.0, 37.0)  # of r1


def stamp(moment):
    return f"{moment:%Y%m%d%H%M%S}"


def tile_path(minutes):
    return (f"/{stamp(BASE)}/none/{stamp(BASE + timedelta(minutes=minutes))}"
            f"/surf/hrpns/8/{HERE.x}/{HERE.y}.png")  # fmt: skip


@pytest.fixture
def nowcast(pages):
    """Give the feed with a forecast of ten minutes: 10-20 mm/h, then none."""
    rows = [{"basetime": stamp(BASE), "validtime": stamp(BASE + number * FIVE),
             "elements": ["hrpns", "hrpns_nd"]} for number in (2, 1)]  # fmt: skip
    pages.put("/targetTimes_N2.json", pages.answer_of(json.dumps(rows).encode(), etag='"1"'))
    pages.put(tile_path(5), tile({(HERE.column, HERE.row): 5}))
    pages.put(tile_path(10), tile())
    return Feed("nowc", "jma-nowcast", 300.0, url=pages.url)


def kept(town, feed, round_):
    store = round_.rain_store(town, feed)
    return store.known(known_at=round_.now, since=round_.now - timedelta(days=1))


def test_the_tiles_of_a_forecast_are_read_once_at_the_rain_gauges(pages, town, nowcast, round_at):
    outcome = poll_one(town, nowcast, round_at())
    assert (outcome.fault, outcome.said) == ("", "2 times of 2026-06-01T03:00:00+00:00")
    (told,) = kept(town, nowcast, round_at())
    np.testing.assert_allclose(told.rain_mm[:, 0], [1.25, 0.0])  # 15 mm/h for 5 minutes
    assert (told.source, told.issued_at) == ("jma-nowcast", BASE)
    assert pages.paths() == ["/targetTimes_N2.json", tile_path(5), tile_path(10)]
    assert poll_one(town, nowcast, round_at(300)).said == "nothing new"  # 304
    assert pages.paths()[3:] == ["/targetTimes_N2.json"]
    assert len(kept(town, nowcast, round_at(300))) == 1


def test_half_a_forecast_is_none(pages, town, nowcast, round_at):
    pages.put(tile_path(10), pages.answer_of(status=404))
    assert poll_one(town, nowcast, round_at()).fault.startswith("refused: ")
    assert kept(town, nowcast, round_at()) == []
    pages.put(tile_path(10), pages.answer_of(tile(), cut=20), tile())
    assert poll_one(town, nowcast, round_at(300)).fault == ""  # cut once, whole when asked again
    assert len(kept(town, nowcast, round_at(300))) == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [(b"<html>maintenance</html>", "form: .*whole PNG"),
     (tile({(HERE.column, HERE.row): 5}, palette=[(9, 9, 9)] * 10), "form: .*legend")],
)  # fmt: skip
def test_a_tile_of_another_form_is_a_fault(pages, town, nowcast, round_at, body, fault):
    pages.put(tile_path(5), body)
    outcome = poll_one(town, nowcast, round_at())
    assert outcome.fault.startswith(fault.split(":")[0])
    assert fault.rpartition("*")[2] in outcome.fault


def test_a_place_outside_the_area_is_a_fault_not_dry(pages, town, nowcast, round_at):
    for minutes in (5, 10):
        pages.put(tile_path(minutes), empty_tile())
    assert "at any rain gauge" in poll_one(town, nowcast, round_at()).fault


@pytest.mark.parametrize(
    ("body", "fault"),
    [(b"[]", "tells no forecast"), (b"{}", "must be a list"), (b"[{}]", "tells no forecast"),
     (b'[{"elements": ["hrpns"]}]', "basetime")],
)  # fmt: skip
def test_a_list_without_forecasts_is_a_fault(pages, town, nowcast, round_at, body, fault):
    pages.put("/targetTimes_N2.json", body)
    outcome = poll_one(town, nowcast, round_at())
    assert outcome.fault.startswith("form: ")
    assert fault in outcome.fault


def dropped(folder, name, body):
    path = folder / name
    path.write_bytes(body)
    os.utime(path, (1, 1))


def of_hours(*amounts, reference):
    """Give sums since the beginning, as LFM tells them, at (140, 37)."""
    told = []
    for hour, amount in enumerate(amounts, start=1):
        told += [product(reference, reference + timedelta(hours=hour), hour),
                 simple((amount,) + (0.0,) * 5)]  # fmt: skip
    return message(reference, grid(), *told)


def test_grib_files_are_read_once_and_a_bad_one_goes_aside(town, round_at, tmp_path):
    folder = tmp_path / "gpv"
    folder.mkdir()
    start = NOW.replace(minute=0) - timedelta(hours=3)
    name = "Z__C_RJTD_20260601000000_LFM_GPV_Rjp_Lsurf_FH{}_grib2.bin"
    whole = of_hours(1.0, 3.0, reference=start)
    dropped(folder, name.format("0200"), whole)
    dropped(folder, "cut_grib2.bin", whole[:-1])
    dropped(folder, "late.bin", of_hours(1.0, reference=NOW + timedelta(hours=1)))
    feed = Feed("lfm", "gpv", 0.0, folder=folder)
    outcome = poll_one(town, feed, round_at())
    assert (outcome.fault, outcome.said) == ("", "1 files")
    assert "cut_grib2.bin" in outcome.refused[0]
    assert "future: " in outcome.refused[1]
    assert sorted(path.name for path in (folder / "done").iterdir()) == [
        name.format("0200"), "late.bin"]  # fmt: skip
    assert "cut off" in (folder / "refused" / "cut_grib2.bin.txt").read_text("utf-8")
    # A later file of the same run: its sum of three hours is taken apart over both files.
    longer = product(start, start + timedelta(hours=3), 3) + simple((7.0,) + (0.0,) * 5)
    dropped(folder, name.format("0300"), message(start, grid(), longer))
    assert poll_one(town, feed, round_at(60)).fault == ""
    (told,) = kept(town, feed, round_at(60))
    assert (told.source, told.issued_at) == ("LFM", start)
    assert sorted(told.rain_mm[:, 0].tolist()) == [1.0, 3.0, 7.0]


def test_a_folder_that_is_gone_is_a_fault(town, round_at, tmp_path):
    feed = Feed("lfm", "gpv", 0.0, folder=tmp_path / "none")
    assert poll_one(town, feed, round_at()).fault.startswith("folder: ")
