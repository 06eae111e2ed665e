"""What an officer may change in a drafted text: words, not facts. Each fault is a half sentence.

A draft carries measured levels and official warnings only. An edit may drop them, never add a
figure or a forecast: own forecasts are for staff [1]_, and only the JMA names warnings [2]_.

.. [1] 気象業務法 第17条 (a forecast for the public needs a licence)
.. [2] 気象業務法 第23条 (only the JMA issues 警報)
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from advisory.types import Advice
from alerts.objections import message_faults
from alerts.types import Message

EDITS = UUID("3b7e0c52-7d0f-5c57-8a43-1f0f6f0a7d21")  # name space of our own
LONGEST = {"line": 5000, "urgent": 200}
UNITS = r"(?:m|cm|mm|メートル|センチ|ミリ|%|パーセント|割|倍|トン|m3/s|metres?|meters?|percent)"
FIGURE = re.compile(rf"[0-9〇一二三四五六七八九十百]+(?:[.,][0-9]+)?\s*{UNITS}", re.IGNORECASE)
FORECAST = re.compile(
    r"予測|予想|見込|見通し|確率|おそらく|でしょう|forecast|predict|probab|likely|expected",
    re.IGNORECASE,
)
WARNING = re.compile(r"[一-鿿ァ-ヶー]*(?:警報|注意報|特別警報)")


def edit_faults(draft: Message, edited: Message, advice: Advice, *, drill: bool) -> list[str]:
    """Give everything that forbids sending an edited text instead of the drafted one."""
    return [*message_faults(advice, [edited], drill=drill), *_new_facts(draft, edited, advice)]


def rewritten(draft: Message, subject: str, text: str) -> Message:
    """Give the draft with another subject and text, under an id of its own.

    Raises
    ------
    ValueError
        If this form has no text that can be written anew (`editable_text` gives None).
    """
    body = _with_text(draft, text.replace("\r\n", "\n").strip())
    fresh = replace(draft, subject=subject.strip(), body=body)
    return replace(fresh, message_id=str(uuid5(EDITS, f"{draft.message_id}/{fresh.sha256}")))


def editable_text(message: Message) -> str | None:
    """Give the text a person reads; None where the form holds more than one text."""
    if message.form != "line":
        return message.body.decode()
    objects = json.loads(message.body)
    if len(objects) == 1 and objects[0].get("type") == "text":
        return str(objects[0]["text"])
    return None


def read_words(message: Message) -> str:
    """Give what a person sees of a message: of a LINE card its parts, line by line."""
    told = editable_text(message)
    return "\n".join(_parts(json.loads(message.body))) if told is None else told


def _parts(node: Any) -> Iterator[str]:
    """Give the texts of a LINE message object in the order they stand, buttons with their link."""
    if isinstance(node, list):
        for each in node:
            yield from _parts(each)
    elif isinstance(node, dict):
        spans = node.get("contents", [])
        if node.get("type") == "text" and isinstance(spans, list) and spans:
            yield "".join(str(span.get("text", "")) for span in spans)
        elif node.get("type") == "text":
            yield str(node.get("text", ""))
        elif {"label", "uri"} <= node.keys():
            yield f"[{node['label']}] {node['uri']}"
        else:
            yield from _parts(list(node.values()))


def _with_text(draft: Message, text: str) -> bytes:
    if draft.form != "line":
        return text.encode()
    if editable_text(draft) is None:
        raise ValueError("a LINE card has parts; withdraw it and compute the run again instead.")
    told = [{**json.loads(draft.body)[0], "text": text}]
    return json.dumps(told, ensure_ascii=False).encode()


def _new_facts(draft: Message, edited: Message, advice: Advice) -> Iterator[str]:
    before, after = (_plain(one) for one in (draft, edited))
    for what, pattern in {"figure": FIGURE, "forecast": FORECAST, "warning": WARNING}.items():
        added = sorted(set(pattern.findall(after)) - set(pattern.findall(before)))
        if added:
            yield f"an edit must not add a {what}, got {added}"
    if advice.name in before and advice.name not in after:
        yield f"the text must name its district, {advice.name} is missing"
    hidden = {f"U+{ord(sign):04X}" for sign in after if _hidden(sign)}
    if hidden:
        yield f"the text must have no invisible signs, got {sorted(hidden)}"
    longest = LONGEST.get(edited.form)
    if longest is not None and len(editable_text(edited) or "") > longest:
        yield f"a text of the form {edited.form} may have {longest} characters"


def _plain(message: Message) -> str:
    told = editable_text(message)
    words = message.body.decode() if told is None else told
    return unicodedata.normalize("NFKC", f"{message.subject}\n{words}")


def _hidden(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs"} and sign != "\n"
