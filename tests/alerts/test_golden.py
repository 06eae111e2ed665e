"""The golden texts as they were read, and what must hold in each of them."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from shapely.geometry import box

from alerts.cap.document import document
from alerts.cap.notice import Notice, Reference, area_of
from alerts.cap.reading import read_document
from alerts.cap.rules import Setting, faults
from alerts.cap.telling import told
from alerts.glossary import languages, sentences, term
from alerts.types import PUBLIC_FORMS

sys.path.insert(0, str(Path(__file__).parents[1]))
from goldens import CASES, FOLDER, MAP, NOW, UNTIL, advice, facts, line_text, message, pages

sys.path.pop(0)

LINKS = 1  # a text has at most one link, the map of shelters
NAMED_MAX = 5  # places a reader must keep in mind: the district and the shelters
# What may be said where nobody is to walk to a shelter; words of each language for one.
SHELTER_WORDS = {
    "ja": ("避難場所", "避難所", "避難先"), "ja-x-easy": ("にげる 場所",),
    "en": ("shelter", "evacuation place"), "zh-Hans": ("避难场所",), "zh-Hant": ("避難場所",),
    "ko": ("대피 장소",), "vi": ("nơi lánh nạn",), "tl": ("lugar ng paglikas",),
    "pt": ("abrigo", "locais de evacuação"), "id": ("tempat evakuasi",),
}  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def written(case, language, form="plain"):
    return message(case, form, language).body.decode()


def test_every_text_reads_as_it_was_read():
    """Renew with `python tests/goldens.py` and read the difference."""
    differ = [path.name for path, text in pages() if path.read_text(encoding="utf-8") != text]
    assert differ == []


def test_no_golden_file_is_left_over_and_all_are_small():
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path, _ in pages()}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 400_000


@every_case
def test_mail_and_line_say_what_the_plain_text_says(case):
    for language in languages():
        plain = written(case, language)
        assert written(case, language, "mail") == plain
        linked = sentences(language)["map"].format(url=MAP) + "\n"
        assert line_text(message(case, "line", language)) == plain.replace(linked, "").rstrip("\n")


@every_case
def test_level_first_then_who_why_what_when_where(case):
    for language in languages():
        said = written(case, language)
        place = sentences(language)[f"level_{int(case.level)}"]
        labels = [
            re.match(r"【[^】]+】|\[[^\]]+\]", place[name])[0] for name in ("who", "why", "what")
        ]
        places = [said.index(term(f"level_{int(case.level)}", language))]
        places += [said.index(label, places[0]) for label in labels]
        assert places == sorted(places)


@every_case
def test_one_action_one_deadline_one_link_and_few_places(case):
    for language in languages():
        said = written(case, language)
        place = sentences(language)[f"level_{int(case.level)}"]
        action = re.match(r"【[^】]+】|\[[^\]]+\]", place["what"])[0]
        assert said.count(action) == 1
        assert said.count("23時00分" if language.startswith("ja") else "23") <= 1
        assert said.count("https://") <= LINKS
        assert len({"平", *re.findall(r"平第.小学校", said)}) <= NAMED_MAX


@every_case
def test_at_level_5_and_after_water_nobody_is_sent_to_a_shelter(case):
    for language in languages():
        if case.level < 5 and not case.occasion.after_water and not case.occasion.ends:
            assert "平第一小学校" in written(case, language)
            continue
        for form in ("plain", "line", "spoken", *(["urgent"] if language == "ja" else [])):
            said = written(case, language, form)
            assert "小学校" not in said
            assert "https://" not in said
            assert [word for word in SHELTER_WORDS[language] if word in said.lower()] == []


@every_case
def test_no_figure_of_the_advice_reaches_any_form(case):
    """21:37 is the deadline of the advice, 4321 and 2718 its people."""
    for language in languages():
        forms = [form for form in PUBLIC_FORMS if form != "urgent" or language == "ja"]
        for form in forms:
            found = message(case, form, language)
            said = found.subject + found.body.decode()
            assert [
                figure for figure in ("37", "4321", "2718", "%", "確率") if figure in said
            ] == []


@every_case
def test_the_spoken_text_is_said_twice_and_has_no_marks(case):
    for language in languages():
        said = written(case, language, "spoken").rstrip("\n")
        first, second = said.split(f"\n{sentences(language)['repeat']}\n")
        assert first.removeprefix(term("drill", language) if case.drill else "") == second
        assert re.search(r"^(【(?!訓練)|\[)", said, re.MULTILINE) is None


def notice_of(case):
    kind = {"new": "Alert", "lifted": "Cancel", "withdrawn": "Cancel"}.get(
        case.occasion.kind, "Update"
    )
    earlier = Reference("kawamori@city.example.jp", "k-1", NOW - timedelta(hours=1))
    return Notice(
        identifier="k-2",
        sender="kawamori@city.example.jp",
        sender_name="いわき市",
        sent=NOW,
        expires=UNTIL,
        kind=kind,
        drill=case.drill,
        level=case.level,
        told=tuple(told(advice(case), language, **facts(case)) for language in languages()),
        areas=(area_of("平", "07204", box(140.85, 37.0, 140.95, 37.1)),),
        references=() if kind == "Alert" else (earlier,),
        stays=case.occasion.after_water,
    )


@every_case
def test_the_cap_of_every_golden_keeps_every_rule(case):
    setting = Setting(now=NOW, bounds=(140.7, 36.8, 141.1, 37.3))
    assert faults(document(notice_of(case)), setting) == []


@pytest.mark.real_data
@every_case
def test_the_cap_of_every_golden_is_valid_against_the_official_schema(case, real_data):
    path = real_data.parent / "schemas" / "cap" / "cap12.xsd"
    schema = etree.XMLSchema(etree.parse(str(path)))
    assert schema.validate(read_document(document(notice_of(case)))), schema.error_log


@every_case
def test_cap_says_line_by_line_what_the_plain_text_says(case):
    for language in languages():
        said = told(advice(case), language, **facts(case))
        linked = sentences(language)["map"].format(url=MAP)
        lines = [
            line for line in written(case, language).rstrip("\n").split("\n") if line != linked
        ]
        assert [
            said.headline,
            *said.description.split("\n"),
            *said.instruction.split("\n"),
        ] == lines
