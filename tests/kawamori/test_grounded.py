"""What people on the ground report stands over lists and forecasts in the cycle."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString
from typer.testing import CliRunner

from forecasting.models import MODELS
from forecasting.types import aware
from kawamori.city import City, read_city
from kawamori.cli import app
from kawamori.ground import Ground, RoadReport, ShelterReport, ShelterState, read_ground
from kawamori.grounded import doubt_lines, lost_roads, report_lines, reported_roads
from kawamori.pipeline import Desk, cycle, open_desk
from kawamori.policies import read_policy
from kawamori.record import run_json
from kawamori.settings import Settings
from kawamori.store import open_store

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 6, 20, 3, tzinfo=UTC)
TELLS = {"status": None, "occupied": None, "upstairs": None, "stock": {}, "note": "", "by": "支所"}


@pytest.fixture
def city(tiny_home: Path) -> City:
    return read_city(tiny_home / "cities" / "tiny")


@pytest.fixture
def desk(tiny: Any, city: City) -> Desk:
    leads = [timedelta(hours=hours) for hours in (1, 2, 3)]
    model = MODELS["linear"](gauges=city.gauges, targets=["g1"], leads=leads)
    return open_desk(city, model, tiny.tiny_series(60 * 24), read_policy(Settings()), drill=True)


@pytest.fixture
def storm(tiny: Any) -> Any:
    return tiny.tiny_series(20 * 24, storm_mm=27.0)


def ground(at: datetime, **states: dict[str, Any]) -> Ground:
    rows = {key: {**TELLS, "at": at, **told} for key, told in states.items()}
    return Ground(
        at=at,
        shelters=tuple(ShelterState(key, **row, told_by={}) for key, row in rows.items()),
        history=tuple(ShelterReport(key, **row) for key, row in rows.items()),
    )


def run_with(desk: Desk, storm: Any, **states: dict[str, Any]) -> Any:
    issued_at = aware(storm["time"].values[-1])
    told = ground(issued_at - MINUTE, **states)
    return cycle(desk, storm, issued_at=issued_at, ground=told)


def test_a_closed_shelter_gets_nobody_and_says_so(desk: Desk, storm: Any) -> None:
    run = run_with(desk, storm, s1={"status": "closed"})
    assert run.allocation.assigned.empty  # s2 lies in the water
    why = run.allocation.rejected.set_index("shelter_id")["reason"]
    assert why["s1"] == "閉鎖中で開設できない (closed)"


def test_people_counted_inside_take_their_room(desk: Desk, storm: Any) -> None:
    run = run_with(desk, storm, s1={"occupied": 30})
    assert run.allocation.assigned["people"].tolist() == [50]  # of 80 places
    said = next(note for note in run.allocation.notes if "inside_kept" in note)
    must = 50 + run.allocation.unplaced["people"].sum()  # those inside stay among them
    assert f"多くて{must:,}人、少なくて{must - 30:,}人" in said
    assert run.city.shelters.at["s1", "occupied"] == 30
    assert desk.city.shelters.at["s1", "occupied"] == 0  # the caller's city is not changed


def test_upper_floors_are_used_only_where_an_officer_allowed_them(desk: Desk, storm: Any) -> None:
    tall = desk.city.shelters.assign(floors=[1.0, 3.0])
    high = replace(desk, city=replace(desk.city, shelters=tall))
    assert run_with(high, storm).sheltering.upper_floors["shelter_id"].tolist() == ["s2"]
    run = run_with(high, storm, s2={"upstairs": True})
    sent = run.allocation.assigned.set_index("shelter_id")["people"]
    # Water of up to 5 m leaves the third of three storeys: 66 of 200 places, nearer than s1.
    assert sent.to_dict() == {"s2": 66, "s1": 34}


def test_a_shelter_in_use_that_the_water_rejects_is_named(desk: Desk, storm: Any) -> None:
    run = run_with(desk, storm, s2={"status": "open", "occupied": 6, "upstairs": True})
    lines = doubt_lines(run.ground, run.city, run.allocation)
    assert lines[0].startswith("川下公民館は開設(収容中 6人)だがこの水害で使えない: 浸水想定区域内")
    assert lines[1].startswith("川下公民館は上階の使用が認められたが使えない")  # storeys unknown


def test_the_run_holds_who_said_what_and_its_digest_covers_it(desk: Desk, storm: Any) -> None:
    run = run_with(desk, storm, s1={"occupied": 30, "note": "満員近い"})
    record = json.loads(run_json(run))
    assert record["ground"]["shelters"][0]["by"] == "支所"
    assert report_lines(run.ground, {"s1": "山上小"})[0].endswith(
        "支所: 山上小 収容中 30人 満員近い"
    )
    assert run.input_digest != run_with(desk, storm).input_digest


def test_a_report_of_later_is_refused(desk: Desk, storm: Any) -> None:
    issued_at = aware(storm["time"].values[-1])
    with pytest.raises(ValueError, match="got 1 later"):
        cycle(desk, storm, issued_at=issued_at, ground=ground(issued_at + MINUTE, s1={}))


def test_a_road_is_found_again_when_the_bundle_is_rebuilt(city: City) -> None:
    lines = [LineString([(140.0 + 0.01 * at, 37.0), (140.0 + 0.01 * at, 37.01)]) for at in range(3)]
    roads = gpd.GeoDataFrame(geometry=lines, crs="EPSG:6668")
    report = RoadReport(0, 140.0, 37.005, 140.0, 37.005, True, "", "消防団", NOON)
    told = Ground(at=NOON, closed=(report,), history=(report,))
    assert reported_roads(told, replace(city, roads=roads)) == [0]
    turned = roads.iloc[::-1].reset_index(drop=True)
    assert reported_roads(told, replace(city, roads=turned)) == [2]
    gone = replace(city, roads=roads.iloc[1:].reset_index(drop=True))
    assert reported_roads(told, gone) == []
    assert lost_roads(told, gone) == [report]
    assert "見つからない" in doubt_lines(told, gone, None)[0]


def test_the_command_line_records_what_the_next_run_reads(
    tiny_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAWAMORI_HOME", str(tiny_home))
    roads = gpd.GeoDataFrame(geometry=[LineString([(140, 37), (140, 37.01)])], crs="EPSG:6668")
    roads.to_parquet(tiny_home / "cities" / "tiny" / "roads.parquet")
    told = ["--by", "支所", "--at", "2026-06-20T03:00:00"]
    shelter = ["ground", "shelter", "tiny", "s1", "--occupied", "5", "--stock", "water_l=12", *told]
    road = ["ground", "road", "tiny", "--point", "140.0001", "37.002", *told]
    for words in (shelter, road):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    read = read_ground(open_store(Settings().store_url), "tiny", at=NOON)
    assert (read.shelters[0].occupied, read.shelters[0].stock) == (5, {"water_l": 12.0})
    assert [one.road for one in read.closed] == [0]
    wrong = CliRunner().invoke(app, ["ground", "shelter", "tiny", "s9", "--occupied", "5", *told])
    assert isinstance(wrong.exception, ValueError)
    assert np.isnan(read.shelters[0].stock.get("meals", np.nan))
