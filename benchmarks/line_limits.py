"""What LINE's reference limits beside its OpenAPI file [1]_: lengths, addresses, colours, users.

.. [1] Messaging API reference, https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

BODY_MAX = 2 * 1024 * 1024  # bytes
USERS_MAX, MESSAGES_MAX = 500, 5
TEXT_MAX, ALT_TEXT_MAX = 5_000, 1_500  # UTF-16 units
BUBBLE_MAX = 30 * 1024  # bytes
LABEL_MAX, URI_MAX, IMAGE_URL_MAX = 20, 1_000, 2_000
USER = re.compile(r"U[0-9a-f]{32}")
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?")
LENGTH = re.compile(
    r"\d+px|none|xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|full|\d+%|light|normal|semi-bold|bold"
)
KINDS = (
    "text", "textV2", "sticker", "image", "video", "audio", "location", "imagemap", "template",
    "flex", "coupon",
)  # fmt: skip
COLOURS = ("color", "backgroundColor", "borderColor", "separatorColor")
LENGTHS = ("size", "margin", "spacing", "width", "height", "borderWidth", "cornerRadius")
LINKS = ("http://", "https://", "line://", "tel:")


def users_fault(users: Any) -> str:
    """Name what is wrong with the users of a multicast, '' if nothing."""
    if not isinstance(users, list) or not 1 <= len(users) <= USERS_MAX:
        return f"to: must be 1 to {USERS_MAX} user ids"
    if len(set(map(str, users))) != len(users):
        return "to: must be different user ids"
    bad = next((user for user in users if not USER.fullmatch(str(user))), None)
    # the real service repeats what it was given, too
    return "" if bad is None else f"to: invalid user id {bad}"


def messages_fault(messages: Any) -> str:
    """Name what is wrong with message objects, '' if nothing."""
    if not isinstance(messages, list) or not 1 <= len(messages) <= MESSAGES_MAX:
        return f"messages: must be 1 to {MESSAGES_MAX}"
    for number, item in enumerate(messages):
        if not isinstance(item, dict):
            return f"messages[{number}]: must be an object"
        found = next(_message_faults(item), None)
        if found is not None:
            return f"messages[{number}]: {found}"
    return ""


def _message_faults(item: dict[str, Any]) -> Iterator[str]:
    if item.get("type") not in KINDS:
        yield f"type must be one of {list(KINDS)}"
    if item.get("type") == "text" and not 1 <= _units(item.get("text")) <= TEXT_MAX:
        yield f"text must have 1 to {TEXT_MAX} characters"
    if item.get("type") == "flex":
        if not 1 <= _units(item.get("altText")) <= ALT_TEXT_MAX:
            yield f"altText must have 1 to {ALT_TEXT_MAX} characters"
        if len(json.dumps(item.get("contents"), ensure_ascii=False).encode()) > BUBBLE_MAX:
            yield f"contents must have <= {BUBBLE_MAX} bytes"
        yield from _part_faults(item.get("contents"))


def _part_faults(part: Any) -> Iterator[str]:
    """Walk through a bubble and name what its reference does not allow."""
    if isinstance(part, list):
        for each in part:
            yield from _part_faults(each)
    if isinstance(part, dict):
        yield from (fault for check in CHECKS for fault in check(part))
        for each in part.values():
            yield from _part_faults(each)


def _text_faults(part: dict[str, Any]) -> Iterator[str]:
    kind = part.get("type")
    if kind == "text" and bool(part.get("text")) == bool(part.get("contents")):
        yield "a text must have text or spans"
    if kind == "span" and not part.get("text"):
        yield "a span must have text"


def _image_faults(part: dict[str, Any]) -> Iterator[str]:
    if part.get("type") == "image" and not _https(part.get("url")):
        yield f"url must be https and have <= {IMAGE_URL_MAX} characters"


def _look_faults(part: dict[str, Any]) -> Iterator[str]:
    if part.get("type") == "bubble":
        return  # its size is a word of its own, which the file lists
    for names, form in ((COLOURS, COLOUR), (LENGTHS, LENGTH)):
        for name in names:
            value = part.get(name)
            if isinstance(value, str) and not form.fullmatch(value):
                yield f"{name} is not one LINE knows"


def _link_faults(action: dict[str, Any]) -> Iterator[str]:
    if action.get("type") != "uri":
        return
    uri = action.get("uri")
    if not isinstance(uri, str) or not uri.startswith(LINKS) or len(uri) > URI_MAX:
        yield f"uri must be a link of <= {URI_MAX} characters"
    if not 1 <= _units(action.get("label")) <= LABEL_MAX:
        yield f"label must have 1 to {LABEL_MAX} characters"


def _https(url: Any) -> bool:
    return isinstance(url, str) and url.startswith("https://") and len(url) <= IMAGE_URL_MAX


def _units(text: Any) -> int:
    """Give the length as LINE counts it; 0 for what is no text."""
    return len(text.encode("utf-16-le")) // 2 if isinstance(text, str) else 0


CHECKS = (_text_faults, _image_faults, _look_faults, _link_faults)
