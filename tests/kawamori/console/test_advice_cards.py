"""Advice as cards: who shares one, whose people are counted, and that nobody is lost."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisory.types import Advice, Level, People
from kawamori.console.advice_cards import cards, total
from kawamori.run import Run


@pytest.fixture
def evacuate(made_run: Run) -> Advice:
    return made_run.advice[1]


def made(advice: list[Advice]):
    return cards(advice, why=lambda item: item.reasons[0].text, waiting=lambda item: "")


def test_one_level_deadline_and_rule_share_a_card(evacuate: Advice) -> None:
    other = dataclasses.replace(evacuate, district_id="d3", name="東町")
    later = dataclasses.replace(
        other, district_id="d4", issue_by=other.issued_at + timedelta(hours=2)
    )
    reason = dataclasses.replace(evacuate.reasons[0], rule="danger")
    seen = dataclasses.replace(other, district_id="d5", reasons=(reason,))
    found = made([evacuate, other, later, seen])
    assert [[item.district_id for item in card.districts] for card in found] == [
        ["d1", "d3"],
        ["d4"],  # another deadline
        ["d5"],  # another rule
    ]
    # Both were told the same: it is said once, for both.
    assert found[0].why == (("上橋が氾濫危険水位に達する見込み", ("上町", "東町")),)


def test_calm_districts_share_a_card_whatever_the_rule(made_run: Run) -> None:
    calm = [
        dataclasses.replace(made_run.advice[0], district_id=name, level=Level.NONE, reasons=(
            dataclasses.replace(made_run.advice[0].reasons[0], rule=name, level=Level.NONE),))
        for name in ("d3", "d4")
    ]  # fmt: skip
    (card,) = made(calm)
    assert not card.urgent
    assert len(card.districts) == 2


def test_sum_with_an_unknown_district_is_at_least_the_known_ones(made_run: Run) -> None:
    # 上町: 200 must leave; 下町: nobody knows.
    assert total(made_run.advice) == People(320, 200, 90, 30, partial=True)
    assert total(made_run.advice[:1]) == People(partial=True)
    assert total(made_run.advice[1:]) == People(320, 200, 90, 30)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 3, 4]), st.integers(0, 3), st.booleans())))
def test_every_district_stands_on_exactly_one_card_in_order(rows) -> None:
    advice = [_advice(number, *row) for number, row in enumerate(rows)]
    found = [item.district_id for card in made_all(advice) for item in card.districts]
    assert sorted(found) == sorted(item.district_id for item in advice)
    firsts = [card.districts[0].district_id for card in made_all(advice)]
    order = [item.district_id for item in advice]
    assert firsts == sorted(firsts, key=order.index)


def made_all(advice: list[Advice]):
    return cards(advice, why=lambda item: item.name, waiting=lambda item: "")


def _advice(number: int, level: int, minutes: int, due: bool) -> Advice:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    return Advice(
        f"d{number:03}", f"地区{number}", Level(level), at,
        at + timedelta(minutes=minutes) if due else None, at + timedelta(hours=6), (), (),
        People(), None, (), "0" * 64,
    )  # fmt: skip
