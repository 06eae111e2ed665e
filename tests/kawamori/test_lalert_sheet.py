"""From an approved run to the clerk's files."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from kawamori.approval import approve
from kawamori.cli import app
from kawamori.drafts import drafts
from kawamori.lalert_sheet import export_lalert
from kawamori.record import plain, run_json
from kawamori.settings import Settings
from kawamori.store import complete, open_store, start
from kawamori.stored import read_record


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def stored(made_run, settings):
    engine = open_store(settings.store_url)
    written = drafts(made_run.city, made_run.advice, made_run.states, drill=True)
    run = replace(made_run, messages=written)
    folder = settings.home / "run"
    folder.mkdir()
    (folder / "run.json").write_text(run_json(run), encoding="utf-8")
    named = {"name": "run", "city_id": run.city.city_id, "issued_at": run.issued_at}
    start(engine, run_id=run.run_id, drill=True, **named)
    advice = [plain(each) for each in run.advice]
    complete(engine, run.run_id, input_digest=run.input_digest, folder=folder, advice=advice)
    yield engine, run
    engine.dispose()


def decide(stored, settings):
    engine, run = stored
    record = read_record(engine, run.run_id)
    at = run.issued_at + timedelta(minutes=5)
    approve(engine, record, settings, officer="佐藤", second="鈴木", at=at)
    return run


def test_advice_that_nobody_approved_is_no_order(stored, settings, tmp_path):
    with pytest.raises(ValueError, match="approved order"):
        list(export_lalert(stored[1].run_id, settings, tmp_path, disaster=""))


def test_an_approved_order_is_written_with_the_approved_reason(stored, settings, tmp_path):
    run = decide(stored, settings)
    paths = list(export_lalert(run.run_id, settings, tmp_path / "out", disaster="台風第9号"))
    assert [path.suffix for path in paths] == [".xml", ".csv"]
    with paths[1].open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["発令区分"] == "避難指示"
    assert row["災害名"] == "【訓練】台風第9号"
    # the run is of 15:00 UTC, approved five minutes later: 0:05 of the next day in Japan
    assert row["発令・解除日時(日本時間)"] == "2026-07-01 00:05"
    assert row["理由"].endswith("。")
    assert "確率" not in row["理由"]


def test_the_command_names_the_files(stored, settings, tmp_path, monkeypatch):
    run = decide(stored, settings)
    monkeypatch.setenv("KAWAMORI_HOME", str(settings.home))
    done = CliRunner().invoke(
        app, ["export", "lalert", run.run_id, "--folder", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    assert done.output.count("lalert-") == 2
