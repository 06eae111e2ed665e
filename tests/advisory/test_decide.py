"""One piece of advice per district: who, where, when, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from advisory.decide import decide
from advisory.policy import Policy
from advisory.types import Advice, GaugeState, Level, Warnings
from forecasting.types import Gauge

Desk = Callable[..., Advice]
Make = Callable[..., Any]

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 12, tzinfo=JST)  # sunset 17:55
DUSK = datetime(2023, 9, 8, 16, tzinfo=JST)


def text(advice: Advice) -> str:
    return "\n".join(reason.text for reason in (*advice.reasons, *advice.counter_evidence))


def test_another_gauge_carries_the_order_and_the_unknown_is_stated(
    desk: Desk, likely: Make, town: Make, kamata: Gauge
) -> None:
    states = [GaugeState("kamata", 7.0, NOON, 0.0), GaugeState("ogawa", None, None)]
    advice = desk(
        exceedance=likely({"kamata": {}, "ogawa": {}}),
        districts=town(["kamata", "ogawa"]),
        gauges=[kamata, replace(kamata, gauge_id="ogawa", name="小川")],
        states=states,
    )
    assert advice.level is Level.EVACUATE
    assert "小川（夏井川）は欠測または異常値です" in text(advice)


def test_district_without_a_gauge_and_with_an_unlisted_one_are_unknown(
    desk: Desk, town: Make
) -> None:
    none = desk(districts=town([]))
    assert none.level is Level.UNKNOWN
    assert "水位計がなく" in text(none)
    assert "水位計xは水位計の一覧にありません" in text(desk(districts=town(["x"])))


def test_emergency_names_no_shelter_to_go_to(desk: Desk, walk: Make) -> None:
    advice = desk(8.0, allocation=walk())
    assert advice.shelters == ()
    assert "直ちに安全を確保" in advice.action
    assert "避難所" not in advice.action


def test_shelters_have_names_and_largest_group_first(desk: Desk, walk: Make) -> None:
    allocation = walk(people=10)
    rows = allocation.assigned
    more = rows.assign(shelter_id="S2", people=30)
    advice = desk(
        allocation=replace(allocation, assigned=pd.concat([rows, more])),
        shelter_names={"S2": "平第一小"},
    )
    assert [(s.name, s.people) for s in advice.shelters] == [("平第一小", 30), ("S1", 10)]


def test_people_come_from_the_largest_scenario_and_missing_is_none(desk: Desk) -> None:
    columns = {"people": [10, 90], "must_leave": [5, pd.NA], "may_stay": [3, 8], "unknown": [2, 2]}
    index = pd.MultiIndex.from_tuples(
        [("D0", "planned"), ("D0", "maximum")], names=["district_id", "scenario"]
    )
    people = desk(exposure=pd.DataFrame(columns, index=index, dtype="Int64")).people
    assert (people.inside, people.must_leave, people.may_stay) == (90, None, 8)
    assert desk().people.inside is None


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2023, 9, 8, 15, 0, tzinfo=UTC), "9月9日00:00"),
        (datetime(2023, 9, 8, 0, 0, tzinfo=UTC), "9月8日09:00"),
        (datetime(2023, 12, 31, 15, 0, tzinfo=UTC), "1月1日00:00"),
        (datetime(2023, 12, 31, 14, 50, tzinfo=UTC), "12月31日23:50"),
    ],
)
def test_text_is_in_the_time_of_japan(desk: Desk, moment: datetime, words: str) -> None:
    advice = desk(7.0, issued_at=moment)
    assert f"水位7.00m（{words}）" in text(advice)
    assert advice.valid_until == moment + timedelta(minutes=60)


def test_advice_is_the_same_in_any_time_zone(desk: Desk, likely: Make, walk: Make) -> None:
    chances = likely({"kamata": {"overflow": 0.3}}, passages={("kamata", "overflow"): 5.0})
    zones = (UTC, JST, timezone(timedelta(hours=-5)))
    given = [
        desk(6.4, 0.1, exceedance=chances, allocation=walk(), issued_at=DUSK.astimezone(zone))
        for zone in zones
    ]
    assert given[0] == given[1] == given[2]


def test_digest_is_of_the_content(desk: Desk) -> None:
    assert desk(7.0).digest == desk(7.0).digest
    assert len({desk(7.0).digest, desk(7.01).digest, desk(7.0, -0.1).digest}) == 3


def test_place_without_coordinates_is_taken_to_be_dark(
    desk: Desk, kamata: Gauge, town: Make, walk: Make
) -> None:
    nowhere = town(["kamata"])
    nowhere["geometry"] = None
    lost = replace(kamata, lon=float("nan"), lat=float("nan"))
    advice = desk(districts=nowhere, gauges=[lost], allocation=walk())
    assert advice.clearance is not None
    assert "夜間" in advice.clearance.basis
    found = desk(districts=nowhere, gauges=[lost, replace(kamata, gauge_id="x")], allocation=walk())
    assert found.clearance is not None
    assert "日中" in found.clearance.basis


def test_no_districts_give_no_advice(desk: Desk, policy: Policy, town: Make) -> None:
    none = decide(
        None, None, None, Warnings(), policy, districts=town(), gauges=[], states=[], issued_at=NOON
    )
    assert none == ()


def test_naive_issue_time_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="issued_at must be aware"):
        desk(issued_at=datetime(2023, 9, 8, 12), at=NOON)  # noqa: DTZ001
