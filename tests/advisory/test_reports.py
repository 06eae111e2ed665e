"""Reports from the ground."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from advisory.policy import Policy
from advisory.reports import judge_reports
from advisory.types import Advice, Level, Report

NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)
Desk = Callable[..., Advice]


def report(kind: str, *, hours_ago: float = 1, **where: tuple[str, ...]) -> Report:
    at = NOON - timedelta(hours=hours_ago)
    return Report(kind, at, "水防団", "右岸で漏水", **(where or {"district_ids": ("D0",)}))


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("minor_leak", Level.ELDERLY),
        ("abnormal_leak", Level.EVACUATE),
        ("dam_release", Level.EVACUATE),
        ("gate_failure", Level.EMERGENCY),
        ("breach_likely", Level.EMERGENCY),
        ("overflow", Level.EMERGENCY),
    ],
)
def test_each_kind_has_its_level(desk: Desk, kind: str, level: Level) -> None:
    assert desk(reports=[report(kind)]).level is level


def test_a_kind_without_a_rule_leaves_the_district_unknown(desk: Desk) -> None:
    advice = desk(reports=[report("strange_noise")])
    assert advice.level is Level.UNKNOWN
    assert any("strange_noise" in reason.text for reason in advice.reasons)


def test_a_report_is_for_the_districts_of_its_gauge(policy: Policy) -> None:
    dam = report("dam_release", gauge_ids=("kamata",))
    rules = policy.report
    assert judge_reports([dam], "D0", ["kamata"], rules, issued_at=NOON)[0].fired
    assert judge_reports([dam], "D1", ["other"], rules, issued_at=NOON) == []


def test_an_old_an_ended_and_a_future_report_do_not_count(policy: Policy) -> None:
    old = report("minor_leak", hours_ago=12.1)
    future = report("minor_leak", hours_ago=-0.1)
    ended = Report("minor_leak", NOON - timedelta(hours=1), "水防団", "", ("D0",), ended=NOON)
    assert judge_reports([old, future, ended], "D0", [], policy.report, issued_at=NOON) == []


def test_a_report_names_who_and_when(policy: Policy) -> None:
    (reason,) = judge_reports([report("overflow")], "D0", [], policy.report, issued_at=NOON)
    assert reason.text == "現地からの報告（水防団、9月8日11:00）: 右岸で漏水"


def test_a_report_for_nobody_and_one_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="must name districts or gauges"):
        Report("overflow", NOON, "水防団", "")
    with pytest.raises(ValueError, match="aware"):
        Report("overflow", datetime(2023, 9, 8), "水防団", "", ("D0",))  # noqa: DTZ001


def test_level_5_is_not_sent_to_the_same_people_twice(desk: Desk) -> None:
    first = desk(reports=[report("overflow")])
    again = desk(reports=[report("overflow")], previous=[first])
    assert again.level is Level.EMERGENCY
    assert "L5-no-reissue" in [reason.rule for reason in again.counter_evidence]
    assert "L5-no-reissue" not in [reason.rule for reason in first.counter_evidence]
