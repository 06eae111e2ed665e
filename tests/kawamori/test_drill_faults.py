"""Faults of a drill, end to end: each changes what the next cycle says, and lifting it undoes it.

The tiny city has 100 people below, who leave over its roads: 80 find room in s1 (山上小学校, 80
places, nearest), 20 go on to s3 (東高校, 70 places). Without s1, 70 go to s3 and 30 nowhere.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kawamori import drill_book
from kawamori.city import read_city
from kawamori.drill import read_storm
from kawamori.drill_faults import DrillFaults, road_at
from kawamori.drill_worker import work
from kawamori.ground import Ground, read_ground, shelter_report, with_report
from kawamori.moves import moves, open_place
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored_run import run_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 6, 20, 20, tzinfo=UTC)
PLANNED = {"山上小学校": 80, "東高校": 20}
EAST = {"東高校": 70}
BACK = {"東高校": 70, "山上小学校": 30}  # those sent to s3 stay, the others find s1 again


@pytest.fixture
def settings(tiny, taught_home, tmp_path):
    """Give a desk whose city has ways and a storm of four cycles: people leave from the second."""
    folder = taught_home / "cities" / "tiny"
    tiny.write_ways(folder)
    (folder / "storms").mkdir()
    storm = tiny.tiny_series(20 * 24, storm_mm=27.0)
    end = START + timedelta(hours=3)
    storm.attrs |= {"drill_start": START.isoformat(), "drill_end": end.isoformat()}
    storm.to_netcdf(folder / "storms" / "cloudburst.nc")
    return Settings(home=taught_home, out=tmp_path / "out", _env_file=None)


def drill(settings, script=None, **asked):
    """Run a drill; `script` maps a count of cycles to what is wished after it."""
    one = drill_book.ask(
        settings.drills, settings.cities, city="tiny", storm="cloudburst", speed=60.0,
        faults=asked, by="ito", at=AT,
    )  # fmt: skip
    script = dict(script or {})

    def wait(_seconds: float) -> None:
        done = len(drill_book.progress(settings.drills, one.drill_id)["cycles"])
        if done in script:
            script.pop(done)(one)

    assert work(settings, wait=wait)
    return one, drill_book.progress(settings.drills, one.drill_id)


def wish(settings, **faults):
    return lambda one: drill_book.set_faults(settings.drills, one.drill_id, faults)


def report_of(settings, one, name: str) -> str:
    path = settings.drills / one.drill_id / "out" / "report" / name
    return path.read_text(encoding="utf-8")


def test_closed_road_changes_ways_and_places_and_opening_it_undoes_that(settings) -> None:
    script = {2: wish(settings, road="1"), 3: wish(settings)}  # row 1 alone leads to s1
    one, told = drill(settings, script)
    assert told.get("error") is None
    assert (told["state"], len(told["cycles"])) == ("done", 4)
    cycles = told["cycles"][1:]
    assert [row["faults"] for row in cycles] == [{}, {"road": "1"}, {}]
    assert [row["places"] for row in cycles] == [PLANNED, EAST, BACK]
    assert [row["nowhere"] for row in cycles] == [0, 30, 0]
    assert [row["not_sent"] for row in cycles] == [0, 0, 0]
    review = report_of(settings, one, "review.html")
    assert "【訓練】試験町 cloudburst の振り返り" in review
    assert "足りないもの" in review  # no truth lies beside this storm
    for page in ("index.html", "map-data.js"):  # the map writes its title from its data
        assert "【訓練】" in report_of(settings, one, page)
    _moves_by_the_stored_run(settings, one)


def _moves_by_the_stored_run(settings, one) -> None:
    """Hold the preview of the desk against the same stored run, to spare a second drill."""
    record = json.loads(report_of(settings, one, "run.json"))
    run = run_of(record)
    place = open_place(run, settings)
    nothing = Ground(at=run.issued_at)
    before = run.allocation.assigned.groupby("shelter_id")["people"].sum().to_dict()
    plan = moves(record, run, nothing, place)
    assert (plan.rows, plan.nowhere) == ((), plan.nowhere_before)  # nothing told, nobody moves
    closed = shelter_report("s3", known={"s3"}, status="closed", by="x", at=run.issued_at)
    told = moves(record, run, with_report(nothing, closed), place)
    assert told.people == before["s3"]
    # s1 has 80 places; what it does not hold already is left for those of s3.
    room = 80 - before.get("s1", 0)
    found = {row.to: row.people for row in told.rows}
    assert found.get("山上小学校", 0) == min(room, before["s3"])
    assert told.lost == before["s3"] - min(room, before["s3"])
    assert told.nowhere == told.nowhere_before + told.lost
    assert all((row.minutes is None) == (row.to is None) for row in told.rows)
    assert {row.left for row in told.rows} == {"東高校"}
    assert moves({**record, "basis": None}, run, nothing, place) is None


def test_flooded_shelter_is_no_destination_and_a_stopped_drill_is_reviewed(settings) -> None:
    script = {
        2: wish(settings, line=""),
        3: lambda one: drill_book.stop(settings.drills, one.drill_id),
    }
    truth = {
        "districts": [
            {"district_id": "low", "first_water": "2026-06-20T20:30:00+00:00",
             "people_in_water": 100},
            {"district_id": "high", "first_water": None, "people_in_water": 0},
        ]
    }  # fmt: skip
    path = settings.cities / "tiny" / "storms" / "cloudburst.truth.json"
    path.write_text(json.dumps(truth), encoding="utf-8")
    one, told = drill(settings, script, shelter="s1")
    assert (told["state"], len(told["cycles"])) == ("stopped", 3)
    assert [row["places"] for row in told["cycles"][1:]] == [EAST, PLANNED]  # nobody was told yet
    sent = told["cycles"][2]
    assert (sent["not_sent"], sent["accepted"]) == (2, 8)  # two districts, five forms, LINE is down
    review = report_of(settings, one, "review.html")
    assert "途中で止めた訓練(3回の計算まで)" in review
    assert "川下" in review


def test_silent_gauge_speaks_again_and_a_drill_that_fails_is_reviewed(settings) -> None:
    script = {1: wish(settings), 2: wish(settings, shelter="no-such")}
    one, told = drill(settings, script, gauge="g1")
    assert [row["silent_gauges"] for row in told["cycles"]] == [["g1"], []]
    assert told["state"] == "failed"
    assert "no-such" in told["error"]
    assert "途中で失敗した訓練(2回の計算まで)" in report_of(settings, one, "review.html")


def test_shelter_and_road_are_reported_and_open_again(settings) -> None:
    city = read_city(settings.cities / "tiny")
    with opened_store(settings.store_url) as engine:
        faults = DrillFaults(city, read_storm(city, "cloudburst")[1], engine)
        faults.change({"shelter": "s1", "road": "140.012, 37.007"}, AT)
        told = read_ground(engine, "tiny", at=AT)
        assert ([one.status for one in told.shelters], [r.road for r in told.closed]) == (
            ["closed"],
            [2],
        )
        later = AT + timedelta(hours=1)
        faults.change({"shelter": "s3"}, later)  # another one now: the first opens again
        told = read_ground(engine, "tiny", at=later)
    assert {one.shelter_id: one.status for one in told.shelters} == {"s1": "open", "s3": "closed"}
    assert told.closed == ()


def test_gauge_is_silent_from_its_fault_until_it_is_lifted(tiny) -> None:
    series = tiny.tiny_series(48)
    hours = series["time"].values
    at = [AT.replace(year=2026, month=6, day=1, hour=hour) for hour in (5, 8)]
    faults = DrillFaults(_city(), series, None)
    faults.change({"gauge": "g1"}, at[0])
    faults.change({}, at[1])
    lost = np.flatnonzero(np.isnan(faults.seen()["level_m"].values[:, 0]))
    assert list(hours[lost].astype("datetime64[h]").astype(str)) == [
        f"2026-06-01T{hour:02d}" for hour in (5, 6, 7)
    ]
    assert not np.isnan(series["level_m"].values).any()  # the storm itself stays whole


def _city():
    from types import SimpleNamespace

    return SimpleNamespace(roads=None, shelters=None)


def test_fault_of_no_city_is_refused_and_nothing_changes(tiny) -> None:
    faults = DrillFaults(_city(), tiny.tiny_series(48), None)
    wrong = {"gauge": "g9", "shelter": "s9", "road": "3"}
    with pytest.raises(ValueError, match=r"gauge.*g9.*shelter.*s9.*road.*'3'"):
        faults.change(wrong, AT)
    assert (faults.held, faults.quiet) == ({}, [])


@pytest.mark.parametrize("text", ["", "the bridge", "-1", "140.0", "1,2,3"])
def test_road_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        road_at(text)
