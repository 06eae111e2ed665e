"""What holds in all ten languages, and the rules of やさしい日本語."""

from __future__ import annotations

import re
import string
import tomllib
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from advisory.types import ORDERS, Level
from advisory.types import Warning as OfficialWarning
from alerts.compose import SUBJECT_MAX, compose
from alerts.flex import read_text
from alerts.glossary import languages, sentences, term
from alerts.types import Observed

LEVELS = sorted(ORDERS)
FOREIGN = [language for language in languages() if not language.startswith("ja")]
# Everything that a template may name; the advice's reasons, people, clearance and deadline are not.
ALLOWED = {
    "level", "order", "official", "district", "city", "rivers", "hazard", "issued", "expires",
    "time", "gauge", "river", "level_m", "threshold", "limit", "kind", "name", "minutes", "notes",
    "year", "month", "day", "hour", "minute", "peril", "tag", "before_level", "before_order",
    "earlier", "finish_by", "url", "shelters",
}  # fmt: skip
# What the bot tells besides: a way, a shelter's room, depths of the official map. No forecast.
OF_THE_BOT = {"distance", "room", "people", "area", "low", "high", "household"}
# Words for a shelter: level 5 keeps people where they are.
SHELTER_WORDS = {
    "ja": ("避難場所", "避難所", "避難先"), "ja-x-easy": ("にげる 場所", "避難"),
    "en": ("shelter",), "zh-Hans": ("避难场所",), "zh-Hant": ("避難場所",), "ko": ("대피 장소",),
    "vi": ("nơi lánh nạn",), "tl": ("lugar ng paglikas",), "pt": ("abrigo",),
    "id": ("tempat evakuasi",),
}  # fmt: skip


@pytest.fixture
def write(make_advice, now):
    def write(level, language, form="plain", **changes):
        values = {
            "city_name": "いわき市",
            "river_names": ["夏井川"],
            "drill": False,
            "expires": now + timedelta(hours=2),
            "observed": [
                Observed("夏井川", "鎌田", now - timedelta(minutes=10), 7.02, True, "danger", 7.0)
            ],
        }
        return compose(make_advice(level), form=form, language=language, **{**values, **changes})

    return write


def leaves(table):
    for value in table.values():
        if isinstance(value, dict):
            yield from leaves(value)
        else:
            yield value


def texts(path):
    found = leaves(tomllib.loads(path.read_text("utf-8")))
    return [text for text in found if isinstance(text, str)]


TEMPLATES = sorted(Path(str(files("alerts"))).joinpath("templates").rglob("*.toml"))
FIGURES = re.compile(r"確率|予測|見込み|forecast|probab|predict|%", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_speaks_of_a_forecast(path):
    """Every file of templates, whoever added it: no word of our own forecast, no percentage."""
    said = [
        text for text in leaves(tomllib.loads(path.read_text("utf-8"))) if isinstance(text, str)
    ]
    assert [text for text in said if FIGURES.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_has_a_place_for_a_forecast(path):
    fields = {
        field
        for text in texts(path)
        for _, field, _, _ in string.Formatter().parse(text)
        if field is not None
    }
    assert fields <= ALLOWED | (OF_THE_BOT if path.parent.name == "bot" else set())


@pytest.mark.parametrize("language", languages())
def test_every_language_names_the_same_things_in_the_same_passage(language):
    def named(table):
        return {
            key: named(value)
            if isinstance(value, dict)
            else {field for _, field, _, _ in string.Formatter().parse(value) if field}
            for key, value in table.items()
        }

    ours, japanese = named(sentences(language)), named(sentences("ja"))
    tables = [name for name, table in japanese.items() if isinstance(table, dict)]
    for table in tables:
        assert ours[table].keys() == japanese[table].keys()
        for passage, fields in japanese[table].items():
            missing = fields - ours[table][passage]
            # who is addressed is named in `who`, the danger in `why`: not all repeat them
            may_miss = {
                "what": {"district"},
                "what_4": {"district"},
                "who": {"peril"},
                "subject": {"order"},
            }
            assert missing <= may_miss.get(passage, set()), (table, passage)


@pytest.mark.parametrize("form", ["line", "mail", "plain"])
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("level", LEVELS)
def test_every_text_begins_with_the_level_and_names_district_river_and_level(
    write, level, language, form
):
    message = write(level, language, form)
    said = message.body.decode()
    text = read_text(said.encode()) if form == "line" else said
    assert text.startswith(term(f"level_{int(level)}", language))
    assert term(f"level_{int(level)}", language) in message.subject
    assert "平" in message.subject
    assert len(message.subject) <= SUBJECT_MAX
    for word in (ORDERS[level], "平", "夏井川", "鎌田", "7.02m", "7.00m", "いわき市"):
        assert word in text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("level", LEVELS)
def test_in_a_drill_every_language_begins_with_kunren(write, level, language):
    message = write(level, language, drill=True)
    assert message.subject.startswith("【訓練")
    assert message.body.decode().startswith("【訓練")
    assert len(message.subject) <= SUBJECT_MAX
    assert sentences(language)["drill_note"] in message.body.decode()


@pytest.mark.parametrize("language", languages())
def test_level_5_sends_nobody_to_a_shelter(write, language):
    said = write(Level.EMERGENCY, language).body.decode().lower()
    assert [word for word in SHELTER_WORDS[language] if word in said] == []
    assert "小学校" not in said


@pytest.mark.parametrize("language", languages())
def test_level_4_names_the_nearest_shelter_and_how_far(write, language):
    said = write(Level.EVACUATE, language).body.decode()
    assert "平第一小学校" in said
    assert re.search(r"12 ?\w", said)


@pytest.mark.parametrize("language", FOREIGN)
def test_only_names_and_official_words_stay_japanese(write, language):
    """Kana outside of names would be a sentence left untranslated."""
    said = write(Level.EVACUATE, language, warnings=[]).body.decode()
    for name in ("いわき市", "ひらがな"):
        said = said.replace(name, "")
    assert re.findall(r"[ぁ-んァ-ヶ]+", said) == []


@pytest.mark.parametrize("language", languages())
def test_times_are_of_japan_and_say_so(write, language):
    said = write(Level.EVACUATE, language).body.decode()
    assert "21" in said  # 12:00 UTC
    assert any(word in said for word in ("日本", "Japan", "일본", "Nhật", "Japão", "Jepang"))


@pytest.mark.parametrize("language", languages())
def test_an_official_warning_keeps_its_official_name(write, language, now):
    warning = OfficialWarning(
        "t1", "レベル4大雨危険警報", Level.EVACUATE, (), (), now - timedelta(hours=1), None
    )
    assert (
        "レベル4大雨危険警報" in write(Level.EVACUATE, language, warnings=[warning]).body.decode()
    )


EASY_MAX = 30  # characters of one sentence; names and official words come on top


@pytest.mark.parametrize("text", [text for text in leaves(sentences("ja-x-easy")) if "。" in text])
def test_easy_japanese_has_short_sentences(text):
    bare = re.sub(r"\{\w+(:\w+)?\}|【[^】]*】|\\n", "", text)
    long = [part for part in re.split("[。\n]", bare) if len(part) > EASY_MAX]
    assert long == []


def test_easy_japanese_has_no_hard_verbs(write):
    said = write(Level.EVACUATE, "ja-x-easy").body.decode()
    hard = ("避難してください", "開始", "発令", "速やか", "直ちに", "氾濫する", "おそれ")
    assert [word for word in hard if word in said] == []
