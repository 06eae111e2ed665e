"""A challenger replaces the champion only if every row of the list passes, or with a reason."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from forecasting.registry import UnusableModelError
from forecasting.types import LevelForecast
from forecasting.verification.judge import tidy
from kawamori import training_folder
from kawamori.promotion import champion_of, promote
from kawamori.promotion_checks import Check, outcomes, read_checks
from kawamori.settings import REPOSITORY
from kawamori.training import scores_of, train
from kawamori.training_config import read_training
from kawamori.training_folder import write_run

AT = datetime(2030, 6, 1, tzinfo=UTC)
WANTED = pd.MultiIndex.from_product([["g"], [1.0, 3.0]], names=["gauge", "lead_h"])
EMPTY = dict.fromkeys(("threshold", "rise_class", "flood", "bin", "cost_loss"))


LEADS_MIN = (60, 180, 360)  # the desk of the tiny city looks 6 h ahead


@pytest.fixture(scope="module")
def run(training_file, training_settings):
    config = read_training(training_file).model_copy(
        update={"leads_min": LEADS_MIN, "every_min": 180}
    )
    return train(config, training_settings)


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    return write_run(run, tmp_path_factory.mktemp("run"))


@pytest.fixture
def folder(written, tmp_path):
    """Give a run folder of its own."""
    return Path(shutil.copytree(written, tmp_path / "run"))


@pytest.fixture
def settings(tmp_path, training_settings, tiny):
    """Give a home of its own with the city `tiny`, whose gauge is the river's."""
    tiny.write_tiny_city(tmp_path / "home" / "cities" / "tiny")
    bundles = tmp_path / "bundles"
    (bundles / "datasets").mkdir(parents=True)
    known = training_settings.bundles / "datasets" / "town.toml"
    (bundles / "datasets" / "town.toml").write_text(known.read_text(encoding="utf-8"))
    (bundles / "promotion.toml").write_bytes((REPOSITORY / "data/promotion.toml").read_bytes())
    return training_settings.model_copy(update={"home": tmp_path / "home", "bundles": bundles})


