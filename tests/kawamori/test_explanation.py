"""One piece of stored advice told in full, from run.json alone."""

from __future__ import annotations

import json

import pytest

from kawamori.explanation import explain
from kawamori.record import run_json


@pytest.fixture
def record(made_run):
    return json.loads(run_json(made_run))


def ordered(record):
    """Give the advice of level 4, with reasons of both kinds."""
    return next(one for one in record["advice"] if one["level"] == 4)


def told(record, district: str, language: str = "ja") -> str:
    return "\n".join(explain(record, district, language=language))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_rule_value_and_digest_is_told(record, language: str) -> None:
    advice = ordered(record)
    text = told(record, advice["district_id"], language)
    for reason in (*advice["reasons"], *advice["counter_evidence"]):
        assert reason["rule"] in text
    assert advice["digest"] in text
    assert record["input_digest"] in text


def test_japanese_reasons_are_the_officers_own(record) -> None:
    advice = ordered(record)
    text = told(record, advice["name"])
    assert advice["reasons"]
    assert all(reason["text"] in text for reason in advice["reasons"])


def test_an_unknown_level_and_unknown_people_are_never_calm(record) -> None:
    unknown = next(one for one in record["advice"] if one["level"] is None)
    assert "判定不能" in told(record, unknown["district_id"])
    english = told(record, unknown["district_id"], "en")
    assert "cannot be judged" in english
    assert "unknown" in english


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_drill_says_so_first(record, language: str) -> None:
    assert told({**record, "drill": True}, "d1", language).startswith("【訓練")


def test_an_unverified_rule_is_named_in_both_languages(record) -> None:
    advice = ordered(record)
    advice["reasons"][0]["verified"] = False
    assert "未確認" in told(record, advice["district_id"])
    assert "not verified" in told(record, advice["district_id"], "en")


def test_strange_districts_and_languages_are_named(record) -> None:
    with pytest.raises(ValueError, match="district must be one of"):
        told(record, "atlantis")
    with pytest.raises(ValueError, match="language must be one of"):
        told(record, "d1", "fr")
