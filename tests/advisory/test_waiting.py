"""What an order saves and what waiting costs, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from advisory.evidence import Evidence, Outlook
from advisory.policy import CostLoss, Policy
from advisory.rules import Sky
from advisory.types import Advice, Clearance, Level
from advisory.waiting import arrival, judge_waiting
from forecasting.types import Gauge

RULE = CostLoss("試験", False, 0.2)
# 2 h for the quicker half, 3 h for nine of ten.
NEEDED = Clearance(120.0, 180.0, "")


def one(gauge: Gauge, *chances: float) -> Evidence:
    """Give a gauge whose overflow has these chances at 1, 2, 3 … h."""
    row = tuple((float(lead), chance) for lead, chance in enumerate(chances, start=1))
    return Evidence("kamata", gauge, 1.0, None, 0.0, (), "", Outlook({"overflow": row}, {}))


@pytest.fixture
def sky(policy: Policy) -> Sky:
    from datetime import UTC, datetime

    return Sky(datetime(2023, 9, 8, 3, tzinfo=UTC), dark=False, sunset=None, evening=False)


def test_the_chance_grows_linearly_between_leads_and_never_falls(kamata: Gauge) -> None:
    seen = [one(kamata, 0.0, 0.4, 0.1)]
    # 0.2 half-way between 0 at 1 h and 0.4 at 2 h; 0.4 stays, for what came has come
    assert [arrival(seen, hours) for hours in (0.5, 1.5, 2.0, 3.0, 9.0)] == [0, 0.2, 0.4, 0.4, 0.4]


def test_the_worst_river_of_a_district_counts_and_unknown_ones_do_not_hide_it(
    kamata: Gauge,
) -> None:
    unknown = replace(one(kamata), outlook=Outlook({}, {}))
    assert arrival([one(kamata, 0.1), unknown, one(kamata, 0.3)], 1.0) == 0.3
    assert np.isnan(arrival([unknown], 1.0))
    assert np.isnan(arrival([], 1.0))


def test_an_order_pays_from_the_ratio_on(kamata: Gauge, sky: Sky) -> None:
    # saved = F(4 h) - F(2 h) = 0.25 - 0.05 = 0.20
    paying = judge_waiting([one(kamata, 0.0, 0.05, 0.1, 0.25)], NEEDED, 100, RULE, sky)[0]
    short = judge_waiting([one(kamata, 0.0, 0.06, 0.1, 0.25)], NEEDED, 100, RULE, sky)[0]
    assert (paying.rule, paying.fired, paying.level) == ("L4-cost-loss", True, Level.EVACUATE)
    assert short.fired is False
    assert short.value == pytest.approx(0.19)


def test_water_that_comes_before_anybody_is_out_saves_nobody(kamata: Gauge, sky: Sky) -> None:
    assert judge_waiting([one(kamata, 0.9, 0.9, 0.9, 0.9)], NEEDED, 100, RULE, sky)[0].value == 0.0


def test_waiting_is_priced_in_people(kamata: Gauge, sky: Sky) -> None:
    # F(3 h) = 0.1, F(4 h) = 0.4: 10 min lose 0.05, 30 min 0.15, 60 min 0.3 of 200 people
    _, price = judge_waiting([one(kamata, 0.0, 0.0, 0.1, 0.4)], NEEDED, 200, RULE, sky)
    assert "10分待つと+5%（期待値10人）" in price.text
    assert "30分待つと+15%（期待値30人）" in price.text
    assert "60分待つと+30%（期待値60人）" in price.text
    assert price.fired is False


def test_unknown_people_are_not_nobody(kamata: Gauge, sky: Sky) -> None:
    _, price = judge_waiting([one(kamata, 0.0, 0.0, 0.1, 0.4)], NEEDED, None, RULE, sky)
    assert "人数不明" in price.text


def test_without_clearance_or_forecast_the_official_rules_decide_alone(
    kamata: Gauge, sky: Sky
) -> None:
    assert judge_waiting([one(kamata, 0.9, 0.9)], None, 100, RULE, sky) == []
    assert (
        judge_waiting([replace(one(kamata), outlook=Outlook({}, {}))], NEEDED, 1, RULE, sky) == []
    )


def test_a_calm_district_hears_nothing_of_waiting(
    desk: Callable[..., Advice], walk: Callable[..., Any]
) -> None:
    advice = desk(allocation=walk())
    assert [r for r in (*advice.reasons, *advice.counter_evidence) if r.rule == "waiting"] == []


def test_an_official_order_is_never_overruled_by_its_price(
    desk: Callable[..., Advice], likely: Callable[..., Any], walk: Callable[..., Any]
) -> None:
    """氾濫危険水位 is reached while overflow is unlikely: level 4 stays, the doubt is shown."""
    advice = desk(7.1, exceedance=likely({"kamata": {"overflow": 0.12}}), allocation=walk())
    assert advice.level is Level.EVACUATE
    against = [reason for reason in advice.counter_evidence if reason.rule == "L4-cost-loss"]
    assert len(against) == 1
    assert "費用対被害の目安50%未満" in against[0].text
