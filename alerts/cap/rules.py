"""Rules that the CAP schema does not know, held against a document before it is published.

Each rule has a name, so that a fault can be counted and a test can break it alone. They are our
own reading of the standard and of what went wrong elsewhere; the schema is checked besides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from lxml import etree

from advisory.types import Level
from alerts.cap.notice import LIFTED, RESPONSES, Reference
from alerts.cap.polygons import polygon_faults
from alerts.cap.reading import children, read_document, text_of
from alerts.cap.tongues import wrong_tongue

OLDEST, AHEAD = timedelta(minutes=10), timedelta(minutes=1)
EVENT_MAX, HEADLINE_MAX = 35, 160
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
FORBIDDEN = re.compile(r"[\s,<&]")
OFFICIAL_ONLY = ("予測水位", "到達確率", "確率")  # words of our own forecasts: staff only
SHELTERS = ("避難場所", "避難所へ", "にげる 場所")

Bounds = tuple[float, float, float, float]  # west, south, east, north
Fault = tuple[str, str]  # name of the rule, what is wrong


@dataclass(frozen=True)
class Setting:
    """What a document is held against; `standing` are the messages not yet expired."""

    now: datetime
    bounds: Bounds
    standing: tuple[Reference, ...] = ()


Rule = Callable[[etree._Element, Setting], Iterator[Fault]]


def faults(data: bytes, setting: Setting) -> list[str]:
    """Give every broken rule as "name: what is wrong"; an empty list = fit to publish.

    Raises
    ------
    ValueError
        If it is no CAP document at all.
    """
    root = read_document(data)
    return [f"{name}: {text}" for rule in RULES for name, text in rule(root, setting)]


def _names(root: etree._Element, _setting: Setting) -> Iterator[Fault]:
    for name in ("identifier", "sender"):
        value = text_of(root, name)
        if not value:
            yield f"{name}-given", f"{name} is missing"
        elif FORBIDDEN.search(value):
            yield f"{name}-plain", f"{name} must have no space, comma, < or &, got {value!r}"


def _sent(root: etree._Element, setting: Setting) -> Iterator[Fault]:
    sent = moment(text_of(root, "sent"))
    if sent is None:
        yield "sent-form", f"sent must be a time with a numeric offset, got {text_of(root, 'sent')}"
    elif sent > setting.now + AHEAD:
        yield "sent-not-ahead", f"sent lies in the future: {sent.isoformat()}"
    elif sent < setting.now - OLDEST:
        yield "sent-fresh", f"sent is older than {OLDEST}: {sent.isoformat()}"


def _status(root: etree._Element, _setting: Setting) -> Iterator[Fault]:
    status, exercise = text_of(root, "status"), text_of(root, "status") == "Exercise"
    if status not in ("Actual", "Exercise"):
        yield "status-known", f"status must be Actual or Exercise, got {status!r}"
    if text_of(root, "scope") != "Public":
        yield "scope-public", f"scope must be Public, got {text_of(root, 'scope')!r}"
    if exercise and not text_of(root, "note"):
        yield "exercise-noted", "an exercise must say so in note"
    for info in children(root, "info"):
        if exercise is not text_of(info, "headline").startswith("【訓練"):
            yield "exercise-marked", f"status is {status}, headline {text_of(info, 'headline')!r}"


def _references(root: etree._Element, setting: Setting) -> Iterator[Fault]:
    kind, told = text_of(root, "msgType"), text_of(root, "references").split()
    if kind not in ("Alert", "Update", "Cancel"):
        yield "kind-known", f"msgType must be Alert, Update or Cancel, got {kind!r}"
    if kind == "Alert" and told:
        yield "alert-is-first", "an Alert must have no references; an Update has them"
    if kind in ("Update", "Cancel") and not told:
        yield "update-refers", f"an {kind} must refer to what it replaces"
    strange = [one for one in told if len(one.split(",")) != 3 or not moment(one.split(",")[-1])]
    if strange:
        yield "reference-form", f"references must be sender,identifier,sent, got {strange}"
    known = {tuple(one.split(",")[:2]) for one in told}
    left = [each for each in setting.standing if (each.sender, each.identifier) not in known]
    if kind in ("Update", "Cancel") and left:
        yield "refers-to-all", f"unexpired messages are left standing: {left}"
    if tuple([text_of(root, "sender"), text_of(root, "identifier")]) in known:
        yield "not-its-own", "a message must not refer to itself"


def _languages(root: etree._Element, _setting: Setting) -> Iterator[Fault]:
    infos = children(root, "info")
    if not infos:
        yield "info-given", "at least one info is needed"
    languages = [text_of(info, "language") for info in infos]
    if not all(languages):
        yield "language-given", "every info must name its language"
    if infos and "ja" not in languages:
        yield "japanese-given", f"one info must be in ja, got {languages}"
    twice = sorted(name for name, count in Counter(languages).items() if count > 1)
    if twice:
        yield "language-once", f"one info per language, got {twice} more than once"
    for info, language in zip(infos, languages, strict=True):
        said = " ".join(text_of(info, name) for name in ("description", "instruction"))
        if language and (why := wrong_tongue(said, language)):
            yield "language-true", f"info of {language}: {why}"


def _texts(root: etree._Element, _setting: Setting) -> Iterator[Fault]:
    for info in children(root, "info"):
        language = text_of(info, "language")
        for name in ("event", "headline", "description", "instruction", "senderName"):
            if not text_of(info, name):
                yield f"{name}-given", f"info of {language} must have {name}"
        for name, most in (("event", EVENT_MAX), ("headline", HEADLINE_MAX)):
            if len(text_of(info, name)) > most:
                yield f"{name}-short", f"{name} of {language} must have <= {most} characters"
        said = "".join(text_of(info, name) for name in ("headline", "description", "instruction"))
        if words := [word for word in OFFICIAL_ONLY if word in said]:
            yield "no-own-forecast", f"info of {language} must not say {words}"
        if any(ord(character) < 32 and character not in "\n\t" for character in said):
            yield "no-control", f"info of {language} has control characters"
        if _level(info) == Level.EMERGENCY and any(word in said for word in SHELTERS):
            yield "level-5-stays", f"info of {language} sends people to a shelter at level 5"


def _times(root: etree._Element, setting: Setting) -> Iterator[Fault]:
    for info in children(root, "info"):
        language = text_of(info, "language")
        times = {name: moment(text_of(info, name)) for name in ("effective", "onset", "expires")}
        for name, value in times.items():
            if value is None:
                yield f"{name}-form", f"{name} of {language} must be a time with a numeric offset"
        effective, onset, expires = times.values()
        if effective and onset and effective > onset:
            yield "onset-after", f"info of {language}: effective is after onset"
        if onset and expires and onset >= expires:
            yield "expires-after", f"info of {language}: onset is not before expires"
        if expires and expires <= setting.now:
            yield "not-expired", f"info of {language} has expired"


def _calls(root: etree._Element, _setting: Setting) -> Iterator[Fault]:
    names = ("responseType", "urgency", "severity", "certainty")
    infos = children(root, "info")
    called = [tuple(text_of(info, name) for name in names) for info in infos]
    if len(set(called)) > 1:
        yield "calls-agree", f"every language must call for the same, got {sorted(set(called))}"
    if len({_level(info) for info in infos}) > 1:
        yield "levels-agree", "every language must have the same 警戒レベル"
    for info, call in zip(infos, called, strict=True):
        level = _level(info)
        if level not in RESPONSES:
            yield "level-given", f"info of {text_of(info, 'language')} must have 警戒レベル 3 to 5"
            continue
        kind = text_of(root, "msgType")
        meant = LIFTED if kind == "Cancel" else RESPONSES[level]
        may = [astuple(meant), *([("Shelter", *astuple(meant)[1:])] if kind != "Cancel" else [])]
        if call not in may:
            yield "calls-fit-level", f"level {int(level)} calls for {may[0]}, got {call}"


def _areas(root: etree._Element, setting: Setting) -> Iterator[Fault]:
    for info in children(root, "info"):
        areas = children(info, "area")
        if not areas:
            yield "area-given", f"info of {text_of(info, 'language')} must have an area"
        for area in areas:
            name = text_of(area, "areaDesc")
            if not name:
                yield "area-named", "every area must have areaDesc"
            polygons = [each.text or "" for each in children(area, "polygon")]
            if not polygons:
                yield "polygon-given", f"area {name} must have a polygon"
            for polygon in polygons:
                yield from polygon_faults(polygon, setting.bounds)
            codes = [text_of(each, "value") for each in children(area, "geocode")]
            if not any(re.fullmatch(r"\d{5,7}", code) for code in codes):
                yield "geocode-given", f"area {name} must have a municipal code, got {codes}"


def moment(text: str) -> datetime | None:
    """Give a time with a numeric offset, None if it is not one."""
    if not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _level(info: etree._Element) -> Level | None:
    values = [
        text_of(each, "value")
        for each in children(info, "parameter")
        if text_of(each, "valueName") == "警戒レベル"
    ]
    return Level(int(values[0])) if len(values) == 1 and values[0] in "345" else None


RULES: Sequence[Rule] = (
    _names, _sent, _status, _references, _languages, _texts, _times, _calls, _areas
)  # fmt: skip
