"""Map layers are written with the report: the same bytes as those made from it afterwards."""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
from pathlib import Path

import pytest

from kawamori.console.layers import drawn, layer, map_facts
from kawamori.console.runs import Shelf
from kawamori.console.situation_records import Record, Records
from kawamori.map_layers import (
    FACTS,
    LANGUAGES,
    LAYERS,
    STORED,
    collection,
    read_map_data,
    stored_path,
    times,
)
from kawamori.report import write_report
from kawamori.run import Run
from kawamori.run_map import MAP_DATA


@pytest.fixture
def record(made_run: Run, chart_assets: Path, tmp_path: Path) -> Record:
    """Give the small run as the console reads it."""
    write_report(made_run, tmp_path / "out" / "town", assets=chart_assets)
    return Records(Shelf(tmp_path / "out")).read("town")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LAYERS)
def test_stored_layer_is_the_one_made_from_the_stored_run(
    record: Record, name: str, language: str
) -> None:
    stored = gzip.decompress(stored_path(record.folder, name, language).read_bytes())
    assert stored == collection(drawn(record), name, record.run.issued_at, language=language)


def test_a_map_opens_without_its_data_being_read(record: Record) -> None:
    """The data is tens of megabytes in a large city: page and layers stand beside it."""
    facts = {key: read_map_data(record.folder)[key] for key in FACTS}
    (record.folder / MAP_DATA).unlink()
    assert map_facts(record) == facts
    for language in LANGUAGES:
        assert b"features" in layer(record, "flood", record.run.issued_at, language=language)


def test_stored_layer_is_what_a_map_is_given(record: Record) -> None:
    path = stored_path(record.folder, "gauges")
    path.write_bytes(gzip.compress(b"as stored"))
    first, second, *_ = times(record.run)
    assert layer(record, "gauges", first) == b"as stored"
    later = json.loads(layer(record, "gauges", second))
    up = later["features"][0]
    assert up["properties"]["level_m"] == 3.8  # median one hour on: 3.6 m and 0.2 m an hour
    assert up["geometry"]["coordinates"] == [140.01, 37.01]
    bare = json.loads(layer(record, "gauges", first, geometry=False))
    assert bare["features"][0]["geometry"] is None


def test_report_of_before_without_stored_layers_still_opens(record: Record) -> None:
    shutil.rmtree(record.folder / STORED)
    assert map_facts(record)["bounds"] == read_map_data(record.folder)["bounds"]
    found = json.loads(layer(record, "districts", record.run.issued_at))
    assert [each["properties"]["name"] for each in found["features"]] == ["上町", "下町"]


def test_run_without_places_has_no_stored_layers(
    bare_run: Run, chart_assets: Path, tmp_path: Path
) -> None:
    districts = bare_run.city.districts.assign(geometry=None)
    run = dataclasses.replace(
        bare_run, city=dataclasses.replace(bare_run.city, districts=districts)
    )
    write_report(run, tmp_path / "town", assets=chart_assets)
    assert not (tmp_path / "town" / STORED).exists()
