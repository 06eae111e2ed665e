"""The chain as a stranger runs it: commands on a city, from a CSV to mails and LINE requests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine, text

RECIPIENTS = "district_id,channel,address\nlow,email,a@example.jp\nlow,line,U" + "1" * 32 + "\n"


@pytest.fixture
def desk(taught_home: Path, tmp_path: Path):
    """Give a function that runs `kawamori ARGUMENTS` in a folder of its own."""
    environment = {
        **os.environ,
        "KAWAMORI_HOME": str(taught_home),
        "KAWAMORI_OUT": str(tmp_path / "out"),
        "OMP_NUM_THREADS": "1",
    }
    environment.pop("KAWAMORI_DEBUG", None)

    def kawamori(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kawamori", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**environment, **settings},
        )  # fmt: skip

    return kawamori


@pytest.fixture
def storm(tiny, tmp_path: Path) -> Path:
    """Give a CSV that ends in a storm: 2.5 m (氾濫危険) <= level < 3.0 m (氾濫発生)."""
    table = tiny.write_table(tmp_path / "now.csv", storm_mm=27.0)
    assert 2.5 <= table["g1"].iloc[-1] < 3.0
    return tmp_path / "now.csv"


def _check_refused(answer: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check for one clear message: exit code 2, every word there, no traceback."""
    assert answer.returncode == 2, answer.stderr
    assert "Traceback" not in answer.stderr
    assert [word for word in words if word not in answer.stderr] == []


def test_csv_becomes_advice_approval_mail_and_line(
    desk, storm, tmp_path, doubles, smtp_double, line_double
) -> None:
    answer = desk("run", "tiny", "--observations", storm)
    assert answer.returncode == 0, answer.stderr
    run = json.loads((tmp_path / "out" / "tiny" / "run.json").read_text())
    low, high = run["advice"]
    assert low["level"] == 4  # the CSV ends above 氾濫危険水位 2.5 m
    assert low["people"]["must_leave"] == 100  # one-storey houses under 3 to 5 m of water
    assert [place["name"] for place in low["shelters"]] == ["山上小学校"]  # 川下公民館 is flooded
    assert high["people"]["must_leave"] == 0

    sending = {
        "KAWAMORI_SMTP_HOST": "127.0.0.1",
        "KAWAMORI_SMTP_PORT": str(smtp_double.port),
        "KAWAMORI_LINE_HOST": line_double.host,
        "KAWAMORI_LINE_TOKEN": doubles.TOKEN,
    }
    assert desk("dispatch", **sending).stdout == ""  # nothing is approved yet
    assert smtp_double.received() == []
    (tmp_path / "people.csv").write_text(RECIPIENTS)
    approve = ("approve", run["run_id"], "--recipients", tmp_path / "people.csv")
    _check_refused(desk(*approve, "--officer", "当直A"), "two different officers")
    approved = desk(*approve, "--officer", "当直A", "--second", "当直B")
    assert approved.returncode == 0, approved.stderr
    sent = desk("dispatch", **sending)
    assert sent.stdout.count("accepted") == 2, sent.stdout + sent.stderr
    assert doubles.TOKEN not in sent.stdout + sent.stderr
    assert len(smtp_double.received()) == 1
    desk("dispatch", **sending)
    assert len(smtp_double.received()) == 1  # a second dispatch sends nothing again


def test_same_inputs_give_the_same_run_id(desk, storm, tmp_path) -> None:
    desk("run", "tiny", "--observations", storm)
    first = json.loads((tmp_path / "out" / "tiny" / "run.json").read_text())
    desk("run", "tiny", "--observations", storm)
    second = json.loads((tmp_path / "out" / "tiny" / "run.json").read_text())
    assert first["run_id"] == second["run_id"]
    assert [one["digest"] for one in first["advice"]] == [one["digest"] for one in second["advice"]]


def test_wrong_column_is_named(desk, storm, tmp_path) -> None:
    pd.read_csv(storm).rename(columns={"g1": "gauge_1"}).to_csv(storm, index=False)
    _check_refused(
        desk("run", "tiny", "--observations", storm), "g1", "gauge_1", "Correct the header"
    )
    assert not (tmp_path / "out").exists()


def test_level_of_412_m_is_refused_with_its_row(desk, storm, tmp_path) -> None:
    table = pd.read_csv(storm)
    table.loc[10, "g1"] = 412.0
    table.to_csv(storm, index=False)
    _check_refused(
        desk("run", "tiny", "--observations", storm), "412", "row 12", "g1"
    )  # 1 = header
    assert not (tmp_path / "out").exists()


def test_negative_capacity_is_refused_with_its_row(desk, storm, tmp_path) -> None:
    header = "ID,名称,緯度,経度,災害種別_洪水,想定収容人数"
    rows = "13104-001,山上小,37.015,140.01,1,80\n13104-017,川下館,37.004,140.01,1,-20"
    (tmp_path / "shelters.csv").write_text(f"{header}\n{rows}\n")
    answer = desk("run", "tiny", "--observations", storm, "--shelters", tmp_path / "shelters.csv")
    _check_refused(answer, "capacity must be a whole number >= 0, got -20", "13104-017", "row 3")
    assert not (tmp_path / "out").exists()


def test_unknown_case_is_answered_with_the_known_ones(desk) -> None:
    _check_refused(
        desk("replay", "jingwan-1999"), "jingwan-2020-08", "kotogawa-2023-07", "jingwan-1999"
    )


def test_unknown_city_and_storm_are_answered_with_the_known_ones(desk) -> None:
    _check_refused(desk("drill", "atlantis"), "drill-town", "iwaki", "atlantis")
    _check_refused(desk("drill", "tiny", "--storm", "calm"), "calm")


def test_missing_file_is_named(desk, tmp_path) -> None:
    answer = desk("run", "tiny", "--observations", tmp_path / "nothing.csv")
    _check_refused(answer, "nothing.csv", "missing")
    assert not (tmp_path / "out").exists()


def test_killed_run_leaves_the_store_readable_and_the_next_run_complete(
    desk, storm, tiny_home, tmp_path
) -> None:
    command = [sys.executable, "-m", "kawamori", "run", "tiny", "--observations", str(storm)]
    environment = {
        **os.environ,
        "KAWAMORI_HOME": str(tiny_home),
        "KAWAMORI_OUT": str(tmp_path / "out"),
    }
    running = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    for _ in range(600):  # killed as soon as its row is in the store, while it writes the report
        if _states(tiny_home) or running.poll() is not None:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert set(_states(tiny_home)) <= {"started", "complete"}
    again = desk("run", "tiny", "--observations", storm)
    assert again.returncode == 0, again.stderr
    assert _states(tiny_home) == ["complete"]  # the same inputs are the same run
    assert (tmp_path / "out" / "tiny" / "index.html").is_file()


def _states(home: Path) -> list[str]:
    path = home / "kawamori.sqlite"
    if not path.exists():
        return []
    with create_engine(f"sqlite:///{path}").connect() as connection:
        if not connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'run'")).scalar():
            return []
        return [state for (state,) in connection.execute(text("SELECT state FROM run"))]
