from __future__ import annotations

import pytest

from advisory.types import ORDERS
from alerts.glossary import languages, sentences, term, terms
from forecasting.types import THRESHOLDS

NEEDED = ["drill", *(f"{kind}_{int(level)}" for kind in ("level", "order") for level in ORDERS)]
NEEDED += [f"threshold_{name}" for name in THRESHOLDS]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", NEEDED)
def test_every_language_has_every_term_with_a_source(name, language):
    assert term(name, language)


def test_the_orders_read_as_the_decision_names_them():
    assert [term(f"order_{int(level)}", "ja") for level in ORDERS] == list(ORDERS.values())


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_sentences(language):
    assert sentences(language).keys() == sentences("ja").keys()


def test_a_missing_term_stops_the_text():
    with pytest.raises(ValueError, match=r"\[order_4\.xx\]"):
        term("order_4", "xx")


def test_a_term_without_a_source_stops_the_text(monkeypatch):
    monkeypatch.delitem(terms()["order_4"]["ja"], "source")
    with pytest.raises(ValueError, match="source"):
        term("order_4", "ja")


@pytest.mark.parametrize("name", NEEDED)
def test_every_term_says_where_it_is_from_and_only_known_sources_count(name):
    sources = {entry["source"] for entry in terms()[name].values()}
    assert sources <= {"guideline", "jma-words", "river", "house"}


def test_a_translation_of_our_own_is_marked_as_not_confirmed():
    unmarked = [
        f"{name}.{language}"
        for name, entries in terms().items()
        for language, entry in entries.items()
        if entry["source"] == "house" and name != "drill" and entry.get("confirmed", True)
    ]
    assert unmarked == []


def test_the_ten_languages_are_these():
    ten = ["en", "id", "ja", "ja-x-easy", "ko", "pt", "tl", "vi", "zh-Hans", "zh-Hant"]
    assert languages() == ten
