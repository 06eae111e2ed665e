"""One YAML, one run: the same from the command line, from a program and over Dask."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from forecasting.models import MODELS
from forecasting.registry import load
from forecasting.types import aware
from kawamori import training_folder
from kawamori.cli import app
from kawamori.training import fitted_to, train
from kawamori.training_config import read_training
from kawamori.training_figures import pit_values
from kawamori.training_folder import read_run, write_run
from kawamori.verify_figures import coverage_by_class, economic_value

THREE_H = np.timedelta64(3, "h")


@pytest.fixture(scope="module")
def run(training_file, training_settings):
    return train(read_training(training_file), training_settings)


def test_the_command_line_and_a_program_give_the_same_digest(training_file, run, monkeypatch):
    home = training_file.parent
    for key, value in {
        "DATA": home,
        "BUNDLES": home,
        "HOME": home / "h",
        "OUT": home / "o",
    }.items():
        monkeypatch.setenv(f"KAWAMORI_{key}", str(value))
    told = CliRunner().invoke(app, ["train", str(training_file)])
    assert told.exit_code == 0, told.output
    assert f"digest {run.digest}" in told.output
    config, facts = read_run(home / "o" / "train-first")
    assert facts["digest"] == run.digest
    assert json.loads(json.dumps(run.facts())) == {
        key: value for key, value in facts.items() if key not in ("digest", "model_folder")
    }
    assert config == run.config


def test_another_seed_is_another_run(run):
    other = replace(run, config=run.config.model_copy(update={"seed": 1}))
    assert other.digest != run.digest


def test_a_run_folder_holds_all_that_was_promised(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    assert {path.name for path in folder.iterdir()} >= {
        "config.yaml", "run.json", "metrics.csv", "metrics.nc", "model_card.md", "models",
        "skill_by_lead.png", "reliability.png", "pit.png", "detection.png", "value.png",
        "fans.png", "coverage.png",
    }  # fmt: skip
    with xr.open_dataset(folder / "metrics.nc", decode_timedelta=True) as scores:
        assert set(scores["model"].values) == {"persistence", "linear"}
    card = (folder / "model_card.md").read_text(encoding="utf-8")
    assert "模擬の水位" in card
    assert "Tests of 2 fold(s)" in card
    assert "| persistence | g1 | 1 |" in card
    (kept,) = (folder / "models").iterdir()
    again, last = load(kept), run.docket.observations["time"].values[-1:]
    series = run.docket.observations
    xr.testing.assert_identical(
        again.predict_many(series, last), run.kept.model().predict_many(series, last)
    )


def test_each_fold_is_forecast_by_a_model_that_has_not_seen_it(run):
    first, second = run.trained["linear"]
    assert first.files != second.files
    issued = run.forecasts["linear"]["issued_at"].values
    # 30 and 34 days of hours, both ends included.
    assert len(issued) == 30 * 24 + 1 + 34 * 24 + 1
    assert len(np.unique(issued)) == len(issued)


def test_skill_of_persistence_is_zero_and_the_model_is_better(run):
    rows = run.metrics[run.metrics["score"] == "skill"].groupby("model")["value"].mean()
    assert rows["persistence"] == pytest.approx(0, abs=0.02)
    assert rows["linear"] > 0.3


def test_learn_days_cuts_the_training_from_its_end(run):
    config = run.config.model_copy(update={"learn_days": 10.0})
    fold = fitted_to(config, run.dataset).folds[0]
    assert fold.train[0][1] - fold.train[0][0] == timedelta(days=10)


def test_an_unknown_target_is_named(training_file, training_settings):
    config = read_training(training_file).model_copy(update={"targets": ("x",)})
    with pytest.raises(ValueError, match=r"targets must be among .*'g1'.*'x'"):
        train(config, training_settings)


def test_what_the_series_cannot_serve_is_named_before_anything_is_trained(
    training_file, training_settings
):
    config = read_training(training_file)
    empty = (aware(np.datetime64("2040-01-01")), aware(np.datetime64("2040-02-01")))
    changes = {
        "leads_min": (90,),
        "targets": ("g1", "g1"),
        "folds": (*config.folds[:1] * 2, config.folds[1].model_copy(update={"test": empty})),
    }
    with pytest.raises(ValueError, match="whole steps of 60 min, got 90") as told:
        train(config.model_copy(update=changes), training_settings)
    for part in ("tests must not overlap, got 2030-03-15T00:00Z", "['g1'] more often",
                 "folds.2: test must hold levels", "series of 2030-01-01T00:00Z"):  # fmt: skip
        assert part in str(told.value)


def shaped(name, change):
    """Give a model whose forecasts are those of persistence, changed."""

    class Shaped(MODELS["persistence"]):
        model_id = name

        def predict_many(self, observations, issue_times, *, rain_forecast=None):
            return change(super().predict_many(observations, issue_times))

    return Shaped


def crossed(told):
    return told.assign(level_m=told["level_m"].isel(quantile=slice(None, None, -1)).drop_vars(
        "quantile"))  # fmt: skip


def fails(told):
    raise KeyError("stage")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (crossed, "quantiles must not cross"),
        (lambda told: told.isel(lead=[0]), r"lead must be 2 \(1.0, 3.0\), got 1 \(1.0\)"),
        (lambda told: told.isel(quantile=[4]), r"quantile must be 9 .* got 1 \(0.5\)"),
        (lambda told: told.isel(quantile=4), "level_m must have dims"),
        (lambda told: told.isel(issued_at=slice(1, None)), "issued_at must be"),
        (lambda told: told.assign(level_m=told["level_m"].where(told["lead"] < THREE_H)),
         "there is none at g1 3 h"),
        (lambda told: told.assign(level_m=told["level_m"] * np.inf), "must be finite or NaN"),
        (lambda told: told["level_m"], "must give a Dataset, got DataArray"),
        (lambda told: told.drop_vars("last_level_m"), r"lacks \['last_level_m'\]"),
        (fails, r"KeyError: 'stage'\. Correct the model"),
    ],
)  # fmt: skip
def test_a_model_whose_forecast_has_another_form_is_refused(
    training_file, training_settings, change, why
):
    config = read_training(training_file).model_copy(
        update={"model": "mine", "every_min": 720, "folds": ()}
    )
    with pytest.raises(ValueError, match=why) as told:
        train(config, training_settings, models={**MODELS, "mine": shaped("mine", change)})
    assert str(told.value).startswith("model mine, test 2030-03-25 to 2030-05-20: ")


def test_a_model_must_be_one_and_bear_the_name_it_is_asked_by(training_file, training_settings):
    config = read_training(training_file).model_copy(update={"model": "mine"})
    for kind, why in ((MODELS["linear"], "must have model_id 'mine'"), (dict, "a subclass of")):
        with pytest.raises(ValueError, match=why):
            train(config, training_settings, models={**MODELS, "mine": kind})


def test_a_second_run_of_a_folder_leaves_nothing_of_the_first(run, tmp_path, monkeypatch):
    monkeypatch.setattr(training_folder, "figures_of", lambda _: {})
    for name in ("fans-2.png", "promotion.json"):
        (tmp_path / name).write_text("of another run")
    (tmp_path / "models" / "old").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("the researcher's own")
    write_run(run, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert not names & {"fans-2.png", "promotion.json"}
    assert "notes.txt" in names
    assert [path.name for path in (tmp_path / "models").iterdir()] == [
        json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["model_folder"]
    ]


def test_figures_show_the_mean_of_several_gauges(run):
    """Two gauges that are alike look like one."""
    one = run.metrics
    two = pd.concat([one, one[one["gauge"].notna()].assign(gauge="g2")], ignore_index=True)
    for draw in (lambda rows: coverage_by_class(rows, ["held_out"], [1.0]),
                 lambda rows: economic_value(rows, ["held_out"], 1.0)):  # fmt: skip
        assert draw(two) == draw(one)


def test_pit_is_the_probability_of_what_came():
    coords = {"issued_at": [0, 1, 2, 3], "gauge": ["g"], "lead": [1]}
    dims = ("issued_at", "gauge", "lead")
    levels = np.broadcast_to([1.0, 2.0, 3.0], (4, 1, 1, 3))
    forecast = xr.Dataset(
        {"level_m": ((*dims, "quantile"), levels)}, {**coords, "quantile": [0.1, 0.5, 0.9]}
    )
    came = np.array([2.0, 2.5, 9.0, np.nan]).reshape(4, 1, 1)
    told = pit_values(forecast, xr.Dataset({"observed_m": (dims, came)}, coords))
    # On the median 0.5; half-way to the 0.9 quantile 0.7; above it the middle of 0.9 to 1.
    assert told.values.ravel()[:3] == pytest.approx([0.5, 0.7, 0.95])
    assert np.isnan(told.values.ravel()[3])
