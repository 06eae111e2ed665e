"""The map of a run: levels as advised, unknown where nothing is known."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from advisory.types import GaugeState
from hazard.signalled import Signal
from kawamori.dynamic import DynamicWater
from kawamori.run import Run
from kawamori.run_map import write_map
from kawamori.ungauged import Danger


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


def test_each_kind_of_water_has_a_switch_and_only_what_is_in_play_is_shown(
    made_run: Run, tmp_path: Path
) -> None:
    layer = made_run.city.layers
    zones = layer.assign(kind="steep_slope", source="A33").iloc[:1]
    city = dataclasses.replace(made_run.city, inland=layer, landslide=zones, tsunami=layer)
    applies = Danger("inland", {"up": Signal(True, "雨")}, made_run.exposure)
    waters = [
        DynamicWater(scenario, share, layer, (), ())
        for scenario, share in (("dynamic_median", 0.5), ("dynamic", 0.95))
    ]
    run = dataclasses.replace(made_run, city=city, inland=applies, dynamic=tuple(waters))
    others = {one["name"]: one["shown"] for one in drawn(run, tmp_path)["others"]}
    assert others == {
        "計算浸水 予測の中央値 (公式の想定ではない)": True,
        "計算浸水 予測の高め95% (公式の想定ではない)": False,
        "内水・小河川 (いま該当する地区あり)": True,
        "土砂災害警戒区域": False,
        "津波浸水想定 (参考: 判断には使わない)": False,
    }


def test_missing_layer_and_shelters_leave_the_map_drawable(bare_run: Run, tmp_path: Path) -> None:
    data = drawn(bare_run, tmp_path)
    assert (data["water"], data["shelters"]) == ([], [])
