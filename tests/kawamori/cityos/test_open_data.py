"""Open data: the standard's columns, and no count of fewer than ten people."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from advisory.types import People
from kawamori.cityos.open_data import (
    SHELTER_COLUMNS,
    code6,
    order_csv,
    plain_csv,
    shelter_csv,
)
from kawamori.cli import app
from kawamori.console.api.decisions import Decision
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.stored import store_and_report
from shelters.read import read_shelters

AT = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_code_carries_its_check_digit() -> None:
    # 07204: 0*6 + 7*5 + 2*4 + 0*3 + 4*2 = 51; 51 mod 11 = 7; 11 - 7 = 4
    assert code6("07204") == "072044"
    assert code6("072044") == "072044"
    with pytest.raises(ValueError, match="5 digits"):
        code6("")


def test_the_shelter_list_is_read_back_by_our_own_reader(made_run: Run, tmp_path: Path) -> None:
    known = made_run.city.shelters
    assert known is not None
    places = {str(key): (140.9, 37.0) for key in known.index}
    content = shelter_csv(made_run, places)
    assert content.startswith(b"\xef\xbb\xbf")
    assert tuple(rows(content)[0]) == SHELTER_COLUMNS
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    assert sorted(read_shelters([file])["name"]) == sorted(known["name"])


def test_an_assumed_capacity_is_not_published(made_run: Run) -> None:
    known = made_run.city.shelters
    assert known is not None
    assumed = known.assign(capacity_source="assumed")
    run = dataclasses.replace(made_run, city=dataclasses.replace(made_run.city, shelters=assumed))
    assert {row["想定収容人数"] for row in rows(shelter_csv(run, {}))} == {""}


def test_people_are_told_in_tens_and_small_cells_are_blank(made_run: Run) -> None:
    sizes: list[int | None] = [25, 6, 7, None]
    one = made_run.advice[1]
    advice = tuple(
        dataclasses.replace(one, district_id=f"d{n}", people=People(must_leave=size))
        for n, size in enumerate(sizes)
    )
    run = dataclasses.replace(made_run, advice=advice, drill=False)
    until = AT + timedelta(hours=1)
    orders = [Decision(f"a{n}", "r", f"d{n}", 4, AT, until, ("x",)) for n in range(4)]
    made = rows(order_csv(run, orders))
    # No row of them together: 6 + 7 = 13 beside another day's 6 alone would tell the 7.
    assert [row["立退き対象人数"] for row in made] == ["20", "", "", ""]
    assert made[0]["備考"] == "人数は10人単位(切り捨て)"
    assert made[1]["備考"] == "10人未満のため人数を示さない"
    assert made[3]["備考"] == "人数は不明"
    assert made[0]["発令日時"] == "2026-07-01T00:00+09:00"  # 15:00 UTC + 9 h


def test_no_cell_is_a_formula() -> None:
    table = plain_csv(
        ("a",), [{"a": text} for text in ("=1+1", "-1+1", "@x", "川")] + [{"a": -1.5}]
    )
    assert [row["a"] for row in rows(table)] == ["'=1+1", "'-1+1", "'@x", "川", "-1.5"]


def test_the_command_writes_entities_and_tables(
    made_run: Run, tmp_path: Path, chart_assets: Path
) -> None:
    settings = Settings(home=tmp_path, out=tmp_path / "out", _env_file=None)
    store_and_report(made_run, "town", settings)
    told = {"KAWAMORI_HOME": str(tmp_path), "KAWAMORI_OUT": str(tmp_path / "out")}
    asked = ["export", "ngsi", "latest", "--folder", str(tmp_path / "p")]
    done = CliRunner().invoke(app, asked, env=told)
    assert done.exit_code == 0, done.output
    found: list[Any] = json.loads((tmp_path / "p" / "town" / "entities.jsonld").read_text())
    assert {"FloodMonitoring", "PointOfInterest"} <= {one["type"] for one in found}
    assert (tmp_path / "p" / "town" / "orders.csv").is_file()
    CliRunner().invoke(app, [*asked, "--staff"], env=told)
    text = (tmp_path / "p" / "town" / "entities-staff.jsonld").read_text()
    assert "WaterLevelForecast" in text
