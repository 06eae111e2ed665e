"""A wrong configuration is told key by key: what was expected, what came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forecasting.models import MODELS
from kawamori.verify_config import ALWAYS, read_config

GOOD = """
dataset: town
period: [2014-01-01, 2019-12-31]
suites:
  leave_one_flood_out: {floods: 3}
"""
REPOSITORY = Path(__file__).parents[2]


def written(folder: Path, text: str) -> Path:
    path = folder / "judge.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_short_file_is_enough_and_dates_are_midnight_utc(tmp_path):
    config = read_config(written(tmp_path, GOOD))
    assert config.period[0] == datetime(2014, 1, 1, tzinfo=UTC)
    assert config.suites.leave_one_flood_out.floods == 3
    assert config.rain == ("none",)
    assert config.suites.above_maximum is None


def test_the_usual_models_are_always_beside(tmp_path):
    usual = [name for name in ALWAYS if name in MODELS]
    config = read_config(written(tmp_path, GOOD + "models: [gbm, linear]\n"))
    assert config.every_model() == (*usual, "gbm")
    assert config.every_model()[0] == "persistence"


def test_every_committed_configuration_can_be_read():
    paths = sorted((REPOSITORY / "data" / "verify").glob("*.yaml"))
    assert paths
    for path in paths:
        read_config(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("seed: -1", r"seed must be greater than or equal to 0, got '-1'"),
        ("rain: [noisy, wet]", r"rain\.1 must be 'none', 'noisy' or 'perfect', got 'wet'"),
        ("warn_at: 2", r"warn_at must be less than 1, got '2'"),
        ("colour: red", r"colour must be a known key, got 'red' under an unknown one"),
        ("models: [oracle]", r"models must be among \[.*'gbm'.*\], got \['oracle'\]"),
        ("outages: [{input: power}]", r"outages\.0\.input must be 'stage', .*, got 'power'"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(tmp_path, change, told):
    with pytest.raises(ValueError, match=rf"judge\.yaml: {told}"):
        read_config(written(tmp_path, GOOD + change + "\n"))


def test_all_faults_come_at_once(tmp_path):
    text = "period: [2019-01-01, 2014-01-01]\nsuites: {held_out: [[2019-01-01]]}\nseed: x\n"
    with pytest.raises(ValueError, match=r"held_out\.0\.1 must be given.*seed must be a valid"):
        read_config(written(tmp_path, text))


@pytest.mark.parametrize("both", ["", "dataset: town\ncity: town\n"])
def test_a_dataset_or_a_city_must_be_named(tmp_path, both):
    text = both + GOOD.replace("dataset: town\n", "")
    with pytest.raises(ValueError, match="one of dataset and city must be given"):
        read_config(written(tmp_path, text))


def test_a_period_must_run_forward_and_name_its_zone(tmp_path):
    backward = GOOD.replace("[2014-01-01, 2019-12-31]", "[2019-12-31, 2014-01-01]")
    with pytest.raises(ValueError, match="period must begin before it ends"):
        read_config(written(tmp_path, backward))
    naive = GOOD.replace("2014-01-01", "2014-01-01 05:00:00")
    with pytest.raises(
        ValueError, match=r"period\.0 must have timezone info, got '2014-01-01 05:00:00'"
    ):
        read_config(written(tmp_path, naive))


def test_a_verification_of_nothing_is_refused(tmp_path):
    text = "dataset: town\nperiod: [2014-01-01, 2015-01-01]\nsuites: {}\n"
    with pytest.raises(ValueError, match=r"suites must name at least 1 of .*above_maximum"):
        read_config(written(tmp_path, text))


@pytest.mark.parametrize(
    "asked", ["suites: {random: {folds: 5}}", "suites: random", "suites: {}\nsplit: shuffle",
              "suites: {held_out: []}\nshuffle: true"]
)  # fmt: skip
def test_random_splits_are_refused_with_the_reason(tmp_path, asked):
    text = f"dataset: town\nperiod: [2014-01-01, 2015-01-01]\n{asked}\n"
    with pytest.raises(ValueError, match="random splits are refused"):
        read_config(written(tmp_path, text))


def test_a_list_is_no_configuration(tmp_path):
    with pytest.raises(ValueError, match=r"judge\.yaml must hold keys and values, got list"):
        read_config(written(tmp_path, "- a\n"))
