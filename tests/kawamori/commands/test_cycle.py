"""The desk as a service: what each command says, and the code a timer sees."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from typer.testing import CliRunner

from kawamori.archive import Archive
from kawamori.cli import app
from kawamori.cycle_guard import locked
from kawamori.cycle_log import write_heartbeat
from kawamori.feeds.poll import archive_folder
from kawamori.store import open_store

FEED = """
[[feed]]
name = "drop"
kind = "drop"
every_s = 600
folder = "in"
[feed.columns]
g1 = "level"
"""


@pytest.fixture
def run(tiny_home, tmp_path):
    """Give a caller of the command line in a home of its own."""
    with (tiny_home / "cities" / "tiny" / "city.toml").open("a", encoding="utf-8") as file:
        file.write(FEED)
    env = {"KAWAMORI_HOME": str(tiny_home), "KAWAMORI_OUT": str(tmp_path / "out")}
    return lambda *words: CliRunner().invoke(app, list(words), env=env)


def beat(path, minutes):
    now = datetime.now(UTC)
    write_heartbeat(path, due=now - timedelta(minutes=minutes), at=now, run_id="r")


def test_a_heartbeat_is_alive_for_25_minutes_or_as_told(run, tiny_home, tmp_path):
    never = run("heartbeat", "tiny")
    assert (never.exit_code, "last complete cycle never" in never.stdout) == (3, True)
    assert "nobody is alerted" in never.stdout  # there is no roster
    beat(tiny_home / "heartbeats" / "tiny.json", 20)
    assert run("heartbeat", "tiny").exit_code == 0
    other = tmp_path / "other.json"
    beat(other, 30)
    assert run("heartbeat", "tiny", "--file", str(other)).exit_code == 3
    assert run("heartbeat", "tiny", "--file", str(other), "--max-age", "60").exit_code == 0
    beat(other, -60)  # the first machine's clock is an hour ahead: it may have died since
    early = run("heartbeat", "tiny", "--file", str(other))
    assert early.exit_code == 3
    other.write_text("half of a f")
    assert run("heartbeat", "tiny", "--file", str(other)).exit_code == 3


def test_a_feed_is_asked_once_in_its_interval_and_a_wrong_name_is_said(run, tiny_home):
    folder = tiny_home / "cities" / "tiny" / "in"
    folder.mkdir()
    for name, values in (("a.csv", "2026-09-08 21:00,1.5"), ("b.csv", "yesterday,1.5")):
        (folder / name).write_text(f"time,level\n{values}\n")
        os.utime(folder / name, (0, 0))  # nobody writes it any more
    told = run("feed", "tiny", "drop").stdout
    assert "drop: 1 readings 1 files" in told
    assert "drop: b.csv: " in told  # what was refused is said, too
    assert "drop: asked less than 600 s ago" in run("feed", "tiny", "drop").stdout
    wrong = run("feed", "tiny", "pref")
    assert "feed of tiny must be one of ['drop'], got 'pref'" in str(wrong.exception)


def test_past_days_become_one_file_each(run, tiny_home):
    archive = Archive(archive_folder(tiny_home, "tiny"))
    day = datetime.now(UTC) - timedelta(days=2)
    for number in range(3):
        frame = pd.DataFrame({"kind": "level_m", "station_id": "g1", "value": [1.0],
                              "at": [day + timedelta(minutes=number)]})  # fmt: skip
        archive.append(frame, received_at=day + timedelta(minutes=number))
    assert run("compact", "tiny").stdout == "tiny: 3 files joined\n"
    assert run("compact", "tiny").stdout == "tiny: 0 files joined\n"


def test_a_cycle_beside_another_ends_with_75(run, tiny_home):
    with locked(tiny_home / "locks" / "cycle-tiny.lock", limit_s=600.0):
        done = run("cycle", "tiny")
    assert done.exit_code == 75
    assert "another cycle is at work" in done.stderr


def test_back_ups_of_today_replace_each_other_and_thinning_says_what_would_go(run, tiny_home):
    assert "nothing to back up" in str(run("backup").exception)
    open_store(f"sqlite:///{tiny_home / 'kawamori.sqlite'}").dispose()
    today = f"{datetime.now(UTC):%Y-%m-%d}.zip"
    for _ in range(2):
        assert f"{today}: the store and 0 files of reports" in run("backup").stdout
    assert {path.name for path in (tiny_home / "backups").iterdir()} == {today, "reports"}
    told = run("thin", "--older-than", "30", "--dry-run").stdout
    assert told == "would go: 0 reports and 0 unfinished ones, 0.0 MB\n"
    made = json.loads(run("doctor", "tiny", "--json").stdout)["findings"]
    (line,) = [one for one in made if one["check"] == "backup"]
    assert line["state"] == "ok"
