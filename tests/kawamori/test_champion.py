"""The promoted model forecasts where it can serve; else the default does, and it is said.

The tiny city has one gauge g1 on hourly series; its default model looks 6 h ahead.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from forecasting.model_card import CardFacts
from forecasting.models import MODELS
from forecasting.quality import flag, good
from forecasting.registry import save
from forecasting.types import Observations, aware
from kawamori import champion as module
from kawamori.champion import champion_for
from kawamori.cities import open_city
from kawamori.drill import LEADS, read_series
from kawamori.live_desk import live_desk
from kawamori.pipeline import cycle, open_desk
from kawamori.policies import read_policy
from kawamori.record import run_json
from kawamori.settings import REPOSITORY, Settings
from kawamori.stored_run import run_of


@pytest.fixture
def settings(tiny_home):
    return Settings(home=tiny_home, bundles=REPOSITORY / "data")


@pytest.fixture
def city(settings):
    return open_city("tiny", settings, lambda *_: None)


@pytest.fixture
def training(city):
    return good(flag(read_series(city.folder / "observations.nc"), city.gauges))


def unfitted(city, *, hours=6, model="persistence"):
    leads = LEADS[True][:hours]
    return MODELS[model](gauges=city.gauges, targets=["g1"], leads=leads)


def crown(settings, city, training, **changes) -> Path:
    """Make a model fitted on the city's series its champion."""
    learned = ("2026-06-01T00:00Z", "2026-07-30T00:00Z")
    facts = CardFacts(title=city.name, data_digest="0", train=(learned,), limits=(), credits=())
    kept = save(unfitted(city, **changes).fit(training), settings.champions / "models", facts=facts)
    pointer = settings.champions / "tiny.json"
    pointer.write_text(json.dumps({"model_folder": kept.name}), encoding="utf-8")
    return kept


def champion_of(settings, city, training):
    return champion_for("tiny", settings, default=unfitted(city, model="linear"), training=training)


def test_nothing_promoted_is_no_champion(settings, city, training):
    assert champion_of(settings, city, training) is None


def test_the_champion_forecasts_and_the_run_says_so(settings, city, training):
    kept = crown(settings, city, training)
    champion = champion_of(settings, city, training)
    desk = open_desk(
        city, unfitted(city, model="linear"), training, read_policy(settings, city.folder),
        drill=False, models=settings.models, champion=champion,
    )  # fmt: skip
    assert not settings.models.exists()  # nothing was trained
    # Its own hours of learning teach the bands nothing: 60 days of series, one span within them.
    assert len(desk.model.learned) == len(training["time"])
    run = cycle(desk, training, issued_at=aware(training["time"].values[-1]))
    assert run.forecast.attrs["model_id"] == "persistence"
    told = json.loads(run_json(run))["forecaster"]
    assert told == {
        "kind": "champion", "model_id": "persistence", "champion": kept.name, "why_not": "",
    }  # fmt: skip
    assert run_of(json.loads(run_json(run))).forecaster == run.forecaster


def test_a_live_desk_opens_with_the_champion(settings, city, training):
    kept = crown(settings, city, training)
    forecaster = live_desk(city, settings, rain=True).forecaster
    assert (forecaster.kind, forecaster.champion) == ("champion", kept.name)


def damage(kept, settings):
    (kept / "card.md").write_text("x")


def lose_folder(kept, settings):
    kept.rename(kept.with_name("elsewhere"))


def spoil_pointer(kept, settings):
    (settings.champions / "tiny.json").write_text("[]")


@pytest.mark.parametrize(
    ("harm", "why"),
    [(damage, "card.md"), (lose_folder, "no kept model"), (spoil_pointer, "TypeError")],
)
def test_a_broken_champion_leaves_the_default_at_work_and_says_why(
    settings, city, training, harm, why
):
    harm(crown(settings, city, training), settings)
    champion = champion_of(settings, city, training)
    assert champion.model is None
    told = champion.forecaster("linear")
    assert (told.kind, told.model_id) == ("default", "linear")
    assert why in told.why_not
    assert "昇格したモデルを使えない" in told.notes()[0]


def test_a_champion_that_sees_less_far_may_not_serve(settings, city, training):
    crown(settings, city, training, hours=3)
    assert champion_of(settings, city, training).why_not == "it must look 6 h ahead, looks 3 h"


def test_a_champion_of_another_step_or_river_may_not_serve(settings, city, training):
    crown(settings, city, training)
    times = training["time"].values
    finer = Observations(training.assign_coords(time=times[0] + (times - times[0]) // 2))
    assert "1800 s" in champion_of(settings, city, finer).why_not
    other = Observations(training.assign_coords(rain_gauge=["r9"]))
    assert "reads also ['r1']" in champion_of(settings, city, other).why_not


def test_the_contract_is_tried_once_and_what_it_says_is_kept(settings, city, training, monkeypatch):
    crown(settings, city, training)
    asked = []
    monkeypatch.setattr(
        module,
        "contract_faults",
        lambda *given: asked.append(given) or ["quantiles must not cross"],
    )
    told = [champion_of(settings, city, training).why_not for _ in range(2)]
    assert told == ["quantiles must not cross"] * 2
    assert len(asked) == 1


def test_a_model_that_fails_in_the_trial_is_not_used(settings, city, training, monkeypatch):
    crown(settings, city, training)
    silent = Observations(training.assign(level_m=training["level_m"] * np.nan))
    assert champion_of(settings, city, silent).why_not == "there are no levels to try it on"

    def fail(*_):
        raise IndexError("no such lead")

    monkeypatch.setattr(module, "contract_faults", fail)
    assert champion_of(settings, city, training).why_not == "IndexError: no such lead"
