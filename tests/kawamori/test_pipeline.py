from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from advisory.types import Level
from alerts.types import CAP_FORM, PUBLIC_FORMS
from forecasting.models import MODELS
from forecasting.types import aware, check_observations
from kawamori.city import read_city
from kawamori.pipeline import cycle, open_desk
from kawamori.placement import told_plan
from kawamori.policies import read_policy
from kawamori.record import run_json
from kawamori.settings import Settings
from kawamori.sheltering import stock_lines


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
    assert {message.form for message in texts} == {*PUBLIC_FORMS, CAP_FORM, "staff"}
    assert all(message.subject.startswith("【訓練】") for message in texts)


def test_doors_staff_and_stock_follow_the_advice(desk, storm) -> None:
    run = cycle(desk, storm, issued_at=aware(storm["time"].values[-1]))
    plan, low = run.sheltering, run.advice[0]
    row = plan.openings.iloc[0]
    assert (row["shelter_id"], row["people"], row["staff"]) == ("s1", 80, 2)  # one per 50 begun
    leave = low.issue_by or run.issued_at
    assert row["open_by"] > leave  # the first still have to walk
    assert row["open_by"] - row["staff_call_by"] == np.timedelta64(60, "m")
    water = plan.stock.set_index("item").loc["water_l"]
    assert (water["need"], np.isnan(water["held"])) == (240, True)  # 80 people, 3 litres
    assert stock_lines(plan, {}) == [
        "備蓄の一覧がないため、水・食料・毛布・トイレ・冷房の過不足は不明"
    ]


def test_who_was_told_a_shelter_keeps_it(desk, storm) -> None:
    issued_at = aware(storm["time"].values[-1])
    first = cycle(desk, storm, issued_at=issued_at)
    assert first.sheltering.moves is None  # nobody was told anything before
    told = told_plan(first.allocation, first.advice)
    again = cycle(desk, storm, issued_at=issued_at, told=told)
    assert again.sheltering.moves.empty
    assert again.allocation.assigned.equals(first.allocation.assigned)
    calm = [replace(one, level=Level.NONE) for one in first.advice]
    assert told_plan(first.allocation, calm).groups.empty
    assert told_plan(None, calm) is None


def test_silent_gauge_is_unknown_and_never_calm(desk, storm) -> None:
    silent = storm.copy(deep=True)
    silent["level_m"][-6:] = np.nan
    run = cycle(desk, silent, issued_at=aware(storm["time"].values[-1]))
    assert run.advice[0].level is Level.UNKNOWN
    assert any("試験橋" in reason.text for reason in run.advice[0].reasons)


def test_city_without_layers_and_shelters_leaves_people_unknown(desk, storm) -> None:
    bare = replace(desk, city=replace(desk.city, layers=None, shelters=None, buildings=None))
    run = cycle(bare, storm, issued_at=aware(storm["time"].values[-1]))
    assert run.advice[0].level is Level.EVACUATE
    assert run.advice[0].people.must_leave is None
    assert (run.layer, run.exposure, run.allocation) == (None, None, None)
