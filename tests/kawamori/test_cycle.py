"""Cycles of the tiny city from its feeds: what is missing is said, what comes is used."""

from __future__ import annotations

import json
import multiprocessing
import threading
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from advisory.types import Level, Report
from alerts.schema import approval
from kawamori.archive import Archive
from kawamori.cities import open_city
from kawamori.cycle import run_cycle, window_of
from kawamori.cycle_guard import guarded_cycle
from kawamori.cycle_log import cycles
from kawamori.degraded import BEGINNING
from kawamori.feeds.poll import archive_folder
from kawamori.field_log import end_report, enter_reports
from kawamori.settings import Settings
from kawamori.store import opened_store, stored_runs

NOW = datetime(2026, 9, 8, 12, 3, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = """
[[feed]]
name = "drop"
kind = "drop"
every_s = 60
folder = "in"
[feed.columns]
g1 = "level"
"""


@pytest.fixture
def settings(taught_home, tmp_path):
    folder = taught_home / "cities" / "tiny"
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write(FEED)
    (folder / "in").mkdir()
    return Settings(home=taught_home, out=tmp_path / "out")


def keep(settings, kind, station, values, *, end=NOW, step=HOUR):
    """Keep readings that end at a time, each received when it was made."""
    at = [end - number * step for number in reversed(range(len(values)))]
    frame = pd.DataFrame({"kind": kind, "station_id": station, "at": at, "value": values})
    Archive(archive_folder(settings.home, "tiny")).append(frame, received_at=end)


def test_a_desk_that_hears_nothing_is_unknown_and_says_what_it_lacks(settings):
    done = run_cycle(settings, "tiny", now=NOW)
    assert {advice.level for advice in done.run.advice} == {Level.UNKNOWN}
    text = "\n".join(done.notes)
    assert all(note.startswith(BEGINNING) for note in done.notes)
    assert "水位なし(全局)" in text
    assert "雨量なし(全局)" in text
    assert "警報電文なし" in text
    assert "水位なし(全局)" in (done.folder / "run.json").read_text("utf-8")


def test_a_flood_that_came_by_a_feed_is_advised_although_all_else_is_missing(settings):
    keep(settings, "level_m", "g1", [0.5] * 48 + [1.0, 1.6, 2.2, 2.7])
    done = run_cycle(settings, "tiny", now=NOW)
    low = next(advice for advice in done.run.advice if advice.district_id == "low")
    assert low.level >= Level.EVACUATE  # 2.7 m is above 氾濫危険水位 2.5 m
    assert any("雨量なし" in note for note in done.notes)
    assert not any("水位なし" in note for note in done.notes)


def test_a_broken_feed_and_a_broken_champion_stand_on_the_page(settings):
    (settings.cities / "tiny" / "in").rmdir()
    settings.champions.mkdir()
    (settings.champions / "tiny.json").write_text("[]")
    done = run_cycle(settings, "tiny", now=NOW)
    assert done.outcomes[0].fault.startswith("folder: ")
    assert any("受信の障害: drop(連続1回)" in note for note in done.notes)
    assert any("昇格したモデルを使えない(TypeError" in note for note in done.notes)
    page = (done.folder / "index.html").read_text("utf-8")
    assert "受信の障害" in page
    assert "昇格したモデルを使えない" in page
    record = json.loads((done.folder / "run.json").read_text("utf-8"))
    assert (record["forecaster"]["kind"], record["forecaster"]["model_id"]) == ("default", "gbm")
    assert [(feed["name"], feed["failures"]) for feed in record["feeds"]] == [("drop", 1)]


def test_an_hourly_series_reaches_to_now(settings):
    city = open_city("tiny", settings, lambda *_: None)
    keep(settings, "level_m", "g1", [1.0, 2.0], step=timedelta(minutes=10))
    window = window_of(city, settings.home, NOW)
    # one hour ends now: of 1.0 ten minutes ago and 2.0 now the newest counts.
    assert window["level_m"].values[-1, 0] == 2.0
    assert pd.Timestamp(window["time"].values[-1], tz="UTC") == NOW


LIFTING = {
    "approval_id": "1", "run_id": "r", "city_id": "tiny", "district_id": "low", "level": 4,
    "advice_digest": "d", "first_officer": "佐藤", "second_officer": "鈴木", "drill": False,
    "occasion": "lifted",
}  # fmt: skip


def level_of(done, district):
    return next(advice.level for advice in done.run.advice if advice.district_id == district)


def test_a_report_from_the_field_counts_until_the_city_ends_the_order(settings):
    """A silent gauge holds what a patrol called for, also after three hours without a cycle; once
    the city has lifted it nothing does."""
    city = open_city("tiny", settings, lambda *_: None)
    leak = Report("abnormal_leak", NOW, "消防団", "右岸に漏水", ("low",))
    at = [NOW + timedelta(minutes=minutes) for minutes in (0, 10, 180, 185, 190)]
    with opened_store(settings.store_url) as store:
        enter_reports(
            store, city, [leak], kinds={leak.kind}, entered_by="officer", entered_at=at[0]
        )
        assert level_of(run_cycle(settings, "tiny", now=at[0]), "low") is Level.EVACUATE
        end_report(store, "tiny", 1, by="officer", at=at[1])
        assert level_of(run_cycle(settings, "tiny", now=at[2]), "low") is Level.EVACUATE
        with store.begin() as connection:
            connection.execute(insert(approval).values({**LIFTING, "at": at[3], "expires": at[4]}))
    assert level_of(run_cycle(settings, "tiny", now=at[4]), "low") is Level.UNKNOWN


def test_a_cycle_met_by_a_restart_of_the_database_at_its_opening_is_run_after_it(
    settings, postgresql, monkeypatch
):
    monkeypatch.setattr("kawamori.cycle_guard.ASK_AGAIN_S", 0.05)
    settings = settings.model_copy(update={"database_url": SecretStr(postgresql.new_url())})
    fork = multiprocessing.get_context("fork")
    begun, stopped, failed = fork.Event(), fork.Event(), fork.Event()

    def work():
        first, _ = not begun.is_set(), begun.set()
        assert stopped.wait(60)
        try:
            return run_cycle(settings, "tiny", now=NOW).run.run_id, []
        finally:
            failed.set() if first else None

    def restart():
        assert begun.wait(60)
        postgresql.stop()
        stopped.set()
        assert failed.wait(60)
        postgresql.start()

    thread = threading.Thread(target=restart)
    thread.start()
    ended = guarded_cycle(settings, "tiny", work, now=NOW)
    thread.join(60)
    assert "must name a database that answers" in ended.lines[0]
    with opened_store(settings.store_url) as store:
        assert [(row.state, row.run_id) for row in cycles(store, "tiny")] == [
            ("complete", ended.run_id)
        ]
        assert [run.run_id for run in stored_runs(store)] == [ended.run_id]
