"""The script for loudspeakers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from advisory.types import ORDERS, Level
from alerts.compose import compose
from alerts.glossary import languages, sentences, term


@pytest.fixture
def script(make_advice, now):
    def script(level=Level.EVACUATE, language="ja", **changes):
        values = {
            "city_name": "いわき市",
            "river_names": ["夏井川"],
            "drill": False,
            "expires": now + timedelta(hours=2),
        }
        advice = make_advice(level)
        return compose(
            advice, form="spoken", language=language, **{**values, **changes}
        ).body.decode()

    return script


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("level", sorted(ORDERS))
def test_every_language_says_level_order_and_district_twice(script, level, language):
    text = script(level, language)
    halves = text.split(sentences(language)["repeat"])
    assert len(halves) == 2
    assert halves[0].strip() == halves[1].strip()
    for word in (
        term(f"level_{int(level)}", language),
        term(f"order_{int(level)}", language),
        "平",
    ):
        assert word in halves[0]


@pytest.mark.parametrize("language", languages())
def test_nothing_that_cannot_be_read_aloud_is_left(script, language):
    assert re.findall(r"[【】\[\]{}・※]", script(language=language)) == []


def test_only_the_nearest_shelter_is_said(script):
    assert "避難先: 平第一小学校" in script()
    assert "平第二小学校" not in script()


def test_level_5_says_no_shelter(script):
    assert "小学校" not in script(Level.EMERGENCY)


def test_a_drill_says_so_first_and_again(script):
    text = script(drill=True)
    assert text.startswith("【訓練】これは訓練です。")
    assert text.count("これは訓練です。") == 2


@pytest.mark.parametrize("language", languages())
def test_what_is_simulated_is_said(script, language):
    note = sentences(language)["note_short"]
    assert script(language=language, notes=["水位は模擬"]).count(note) == 2
    assert note not in script(language=language)
