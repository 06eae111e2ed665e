"""危機管理型水位計: reports as they come, repeated, censored, and sometimes wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecasting.quality import counts, screen
from forecasting.sources.crisis import CrisisGauges, read_crisis_stations
from forecasting.types import MISSING, NOT_EVALUATED

START, END = datetime(2026, 6, 1, 0, tzinfo=UTC), datetime(2026, 6, 1, 1, tzinfo=UTC)


def item(code: str, at: str, level: Any, **others: Any) -> dict[str, Any]:
    return {"code": code, "obsTime": at, "level": level, "name": f"川（橋{code}）"} | others


def report(folder: Path, *items: dict[str, Any], name: str = "report.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"items": items}, ensure_ascii=False), encoding="utf-8")
    return path


def test_readings_stand_at_their_own_time_and_silence_is_missing(tmp_path: Path) -> None:
    path = report(tmp_path, item("1", "2026-06-01T09:10:00+09:00", 2.5))
    observed = CrisisGauges(path).read(read_crisis_stations(path), START, END)
    level = observed["level_m"].values[:, 0]
    assert level[1] == 2.5  # 09:10 Japanese time is 00:10 UTC
    assert np.isnan(np.delete(level, 1)).all()
    assert observed["level_flag"].values[:2, 0].tolist() == [MISSING, NOT_EVALUATED]


def test_a_reading_listed_again_counts_once_and_the_newest_of_a_step_counts(tmp_path: Path) -> None:
    early = item("1", "2026-06-01T09:03:00+09:00", 2.1)
    late = item("1", "2026-06-01T09:09:00+09:00", 2.4)
    path = report(tmp_path, late, early, late)
    observed = CrisisGauges(path).read(read_crisis_stations(path), START, END)
    assert observed["level_m"].values[:2, 0].tolist()[1] == 2.4  # both stand at 09:10
    assert int(observed["level_m"].notnull().sum()) == 1


def test_a_folder_of_reports_and_lines_are_read_together(tmp_path: Path) -> None:
    report(tmp_path, item("1", "2026-06-01T09:10:00+09:00", 2.5), name="a.json")
    line = json.dumps(item("2", "2026-06-01T00:20:00Z", -0.5))
    (tmp_path / "b.jsonl").write_text(f"{line}\n\n", encoding="utf-8")
    gauges = read_crisis_stations(tmp_path)
    assert [gauge.gauge_id for gauge in gauges] == ["1", "2"]
    observed = CrisisGauges(tmp_path).read(gauges, START, END)
    assert observed["level_m"].values[2].tolist()[1] == -0.5


def test_a_station_has_its_own_levels_by_the_nearest_house_names(tmp_path: Path) -> None:
    levels = {"startLevel": 14.3, "warnLevel": None, "fladLevel": 16.34}
    path = report(tmp_path, item("1", "2026-06-01T09:10:00+09:00", 14.5, **levels,
                                 latitude=37.0, longitude=140.8))  # fmt: skip
    (gauge,) = read_crisis_stations(path)
    assert gauge.thresholds.items() == [("standby", 14.3), ("overflow", 16.34)]
    assert (gauge.river, gauge.lon, gauge.lat, gauge.sensor) == ("川", 140.8, 37.0, "crisis")


def test_a_level_out_of_order_is_left_out(tmp_path: Path) -> None:
    levels = {"startLevel": 2.0, "warnLevel": 1.0, "fladLevel": 3.0}
    (gauge,) = read_crisis_stations(report(tmp_path, item("1", "x", 1.0, **levels)))
    assert gauge.thresholds.items() == [("standby", 2.0), ("overflow", 3.0)]


def test_every_broken_item_is_named_at_once(tmp_path: Path) -> None:
    path = report(
        tmp_path,
        item("1", "2026-06-01T09:10:00", 1.0),  # no zone
        item("2", "2026-06-01T09:10:00+09:00", None),
        item("3", "yesterday", 1.0),
    )
    with pytest.raises(ValueError, match=r"item 1.*item 2.*item 3"):
        CrisisGauges(path).read(read_crisis_stations(path), START, END)


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"other": []}', "<html>"])
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"report\.json must be JSON with `items`"):
        read_crisis_stations(path)


@pytest.mark.real_data
def test_the_faults_of_iwaki_are_all_doubted(real_data: Path) -> None:
    path = real_data / "iwaki" / "river_gauges" / "iwaki_crisis_gauges_snapshots.jsonl"
    gauges = read_crisis_stations(path)
    span = datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC)
    observed = CrisisGauges(path).read(gauges, *span)
    assert int(observed["level_m"].notnull().sum()) == 703  # distinct readings of the collection
    alone = counts(screen(observed, gauges)).query("test == 'alone'").set_index("gauge_id")
    assert alone.loc["0700000142", "suspect"] == 7  # 宮川(新竹ノ内橋), dry days
    assert alone.loc["0700000212", "suspect"] == 176  # 入遠野川(曲藤橋), stuck for two months
