"""A model is trained once and read again; a damaged one is trained again and the desk is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forecasting.models import MODELS
from forecasting.types import check_observations
from kawamori import kept_models
from kawamori.city import read_city
from kawamori.kept_models import fit_or_load, training_periods


@pytest.fixture
def city(tiny_home):
    return read_city(tiny_home / "cities" / "tiny")


@pytest.fixture
def training(tiny):
    return tiny.tiny_series(60 * 24)


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def notes() -> list[str]:
    return []


def new(city, **changes):
    hours = (timedelta(hours=1), timedelta(hours=2))
    options = {"gauges": city.gauges, "targets": ["g1"], "leads": hours, **changes}
    return MODELS["linear"](**options)


class Untaught(MODELS["linear"]):
    """A linear model that must not be trained."""

    def fit(self, observations, rain_forecast=None):
        raise AssertionError("trained although a kept model is there")


def untaught(city):
    return Untaught(gauges=city.gauges, targets=["g1"], leads=new(city).leads)


def kept_folders(home: Path) -> list[Path]:
    return [folder for folder in home.iterdir() if folder.name != "known"]


def test_the_second_time_the_model_is_read_and_forecasts_the_same(city, training, home, notes):
    first = fit_or_load(new(city), training, home, city=city, note=notes.append)
    second = fit_or_load(untaught(city), training, home, city=city, note=notes.append)
    times = training["time"].values[[400, 900]]
    xr.testing.assert_identical(
        first.predict_many(training, times), second.predict_many(training, times)
    )
    assert notes == []


def test_another_series_seed_or_lead_is_trained_anew(city, training, home):
    changed = training.copy(deep=True)
    changed["level_m"][5] += 0.01
    for model, series in (
        (new(city), training),
        (new(city), check_observations(changed)),
        (new(city, seed=1), training),
        (new(city, leads=(timedelta(hours=3),)), training),
    ):
        fit_or_load(model, series, home, city=city)
    assert len(kept_folders(home)) == 4


def test_other_program_text_trains_anew(city, training, home, monkeypatch):
    fit_or_load(new(city), training, home, city=city)
    monkeypatch.setattr(kept_models, "program_digest", lambda: "other")
    with pytest.raises(AssertionError, match="trained although"):
        fit_or_load(untaught(city), training, home, city=city)


def test_a_damaged_model_is_trained_again_with_a_note(city, training, home, capsys):
    fit_or_load(new(city), training, home, city=city)
    (folder,) = kept_folders(home)
    (folder / "state.json").write_text("{}")
    fit_or_load(new(city), training, home, city=city)
    told = capsys.readouterr().err
    assert "state.json must have sha256" in told
    assert "It is trained again now." in told
    fit_or_load(untaught(city), training, home, city=city)
    assert capsys.readouterr().err == ""


def test_a_lost_folder_and_a_scrawled_name_are_trained_again(city, training, home, notes):
    fit_or_load(new(city), training, home, city=city)
    (known,) = (home / "known").iterdir()
    for scrawl in ("../../etc", "", "0" * 64):
        known.write_text(scrawl)
        fit_or_load(new(city), training, home, city=city, note=notes.append)
    assert len(notes) == 3
    fit_or_load(untaught(city), training, home, city=city, note=notes.append)
    assert len(notes) == 3


def test_a_folder_that_cannot_be_written_costs_the_keeping_not_the_forecast(
    city, training, home, notes
):
    blocked = home / "file"
    blocked.write_text("no folder")
    model = fit_or_load(new(city), training, blocked, city=city, note=notes.append)
    assert model.predict_many(training, training["time"].values[-1:])["level_m"].notnull().all()
    assert len(notes) == 1
    assert "could not be kept" in notes[0]


def test_a_lent_model_is_read_and_nothing_is_written_where_it_lies(city, training, home, notes):
    own = home.parent / "own"
    fit_or_load(new(city), training, own, city=city, lent=home)  # not kept there: trained
    assert list(home.iterdir()) == []
    fit_or_load(new(city), training, home, city=city)
    (known,) = (home / "known").iterdir()
    os.utime(known, (1000, 1000))
    shutil.rmtree(own)
    fit_or_load(untaught(city), training, own, city=city, lent=home, note=notes.append)
    assert known.stat().st_mtime == 1000  # not even that it was used
    assert not own.exists()
    (kept_folders(home)[0] / "config.json").write_text("{")
    fit_or_load(new(city), training, own, city=city, lent=home, note=notes.append)
    assert "trained again" in notes[0]
    assert len(kept_folders(own)) == 1


def test_only_the_models_used_last_stay(city, training, home, monkeypatch):
    monkeypatch.setattr(kept_models, "NEWEST", 2)
    monkeypatch.setattr(kept_models, "STALE_S", -1.0)
    for number, seed in enumerate((1, 2, 3)):
        fit_or_load(new(city, seed=seed), training, home, city=city)
        for path in (home / "known").iterdir():
            if path.stat().st_mtime > 1000:
                os.utime(path, (number, number))
    assert len(kept_folders(home)) == len(list((home / "known").iterdir())) == 2


def test_models_of_many_cities_that_are_in_use_all_stay(city, training, home, monkeypatch):
    monkeypatch.setattr(kept_models, "NEWEST", 1)
    monkeypatch.setattr(kept_models, "STALE_S", -1.0)
    for seed in (1, 2, 3):  # used just now: none is trained again at the next cycle
        fit_or_load(new(city, seed=seed), training, home, city=city)
    assert len(kept_folders(home)) == 3


def test_what_a_dead_process_left_is_swept_after_a_day(city, training, home):
    old, young = home / ".saving-old", home / ".saving-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    fit_or_load(new(city), training, home, city=city)
    assert not old.exists()
    assert young.exists()


def test_the_card_names_the_city_its_periods_and_what_is_simulated(city, training, home):
    gap = training.copy(deep=True)
    gap["level_m"][200:1000] = np.nan  # 33 days of silence cut the training in two
    fit_or_load(new(city), check_observations(gap), home, city=city)
    (folder,) = kept_folders(home)
    told = json.loads((folder / "config.json").read_text())["facts"]
    assert told["title"] == "試験町"
    # The series begins 2026-06-01T00:00; hour 199 is 8 d 7 h later, hour 1000 is 41 d 16 h later.
    assert told["train"] == [
        ["2026-06-01T00:00Z", "2026-06-09T07:00Z"],
        ["2026-07-12T16:00Z", "2026-07-30T23:00Z"],
    ]
    assert "試験用の架空の町" in (folder / "card.md").read_text()


def test_a_series_without_levels_has_no_period(training):
    assert training_periods(training.assign(level_m=training["level_m"] * np.nan)) == ()


KILLED = """
    import os, signal, sys
    from pathlib import Path
    write = Path.write_bytes
    def dying(path, content):
        write(path, content)
        if path.name == "arrays.npz":
            os.kill(os.getpid(), signal.SIGKILL)
    Path.write_bytes = dying
    from kawamori.cli import main
    sys.argv = ["kawamori", "run", "tiny", "--observations", sys.argv[1]]
    main()
"""


def test_a_run_killed_while_it_keeps_the_model_is_complete_the_next_time(tiny, tiny_home, tmp_path):
    table = tmp_path / "series.csv"
    rows = tiny.tiny_series(20 * 24)
    lines = ["time,g1,r1"] + [
        f"{moment}Z,{level:.3f},{rain:.1f}"
        for moment, level, rain in zip(
            rows["time"].values.astype("datetime64[s]"),
            rows["level_m"].values[:, 0],
            rows["rain_mm"].values[:, 0],
            strict=True,
        )
    ]
    table.write_text("\n".join(lines))
    env = {**os.environ, "KAWAMORI_HOME": str(tiny_home), "KAWAMORI_OUT": str(tmp_path / "out")}
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(table)]
    killed = subprocess.run(command, env=env, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    models = tiny_home / "models"
    assert [name[:8] for name in os.listdir(models)] == [".saving-"]
    command = [sys.executable, "-m", "kawamori", "run", "tiny", "--observations", str(table)]
    whole = subprocess.run(command, env=env, capture_output=True, check=False)
    assert whole.returncode == 0, whole.stderr.decode()
    assert sorted(name[:8] for name in os.listdir(models))[0] == ".saving-"
    assert len(list((models / "known").iterdir())) == 1
