"""What the LINE double accepts: every body we compose, and none of hundreds that we break."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from alerts.compose import compose
from alerts.glossary import languages
from benchmarks.line_limits import messages_fault, users_fault

sys.path.insert(0, str(Path(__file__).parents[1]))
from goldens import CASES, advice, facts, message

sys.path.pop(0)

pytestmark = pytest.mark.real_data
USERS = ["U" + "0" * 32]
WRONG = {str: 7, bool: "yes", int: "seven", list: {}, dict: []}  # another JSON type


def body(messages: Any) -> dict[str, Any]:
    return {"to": USERS, "messages": messages}


def fault(contract, request: Any) -> str:
    """Judge as the double does: users, documented limits, then the official file."""
    if not isinstance(request, dict):
        return "body"
    return (
        users_fault(request.get("to"))
        or messages_fault(request.get("messages"))
        or contract.fault("MulticastRequest", request)
    )


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    """Give a body with every part that we compose: level 4, picture, button, rule."""
    case = next(case for case in CASES if case.level == 4)
    links = {"map_url": "https://city.example/m", "picture_url": "https://city.example/p.png"}
    written = compose(advice(case), form="line", **{**facts(case), **links})
    return body(json.loads(written.body))


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every value of a body."""
    yield at
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inner:
            yield from paths(each, (*at, key))


def changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Give a copy with one value replaced."""
    copy = deepcopy(whole)
    if not path:
        return value
    part = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copy


def at(whole: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        whole = whole[key]
    return whole


def mutants(whole: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give bodies with one fault each: another type, an unknown kind or property, a lost need."""
    for path in paths(whole):
        value, name = at(whole, path), ".".join(map(str, path))
        yield f"{name} of another type", changed(whole, path, WRONG[type(value)])
        if isinstance(value, dict):
            yield f"{name} with an unknown property", changed(whole, path, {**value, "x": 1})
            if "type" in value or not path:  # an empty style says nothing, which is fine
                yield f"{name} without anything", changed(whole, path, {})
            for key in ("type", "altText", "contents", "action", "url", "to", "messages"):
                if key in value and not (value.get("type") == "text" and key == "contents"):
                    rest = {each: kept for each, kept in value.items() if each != key}
                    yield f"{name} without {key}", changed(whole, path, rest)
        if path and path[-1] in {"type", "layout", "gravity", "align", "weight", "style"}:
            yield f"{name} of an unknown kind", changed(whole, path, "nonsense")
        if path and path[-1] in {"color", "backgroundColor", "size", "margin", "uri", "url"}:
            yield f"{name} that is none", changed(whole, path, "nonsense")


def test_every_body_we_compose_is_accepted(line_contract):
    refused = [
        (case.name, language, found)
        for case in CASES
        for language in languages()
        if (found := fault(line_contract, body(json.loads(message(case, "line", language).body))))
    ]
    assert refused == []


def test_a_body_with_picture_and_button_is_accepted(line_contract, full):
    assert fault(line_contract, full) == ""
    kinds = {
        each["type"]
        for path in paths(full)
        if isinstance(each := at(full, path), dict) and "type" in each
    }
    assert kinds == {"flex", "bubble", "box", "text", "span", "separator", "image", "button", "uri"}


def test_hundreds_of_broken_bodies_are_all_refused(line_contract, full):
    broken = dict(mutants(full))
    assert len(broken) >= 200
    assert [name for name, one in broken.items() if not fault(line_contract, one)] == []


def test_the_file_alone_with_closed_choices_refuses_what_a_plain_validator_takes(line_contract):
    text = {"type": "text", "text": "a"}
    bad = [
        [{"type": "text"}],
        [{"type": "nonsense", "text": "a"}],
        [{**text, "altText": "of another branch"}],
        [{**text, "x": 1}],
        [{"type": "flex", "altText": "a", "contents": {"type": "box"}}],
        [{"type": "flex", "altText": "a", "contents": {"type": "bubble", "body": text}}],
        [],
        [text] * 6,
    ]
    assert [line_contract.fault("MulticastRequest", body(each)) != "" for each in bad] == [True] * 8
    assert line_contract.fault("MulticastRequest", body([text])) == ""


def test_every_base_of_the_official_file_is_closed(line_contract):
    choices = line_contract.choices()
    assert len(choices) >= 20
    unknown = [name for name in choices if not line_contract.fault(name, {"type": "no such"})]
    assert unknown == []


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"type": "text", "text": "a" * 5001}], "1 to 5000"),
        ([{"type": "text", "text": "𠮷" * 2501}], "1 to 5000"),  # LINE counts UTF-16: 5,002
        ([{"type": "flex", "altText": "a" * 1501, "contents": {}}], "1 to 1500"),
        ("no list", "1 to 5"),
        ([7], "an object"),
    ],
)
def test_documented_limits_are_kept_beside_the_file(messages, said):
    assert said in messages_fault(messages)
