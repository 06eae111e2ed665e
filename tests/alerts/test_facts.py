from __future__ import annotations

from datetime import timedelta

import pytest

from advisory.types import GaugeState, Level, Reason
from alerts.facts import hazard_of, observe
from forecasting.types import Gauge, Thresholds

GAUGES = (
    Gauge("g1", "鎌田", "夏井川", 140.9, 37.05, Thresholds(caution=3.0, danger=5.1)),
    Gauge("g2", "梅本", "新川", 140.85, 37.03, Thresholds(caution=3.3)),
)


def see(now, *states, gauge_ids=("g1", "g2")):
    return observe(states, GAUGES, gauge_ids=gauge_ids, issued_at=now)


def test_the_highest_official_level_reached_is_named(now):
    (fact,) = see(now, GaugeState("g1", 5.1, now, 0.4))
    assert (fact.reached, fact.reached_m, fact.rising) == ("danger", 5.1, True)


def test_the_gauge_nearest_to_disaster_comes_first(now):
    facts = see(now, GaugeState("g2", 9.0, now), GaugeState("g1", 5.2, now))
    assert [fact.gauge_name for fact in facts] == ["鎌田", "梅本"]  # danger before caution


@pytest.mark.parametrize("level_m", [None, float("nan")])
def test_a_silent_gauge_says_nothing(now, level_m):
    assert see(now, GaugeState("g1", level_m, now)) == ()


def test_a_level_after_issue_time_is_never_told(now):
    assert see(now, GaugeState("g1", 5.2, now + timedelta(minutes=10))) == ()


def test_an_old_level_is_not_told(now):
    assert see(now, GaugeState("g1", 5.2, now - timedelta(minutes=61))) == ()


def test_a_gauge_of_another_district_is_not_told(now):
    assert see(now, GaugeState("g1", 5.2, now), gauge_ids=("g2",)) == ()


def test_an_unknown_rise_is_not_a_rise(now):
    (fact,) = see(now, GaugeState("g1", 0.0, now, None))
    assert (fact.rising, fact.reached) == (False, None)


def reason(rule, text="", level=Level.EVACUATE, fired=True):
    return Reason(rule, text, fired, level)


@pytest.mark.parametrize(
    ("reasons", "hazard"),
    [
        ([], "flood"),
        ([reason("L4-danger")], "flood"),
        ([reason("L4-inland")], "inland"),
        ([reason("landslide-zone")], "landslide"),
        ([reason("L4-area", "土砂災害の警戒レベル相当4")], "landslide"),
        ([reason("L4-inland"), reason("landslide-zone")], "inland"),
        ([reason("L4-inland"), reason("L4-danger")], "flood"),
        ([reason("L4-danger", fired=False), reason("L4-inland")], "inland"),
        ([reason("L3-judgment", level=Level.ELDERLY), reason("landslide-zone")], "landslide"),
    ],
)
def test_an_order_is_for_the_river_unless_all_its_reasons_name_another_danger(
    make_advice, reasons, hazard
):
    assert hazard_of(make_advice(reasons=tuple(reasons))) == hazard
