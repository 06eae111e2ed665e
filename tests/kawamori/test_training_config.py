"""A training is described whole or refused whole: every wrong key at once."""

from __future__ import annotations

import pytest

from kawamori.training_config import read_training, training_config
from kawamori.verify_config import read_table

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


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dataset: a\ndataset: b\nmodel: linear\n", r"written once, got \['dataset'\]"),
        ("a:\t- x\n\tb: 1\n", "x.yaml must be YAML in UTF-8"),
        ("dataset: town\nmodel: linear\ntargets: [1018630]\n", "put 1018630 in quotes"),
    ],
)
def test_what_yaml_would_swallow_is_refused(tmp_path, text, why):
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why):
        read_training(tmp_path / "x.yaml")


def test_a_file_of_another_encoding_is_named_and_a_byte_order_mark_is_none_of_it(tmp_path):
    (tmp_path / "x.yaml").write_bytes("# 川\nmodel: linear".encode("shift_jis"))
    with pytest.raises(ValueError, match=r"x\.yaml must be YAML in UTF-8"):
        read_training(tmp_path / "x.yaml")
    (tmp_path / "x.yaml").write_text("\ufeffdataset: town\nmodel: linear\n", encoding="utf-8")
    assert read_training(tmp_path / "x.yaml").dataset == "town"


def test_a_key_that_a_base_gave_may_be_written_again(tmp_path):
    text = "base: &b {train: [[2030-01-01, 2030-02-01]], test: [2030-03-01, 2030-03-02]}\nfolds: "
    (tmp_path / "x.yaml").write_text(f"{text}[{{<<: *b, test: [2030-04-01, 2030-04-02]}}]\n")
    folds = read_table(tmp_path / "x.yaml")["folds"]
    assert folds[0]["test"][0].month == 4


def test_a_year_is_no_time_and_a_time_needs_its_zone():
    """A bare 2024 would be 33 minutes after midnight of 1970."""
    spans = [{"train": [[2023, 2024]], "test": ["2024-06-01T00:00", "2024-07-01T00:00Z"]}]
    with pytest.raises(ValueError, match=r"folds\.0\.train\.0\.0 must be a date such as") as told:
        training_config({**WHOLE, "folds": spans})
    assert "folds.0.test.0 must have timezone info" in str(told.value)
    assert "Tuple" not in str(told.value)


def test_a_time_of_another_zone_is_the_same_in_utc():
    east = {"train": [["2030-01-01T09:00+09:00", "2030-02-01T09:00+09:00"]],
            "test": ["2030-02-10T09:00+09:00", "2030-03-01T09:00+09:00"]}  # fmt: skip
    one, other = (training_config({**WHOLE, "folds": spans}) for spans in ([east], SPANS))
    assert one.model_dump_json() == other.model_dump_json()


def test_dates_are_midnight_utc_and_leads_are_put_in_order(training_file):
    config = read_training(training_file)
    assert config.folds[0].test[0].isoformat() == "2030-03-15T00:00:00+00:00"
    assert training_config({**WHOLE, "leads_min": [180, 60, 60]}).leads_min == (60, 180)
