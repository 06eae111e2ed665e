"""Each rule broken alone: the text of a sound document is changed in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from advisory.types import ORDERS, Level
from alerts.cap.document import document
from alerts.cap.notice import Reference
from alerts.cap.rules import Setting, faults

SQUARE = (
    "37.00000,140.95000 37.10000,140.95000 37.10000,140.85000 37.00000,140.85000 37.00000,140.95000"
)
# name of the rule -> (what stands in the document, what is put there instead)
BROKEN = {
    "identifier-given": (">k-2<", "><"),
    "identifier-plain": (">k-2<", ">k 2<"),
    "sender-plain": (">kawamori@city.example.jp<", ">a,b<"),
    "sent-form": ("<sent>2026-09-08T21:00:00+09:00", "<sent>2026-09-08T12:00:00Z"),
    "sent-not-ahead": ("<sent>2026-09-08T21:00", "<sent>2026-09-08T21:05"),
    "sent-fresh": ("<sent>2026-09-08T21:00", "<sent>2026-09-08T20:00"),
    "status-known": (">Actual<", ">Draft<"),
    "scope-public": (">Public<", ">Private<"),
    "exercise-marked": (">Actual<", ">Exercise<"),
    "exercise-noted": (">Actual<", ">Exercise<"),
    "kind-known": (">Alert<", ">Ack<"),
    "update-refers": (">Alert<", ">Update<"),
    "language-given": ("<language>ja</language>", ""),
    "japanese-given": (">ja<", ">ja-JP<"),
    "language-once": (">ja-x-easy<", ">ja<"),
    "language-true": (">en<", ">ko<"),
    "event-given": ("<event>避難指示</event>", ""),
    "event-short": ("<event>避難指示", "<event>" + "避" * 36),
    "headline-short": ("<headline>警戒レベル4", "<headline>" + "警" * 161),
    "headline-given": ("<headline>警戒レベル4、避難指示</headline>", ""),
    "senderName-given": ("<senderName>いわき市</senderName>", ""),
    "no-own-forecast": ("【理由】", "【理由】氾濫する確率は83%。"),
    "effective-form": ("<effective>2026-09-08T21:00:00+09:00", "<effective>now"),
    "onset-after": ("<effective>2026-09-08T21", "<effective>2026-09-08T22"),
    "expires-after": ("<onset>2026-09-08T21", "<onset>2026-09-08T23"),
    "not-expired": ("<expires>2026-09-08T23", "<expires>2026-09-08T20"),
    "calls-agree": ("<urgency>Immediate", "<urgency>Future"),
    "calls-fit-level": ("<severity>Severe", "<severity>Minor"),
    "levels-agree": ("<value>4</value>", "<value>3</value>"),
    "level-given": ("<valueName>警戒レベル<", "<valueName>レベル<"),
    "area-named": ("<areaDesc>平<", "<areaDesc><"),
    "polygon-given": (f"<polygon>{SQUARE}</polygon>", ""),
    "polygon-form": (SQUARE, "junk"),
    "polygon-points": (SQUARE, " ".join(SQUARE.split()[:3])),
    "polygon-closed": (SQUARE, " ".join(SQUARE.split()[:4])),
    "polygon-inside": ("37.00000,140.95000", "38.00000,140.95000"),
    "polygon-decimals": ("37.10000,140.85000", "37.1,140.85"),
    "polygon-area": (SQUARE, " ".join([SQUARE.split(maxsplit=1)[0]] * 5)),
    "polygon-simple": (
        SQUARE,
        " ".join(SQUARE.split()[n] for n in (0, 2, 1, 3, 0)),
    ),
    "geocode-given": ("<value>07204<", "<value>Iwaki<"),
}


def broken_rules(data: bytes, setting: Setting) -> set[str]:
    return {fault.split(":")[0] for fault in faults(data, setting)}


@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("kind", ["Alert", "Update", "Cancel"])
@pytest.mark.parametrize("level", sorted(ORDERS))
def test_every_golden_document_keeps_every_rule(notice, setting, level, kind, drill):
    assert faults(document(notice(level, kind, drill)), setting) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_finds_what_breaks_it(notice, setting, name):
    text = document(notice()).decode()
    sound, bad = BROKEN[name]
    assert sound in text
    assert name in broken_rules(text.replace(sound, bad, 1).encode(), setting)


def test_at_least_25_rules_are_broken_here():
    assert len(BROKEN) >= 25


def test_level_5_must_not_send_people_to_a_shelter(notice, setting):
    text = document(notice(Level.EMERGENCY)).decode()
    assert "level-5-stays" in broken_rules(
        text.replace("【行動】", "【行動】避難場所へ。", 1).encode(), setting
    )


def test_swapped_coordinates_are_named(notice, setting):
    swapped = " ".join(",".join(point.split(",")[::-1]) for point in SQUARE.split())
    text = document(notice()).decode().replace(SQUARE, swapped)
    assert any("swapped" in fault for fault in faults(text.encode(), setting))


def test_an_update_must_name_every_message_that_stands(notice, setting):
    other = Reference("kawamori@city.example.jp", "k-0", setting.now - timedelta(hours=2))
    standing = replace(setting, standing=(other,))
    assert "refers-to-all" in broken_rules(document(notice(kind="Update")), standing)


def test_a_message_must_not_refer_to_itself(notice, setting):
    itself = (Reference("kawamori@city.example.jp", "k-2", setting.now),)
    assert "not-its-own" in broken_rules(
        document(notice(kind="Update", references=itself)), setting
    )


def test_a_reference_of_another_form_is_named(notice, setting):
    text = document(notice(kind="Update")).decode().replace(",k-1,", ";k-1;")
    assert "reference-form" in broken_rules(text.encode(), setting)


def test_an_alert_must_not_refer_to_others(notice, setting):
    text = document(notice(kind="Update")).decode().replace(">Update<", ">Alert<")
    assert "alert-is-first" in broken_rules(text.encode(), setting)


def test_without_an_info_nothing_is_said(notice, setting):
    assert "info-given" in broken_rules(document(notice(told=())), setting)


def test_without_an_area_nobody_is_meant(notice, setting):
    assert "area-given" in broken_rules(document(notice(areas=())), setting)