def test_the_first_that_passes_is_champion_and_its_equal_replaces_it(folder, settings):
    first = promote(folder, "tiny", settings, at=AT)
    assert first.promoted, first.lines()
    assert [one.passed for one in first.checks if one.against] == [None, None]
    again = promote(folder, "tiny", settings, at=AT)
    # Against itself each ratio is 1, which is no worse.
    assert [one.value for one in again.checks if one.against] == [1.0, 1.0]
    assert again.previous == first.model_folder
    champion = champion_of("tiny", settings)
    assert champion is not None
    assert champion.config()["leads_s"] == [3600.0, 10800.0, 21600.0]
    told = (settings.champions / "tiny.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["promoted"] for line in told] == [True, True]


def test_a_challenger_that_fails_is_refused_unless_a_reason_is_given(folder, settings):
    (settings.bundles / "tiny").mkdir()
    (settings.bundles / "tiny" / "promotion.toml").write_text(
        '[[check]]\nname = "perfect"\nmetric = "skill"\nover = "mean"\noperator = ">="\n'
        "threshold = 1.0\n",
        encoding="utf-8",
    )
    refused = promote(folder, "tiny", settings, at=AT)
    assert not refused.promoted
    assert champion_of("tiny", settings) is None
    assert any(line.startswith("FAIL  perfect: skill 0.") for line in refused.lines())
    assert json.loads((folder / "promotion.json").read_text(encoding="utf-8"))["promoted"] is False
    overruled = promote(folder, "tiny", settings, at=AT, despite="the gauge was moved")
    assert overruled.promoted
    assert json.loads((settings.champions / "tiny.json").read_text())["despite"] == (
        "the gauge was moved"
    )
    # A damaged champion is never forecast with.
    (settings.champions / "models" / overruled.model_folder / "card.md").write_text("x")
    with pytest.raises(UnusableModelError, match=r"card\.md"):
        champion_of("tiny", settings)
    # Nor does it stand in the way: the rows against it fail, and a reason overrules them.
    (settings.bundles / "tiny" / "promotion.toml").unlink()
    beside = promote(folder, "tiny", settings, at=AT)
    assert "the champion cannot be read" in beside.lines()[-2]
    assert not beside.promoted
    assert promote(folder, "tiny", settings, at=AT, despite="it is damaged").promoted


def test_a_series_that_changed_since_is_refused(folder, settings, tmp_path, training_settings):
    data = tmp_path / "data"
    data.mkdir()
    river = pd.read_csv(training_settings.data / "river.csv")
    river.assign(g1=river["g1"] + 0.01).to_csv(data / "river.csv", index=False)
    changed = settings.model_copy(update={"data": data})
    with pytest.raises(ValueError, match="Train again on the new series"):
        promote(folder, "tiny", changed, at=AT)


def test_a_folder_without_a_run_is_said(settings, tmp_path):
    with pytest.raises(ValueError, match=r"must hold run\.json"):
        promote(tmp_path, "tiny", settings, at=AT)


def test_a_model_that_the_desk_cannot_use_is_refused_whatever_the_reason(
    settings, training_file, training_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(training_folder, "figures_of", lambda _: {})
    changes = {"model": "persistence", "every_min": 720}  # 1 h and 3 h ahead; the desk looks 6 h
    config = read_training(training_file).model_copy(update=changes)
    short = write_run(train(config, training_settings), tmp_path / "short")
    refused = promote(short, "tiny", settings, at=AT, despite="it is better")
    assert (refused.promoted, refused.despite) == (False, "")
    assert champion_of("tiny", settings) is None
    told = refused.lines()
    assert told[0].startswith("FAIL  the desk can use it: hours ahead, those of the desk: 3.000 >=")
    assert told[0].endswith("6 (it must look 6 h ahead, looks 3 h)")
    assert told[-1] == "tiny: refused: the desk cannot use it, train again"


def without(key):
    def spoil(folder):
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        del facts[key]
        (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")

    return spoil


def cut_short(folder):
    (folder / "run.json").write_text('{"config": ', encoding="utf-8")


def move_test(folder):
    path = folder / "config.yaml"
    told = path.read_text(encoding="utf-8")
    assert "2030-04-15" in told
    path.write_text(told.replace("2030-04-15", "2030-04-17"), encoding="utf-8")


def better_scores(folder):
    (folder / "metrics.csv").write_text("", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (without("data_digest"), r"lacks \['data_digest'\]"),
        (without("model_folder"), r"lacks \['model_folder'\]"),
        (cut_short, "JSONDecodeError"),
        (move_test, r"\['config\.yaml'\] changed"),
        (better_scores, r"\['metrics\.csv'\] changed"),
    ],
)
def test_a_run_that_was_changed_by_hand_is_refused(folder, settings, spoil, why):
    spoil(folder)
    with pytest.raises(ValueError, match=why):
        promote(folder, "tiny", settings, at=AT)


def test_a_model_that_is_silent_when_it_is_hard_does_not_pass(run):
    """Scores are of the rows that all models know: silence alone would raise the skill."""
    told = run.forecasts["linear"]
    rising = told["level_m"].diff("lead").isel(quantile=4, lead=0) > 0.1
    quiet = told.assign(level_m=told["level_m"].where(~rising.drop_vars("lead")))
    scores = tidy(scores_of({**run.forecasts, "linear": LevelForecast(quiet)}, run.docket))
    share = scores[(scores["score"] == "answered") & (scores["model"] == "linear")]["value"]
    kept = 1 - float(rising.mean())
    assert kept < 0.99
    assert list(share) == pytest.approx([kept] * 3, abs=1e-3)
    (answers, *_) = read_checks(REPOSITORY / "data/promotion.toml")
    assert (answers.metric, answers.threshold) == ("answered", 0.99)


def check(**changes):
    plain = {"name": "n", "metric": "crps_m", "over": "worst", "operator": "<=", "threshold": 1.0}
    return Check(**{**plain, **changes})


def rows(**by_model):
    """Give crps_m at 1 h and 3 h of each model."""
    return pd.DataFrame(
        [
            {"model": model, "gauge": "g", "lead_h": lead_h, "score": "crps_m", "value": value}
            | EMPTY
            for model, values in by_model.items()
            for lead_h, value in zip((1.0, 3.0), values, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("changes", "value", "passed"),
    [
        ({}, 0.4, True),
        ({"over": "mean"}, 0.3, True),  # of 0.2 and 0.4
        ({"operator": ">=", "threshold": 0.3}, 0.2, False),  # the worst of ">=" is the least
        ({"against": "champion"}, 2.0, False),  # 0.2 / 0.1 and 0.4 / 0.8
        ({"against": "champion", "over": "mean", "threshold": 1.25}, 1.25, True),
        ({"metric": "unheard"}, None, False),
    ],
)
def test_a_row_is_judged_by_its_worst_or_mean(changes, value, passed):
    metrics = rows(challenger=(0.2, 0.4), champion=(0.1, 0.8))
    (told,) = outcomes([check(**changes)], metrics, WANTED, champion=True)
    assert told.value == (None if value is None else pytest.approx(value))
    assert told.passed is passed


def test_what_is_not_known_or_not_alike_fails():
    (told,) = outcomes([check()], rows(challenger=(0.2, float("nan"))), WANTED, champion=False)
    assert told.passed is False
    # Tidy scores leave out what is not known: the row of 3 h is not there at all.
    lacking = rows(challenger=(0.2, 0.4)).iloc[:1]
    (told,) = outcomes([check()], lacking, WANTED, champion=False)
    assert (told.value, told.passed) == (None, False)
    assert told.line().endswith("unknown <= 1 (not known at 1 of 2 gauges and leads: g 3 h)")
    (told,) = outcomes([check(against="champion")], rows(challenger=(0.2, 0.4)), WANTED,
                       champion=True, unlike="the champion has other leads_s")  # fmt: skip
    assert told.passed is False
    assert "other leads_s" in told.line()


def test_every_wrong_key_of_a_list_is_named(tmp_path):
    path = tmp_path / "promotion.toml"
    path.write_text('x = 1\n[[check]]\nname = "a"\n[[check]]\nover = "best"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"promotion\.toml") as told:
        read_checks(path)
    for part in ("check 1: metric must be given", "check 2: over must", "got ['x']"):
        assert part in str(told.value)
    path.write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=r"at least 1"):
        read_checks(path)
