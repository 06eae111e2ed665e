from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from advisory.types import Level
from alerts.types import PUBLIC_FORMS
from forecasting.models import MODELS
from forecasting.types import aware, check_observations
from kawamori.city import read_city
from kawamori.pipeline import cycle, open_desk
from kawamori.policies import read_policy
from kawamori.record import run_json
from kawamori.settings import Settings


@pytest.fixture
def desk(tiny, tiny_home):
    city = read_city(tiny_home / "cities" / "tiny")
    leads = [timedelta(hours=hours) for hours in (1, 2, 3)]
    model = MODELS["linear"](gauges=city.gauges, targets=["g1"], leads=leads)
    return open_desk(city, model, tiny.tiny_series(60 * 24), read_policy(Settings()), drill=True)


@pytest.fixture
def storm(tiny):
    """Give 20 days that end in six hours of 27 mm/h: 2.5 m <= level < 3.0 m."""
    return tiny.tiny_series(20 * 24, storm_mm=27.0)


def test_changing_the_future_changes_nothing(desk, storm) -> None:
    issued_at = aware(storm["time"].values[-4])
    changed = storm.copy(deep=True)
    changed["level_m"][-3:] = 9.9
    changed["rain_mm"][-3:] = 0.0
    now = cycle(desk, storm, issued_at=issued_at)
    then = cycle(desk, check_observations(changed), issued_at=issued_at)
    assert run_json(now) == run_json(then)


def test_changing_the_past_changes_the_digest(desk, storm) -> None:
    issued_at = aware(storm["time"].values[-1])
    changed = storm.copy(deep=True)
    changed["level_m"][-20] += 0.01
    now = cycle(desk, storm, issued_at=issued_at)
    assert now.input_digest != cycle(desk, changed, issued_at=issued_at).input_digest


def test_advice_reaches_people_places_and_texts(desk, storm) -> None:
    run = cycle(desk, storm, issued_at=aware(storm["time"].values[-1]))
    low = run.advice[0]
    assert low.level is Level.EVACUATE
    assert low.people.must_leave == 100  # the one house of the lower district, 3 to 5 m of water
    # Of 100 people 80 find room in 山上小学校; 川下公民館 lies in the water itself.
    assert [(place.shelter_id, place.people) for place in low.shelters] == [("s1", 80)]
    assert run.allocation.unplaced["people"].sum() == 20
    texts = [message for message in run.messages if message.district_id == "low"]
    assert {message.form for message in texts} == {*PUBLIC_FORMS, "staff"}
    assert all(message.subject.startswith("【訓練】") for message in texts)


def test_silent_gauge_is_unknown_and_never_calm(desk, storm) -> None:
    silent = storm.copy(deep=True)
    silent["level_m"][-6:] = np.nan
    run = cycle(desk, silent, issued_at=aware(storm["time"].values[-1]))
    assert run.advice[0].level is Level.UNKNOWN
    assert any("試験橋" in reason.text for reason in run.advice[0].reasons)


def test_city_without_layers_and_shelters_leaves_people_unknown(desk, storm) -> None:
    from dataclasses import replace

    bare = replace(desk, city=replace(desk.city, layers=None, shelters=None, buildings=None))
    run = cycle(bare, storm, issued_at=aware(storm["time"].values[-1]))
    assert run.advice[0].level is Level.EVACUATE
    assert run.advice[0].people.must_leave is None
    assert (run.layer, run.exposure, run.allocation) == (None, None, None)
