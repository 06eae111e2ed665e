from __future__ import annotations

import json

import pytest

from kawamori.cities import open_city
from kawamori.drill import drill_to_report, read_storm
from kawamori.progress import silent
from kawamori.settings import Settings


@pytest.fixture
def settings(tiny, tiny_home, tmp_path):
    folder = tiny_home / "cities" / "tiny"
    (folder / "storms").mkdir()
    storm = tiny.tiny_series(20 * 24, storm_mm=27.0)
    storm.attrs |= {
        "drill_start": "2026-06-20T22:00:00+00:00",  # the series ends at 23:00
        "drill_end": "2026-06-20T23:00:00+00:00",
    }
    storm.to_netcdf(folder / "storms" / "cloudburst.nc")
    return Settings(home=tiny_home, out=tmp_path / "out")


def test_drill_records_every_text_and_marks_it_as_a_drill(settings) -> None:
    folder = drill_to_report("tiny", "cloudburst", settings, silent)
    sent = [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()]
    run = json.loads((folder / "run.json").read_text())
    assert folder.name == "tiny-cloudburst"
    assert run["drill"] is True
    # Two districts at level 4, five public forms each.
    assert len(sent) == 10
    assert all(entry["subject"].startswith("【訓練】") for entry in sent)
    assert {entry["sha256"] for entry in sent} <= {text["sha256"] for text in run["messages"]}


def test_drilling_twice_gives_the_same_run(settings) -> None:
    runs = [
        json.loads(
            (drill_to_report("tiny", "cloudburst", settings, silent) / "run.json").read_text()
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_unknown_storm_lists_the_known_ones(settings) -> None:
    city = open_city("tiny", settings, silent)
    with pytest.raises(ValueError, match=r"must be one of \['cloudburst'\], got 'calm'"):
        read_storm(city, "calm")
