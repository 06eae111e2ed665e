"""The map of a run: levels as advised, unknown where nothing is known."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from advisory.types import GaugeState
from kawamori.run import Run
from kawamori.run_map import write_map


def drawn(run: Run, folder: Path) -> dict[str, Any]:
    write_map(run, folder)
    text = (folder / "map-data.js").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text.split(" = ", 1)[1].rstrip().rstrip(";"))
    return data


def test_districts_carry_the_advised_level_and_deadline(made_run: Run, tmp_path: Path) -> None:
    districts = drawn(made_run, tmp_path)["districts"]
    assert [area["level"] for area in districts] == [4, -1]
    # 15:00 UTC + 40 min is 00:40 JST of the next day.
    assert districts[0]["lines"] == ["立退きが必要 200人", "発令期限 7/1 00:40"]
    assert districts[1]["lines"] == ["立退きが必要 不明"]


def test_district_without_advice_is_unknown(bare_run: Run, tmp_path: Path) -> None:
    assert {area["level"] for area in drawn(bare_run, tmp_path)["districts"]} == {-1}


def test_gauges_show_the_threshold_reached_and_unknown_when_silent(
    made_run: Run, tmp_path: Path
) -> None:
    gauges = drawn(made_run, tmp_path)["gauges"]
    assert {row["name"]: row["state"] for row in gauges} == {
        "上橋 (川守川)": "judgment",
        "下橋 (川守川)": "unknown",
    }


def test_old_calm_reading_is_unknown_on_the_map(made_run: Run, tmp_path: Path) -> None:
    old = GaugeState("up", 1.0, made_run.issued_at - timedelta(hours=5))
    run = dataclasses.replace(made_run, states=(old,))
    assert {row["state"] for row in drawn(run, tmp_path)["gauges"]} == {"unknown"}


def test_drill_and_stand_in_are_said_on_the_map(made_run: Run, tmp_path: Path) -> None:
    data = drawn(made_run, tmp_path)
    assert data["title"].startswith("【訓練】")
    assert data["standIn"] is True


def test_missing_layer_and_shelters_leave_the_map_drawable(bare_run: Run, tmp_path: Path) -> None:
    data = drawn(bare_run, tmp_path)
    assert (data["water"], data["shelters"]) == ([], [])
