"""Reports from the ground are appended, checked, and read as they stood at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString
from sqlalchemy import Engine

from kawamori import store
from kawamori.ground import (
    SNAP_M,
    ReportedMeanwhileError,
    read_ground,
    record_road,
    record_shelter,
    shelter_revision,
)

NOON = datetime(2026, 9, 1, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KNOWN = {"S1", "S2"}
CRS = "EPSG:6677"
# Two roads to the north, 0.001 degree of longitude (about 89 m) apart.
ROADS = gpd.GeoDataFrame(
    geometry=[LineString([(lon, 37.0), (lon, 37.01)]) for lon in (140.0, 140.001)],
    crs="EPSG:6668",
)


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    made = store.open_store(store_url)
    yield made
    made.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """Give a store in a file, where what is refused never reaches a database."""
    made = store.open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.dispose()


def tell(engine: Engine, shelter_id: str, minute: int, **told: Any) -> None:
    at, by = NOON + minute * MINUTE, told.pop("by", "内郷支所")
    record_shelter(engine, "t", shelter_id, known=KNOWN, by=by, at=at, **told)


def shut(engine: Engine, minute: int = 0, *, closed: bool = True, **where: Any) -> Any:
    at, given = NOON + minute * MINUTE, {"roads": ROADS, "crs": CRS, **where}
    return record_road(engine, "t", closed=closed, by="消防団", at=at, **given)


def test_each_value_holds_as_it_was_last_told_and_says_by_whom(engine: Engine) -> None:
    tell(engine, "S1", 0, status="open", stock={"water_l": 30.0}, by="鍵係")
    tell(engine, "S1", 5, occupied=12)
    tell(engine, "S1", 9, occupied=20, stock={"meals": 9.0}, note="満員近い")
    (state,) = read_ground(engine, "t", at=NOON + 10 * MINUTE).shelters
    assert (state.status, state.occupied, state.upstairs) == ("open", 20, None)
    assert state.stock == {"water_l": 30.0, "meals": 9.0}
    assert (state.by, state.at, state.note) == ("内郷支所", NOON + 9 * MINUTE, "満員近い")
    assert (state.told_by["status"].by, state.told_by["occupied"].at) == ("鍵係", state.at)


def test_nothing_that_was_reported_later_is_read(engine: Engine) -> None:
    tell(engine, "S1", 0, occupied=12)
    tell(engine, "S1", 5, occupied=99)
    shut(engine, 5, road=0)
    ground = read_ground(engine, "t", at=NOON + 4 * MINUTE)
    assert [one.occupied for one in ground.shelters] == [12]
    assert (ground.closed, len(ground.history)) == ((), 1)
    assert len(read_ground(engine, "t", at=NOON + 5 * MINUTE).history) == 3
    assert read_ground(engine, "elsewhere", at=NOON + 5 * MINUTE).history == ()


def test_a_point_means_the_nearest_road_and_reopening_undoes_closing(engine: Engine) -> None:
    # 0.0002 degrees are 18 m: beside the second road, 107 m from the first.
    report = shut(engine, lon=140.0012, lat=37.002)
    assert (report.road, report.lon, report.middle_lat) == (1, 140.0012, pytest.approx(37.005))
    shut(engine, 1, road=0)
    assert [one.road for one in read_ground(engine, "t", at=NOON + MINUTE).closed] == [1, 0]
    shut(engine, 2, road=1, closed=False)
    assert [one.road for one in read_ground(engine, "t", at=NOON + 2 * MINUTE).closed] == [0]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"occupied": -1}, "occupied must be a whole number >= 0, got -1"),
        ({"shelter_id": "S9", "occupied": 1}, "shelter_id must be one of the city's 2, got 'S9'"),
        ({"status": "full"}, "status must be one of"),
        ({"stock": {"water_l": -2.0}}, "got water_l -2.0"),
        ({"stock": {"beer": 2.0}}, "got beer 2.0"),
        ({"occupied": 1, "by": " "}, "by must name who reports"),
        ({"occupied": 1, "at": NOON.replace(tzinfo=None)}, "at must have a zone"),
        ({}, "must tell something"),
    ],
)
def test_a_report_that_cannot_be_is_refused_and_not_kept(
    file: Engine, told: dict[str, Any], words: str
) -> None:
    given = {"shelter_id": "S1", "known": KNOWN, "by": "A", "at": NOON, **told}
    with pytest.raises(ValueError, match=words):
        record_shelter(file, "t", **given)
    assert read_ground(file, "t", at=NOON + MINUTE).history == ()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"lon": 140.01, "lat": 37.005}, f"within {SNAP_M:.0f} m of a road"),
        ({"lon": 37.005, "lat": 140.0}, "lon, lat"),
        ({"road": 2}, "road must be 0 to 1, got 2"),
        ({}, "give a road or a point"),
        ({"road": 0, "lon": 140.0, "lat": 37.005}, "give a road or a point"),
        ({"road": 0, "roads": None}, "must have roads"),
    ],
)
def test_a_road_that_is_not_known_is_refused(
    file: Engine, where: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        shut(file, **where)


def test_a_time_without_a_zone_is_refused_in_reading(file: Engine) -> None:
    with pytest.raises(ValueError, match="aware"):
        read_ground(file, "t", at=NOON.replace(tzinfo=None))


def test_of_two_reports_on_the_same_revision_one_is_kept(engine: Engine) -> None:
    # Two engines stand for two processes: nothing is shared but the store.
    url = engine.url.render_as_string(hide_password=False)
    others = [store.open_store(url) for _ in range(4)]
    gate = Barrier(len(others))

    def report(number: int) -> bool:
        gate.wait(timeout=60)
        try:
            tell(others[number], "S1", number, occupied=number, seen=0)
        except ReportedMeanwhileError:
            return False
        return True

    with ThreadPoolExecutor(len(others)) as pool:
        kept = list(pool.map(report, range(len(others))))
    for each in others:
        each.dispose()
    assert kept.count(True) == 1
    assert shelter_revision(engine, "t", "S1") == 1
    (state,) = read_ground(engine, "t", at=NOON + 10 * MINUTE).shelters
    assert state.occupied == kept.index(True)


def test_report_that_checks_nothing_is_appended_whatever_came_before(engine: Engine) -> None:
    for minute in range(3):
        tell(engine, "S1", minute, occupied=minute)
    tell(engine, "S2", 3, occupied=1, seen=0)  # another shelter counts for itself
    assert [shelter_revision(engine, "t", key) for key in ("S1", "S2", "S3")] == [3, 1, 0]
    with pytest.raises(ReportedMeanwhileError, match="after revision 2"):
        tell(engine, "S1", 4, occupied=9, seen=2)
    assert shelter_revision(engine, "t", "S1") == 3
