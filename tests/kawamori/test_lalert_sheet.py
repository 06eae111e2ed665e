"""From an approved run to the clerk's files."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from kawamori.approval import approve
from kawamori.cli import app
from kawamori.lalert_sheet import export_lalert
from kawamori.settings import Settings
from kawamori.stored import read_record


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


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
