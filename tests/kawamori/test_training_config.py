"""A training is described whole or refused whole: every wrong key at once."""

from __future__ import annotations

import pytest

from kawamori.training_config import read_training, training_config

SPANS = [{"train": [["2030-01-01T00:00Z", "2030-02-01T00:00Z"]],
          "test": ["2030-02-10T00:00Z", "2030-03-01T00:00Z"]}]  # fmt: skip
WHOLE = {"dataset": "town", "model": "linear", "folds": SPANS}


def test_every_wrong_key_is_named_at_once():
    table = {**WHOLE, "city": "town", "model": "oracle", "leads_min": [0], "sead": 1, "warn_at": 2}
    with pytest.raises(ValueError, match=r"town\.yaml") as told:
        training_config(table, "town.yaml")
    for part in ("leads_min.0", "sead must be a known key", "warn_at", "one of dataset and city",
                 "model must be one of"):  # fmt: skip
        assert part in str(told.value)


@pytest.mark.parametrize("asked", [{"split": "random"}, {"folds": "kfold"}, {"shuffle": True}])
def test_a_random_split_is_refused(asked):
    with pytest.raises(ValueError, match="random splits are refused"):
        training_config({**WHOLE, **asked})


def test_training_that_touches_its_test_is_refused():
    touching = [{**SPANS[0], "test": ["2030-01-31T00:00Z", "2030-03-01T00:00Z"]}]
    with pytest.raises(ValueError, match="training must not touch the test"):
        training_config({**WHOLE, "folds": touching})


def test_a_city_must_say_its_folds():
    with pytest.raises(ValueError, match="folds must be given for a city"):
        training_config({"city": "tiny", "model": "linear"})


def test_an_empty_or_listed_file_is_no_configuration(tmp_path):
    for text in ("", "- a\n- b\n"):
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="must hold keys and values"):
            read_training(tmp_path / "x.yaml")


def test_dates_are_midnight_utc_and_leads_are_put_in_order(training_file):
    config = read_training(training_file)
    assert config.folds[0].test[0].isoformat() == "2030-03-15T00:00:00+00:00"
    assert training_config({**WHOLE, "leads_min": [180, 60, 60]}).leads_min == (60, 180)
