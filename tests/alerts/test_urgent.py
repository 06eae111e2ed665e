"""緊急速報メール: 15 and 200 characters, the district first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from advisory.types import ORDERS, Level
from alerts.compose import compose
from alerts.urgent import BODY_MAX, TITLE_MAX


@pytest.fixture
def write(make_advice, now):
    def write(level=Level.EVACUATE, **changes):
        values = {
            "city_name": "いわき市",
            "river_names": ["夏井川"],
            "drill": False,
            "expires": now + timedelta(hours=2),
        }
        advice = changes.pop("advice", None) or make_advice(level)
        return compose(advice, form="urgent", **{**values, **changes})

    return write


def body(message) -> str:
    return message.body.decode().removesuffix("\n")


@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("level", sorted(ORDERS))
def test_title_and_body_fit_and_name_order_level_and_district(write, level, drill):
    message = write(level, drill=drill, notes=["水位は模擬"])
    assert len(message.subject) <= TITLE_MAX
    assert len(body(message)) <= BODY_MAX
    assert ORDERS[level] in message.subject
    start = "【訓練】" if drill else ""
    assert body(message).startswith(f"{start}【平地区】いわき市は警戒レベル{int(level)}、")


def test_there_is_no_link_in_it(write):
    assert "http" not in body(write())


def test_level_5_names_no_shelter(write):
    assert "避難先" not in body(write(Level.EMERGENCY))


def test_it_tells_the_other_districts_what_to_do(write):
    assert "ほかの地区の方は市の情報を確認" in body(write())


def test_long_names_cost_the_shelters_first_then_the_river(write, make_advice):
    advice = make_advice(Level.EVACUATE)
    long = tuple(replace(one, name="あ" * 60) for one in advice.shelters)
    text = body(write(advice=replace(advice, shelters=long)))
    assert text.count("あ" * 60) == 1  # two would make more than 200 characters
    text = body(write(river_names=["い" * 110]))
    assert "い" * 110 not in text
    assert "河川が氾濫するおそれ" in text


def test_a_district_that_cannot_fit_is_refused(write, make_advice):
    with pytest.raises(ValueError, match="<= 200 characters"):
        write(advice=replace(make_advice(Level.EVACUATE), name="う" * 150))


def test_other_languages_are_refused(write):
    with pytest.raises(ValueError, match="in ja only"):
        write(language="en")
