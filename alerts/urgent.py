"""緊急速報メール: a title of 15 characters, a body of 200, no link, the district first [1]_.

It reaches every phone of a municipality, so it says for which district it is.

.. [1] Area mail rules of the mobile carriers: title <= 15, body <= 200 full-width characters
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from advisory.types import Level
from alerts.glossary import form_sentences, sentences
from alerts.occasions import danger_grade
from alerts.tale import Tale
from alerts.wording import clean

TITLE_MAX, BODY_MAX = 15, 200
SHELTERS = 2
LANGUAGE = "ja"


def urgent_title(start: str, tale: Tale) -> str:
    """Give the title: the order, and the district where it fits; `start` marks a drill."""
    said = form_sentences("urgent").get(tale.occasion.kind, {})
    forms = {**form_sentences("urgent"), **said} if tale.occasion.ends else form_sentences("urgent")
    full, short = (start + tale.fill(str(forms[name])) for name in ("title", "title_short"))
    return full if len(full) <= TITLE_MAX else short


def urgent_body(start: str, tale: Tale, *, simulated: bool) -> str:
    """Give the fullest body that fits: names of shelters go first, then the river.

    Raises
    ------
    ValueError
        If even the shortest is too long: the city or district name is.
    """
    note = sentences(LANGUAGE)["note_short"] if simulated else ""
    for body in (text + note for text in _bodies(start, tale)):
        if len(body) <= BODY_MAX:
            return body
    raise ValueError(
        f"an emergency mail must have <= {BODY_MAX} characters, got {len(body)} for "
        f"{tale.words['district']}. Shorten the names of city and district."
    )


def _bodies(start: str, tale: Tale) -> Iterator[str]:
    said = form_sentences("urgent")
    parts = _ending(said, tale) if tale.occasion.ends else _order(said, tale)
    names = [] if tale.passages.where is None else [clean(one.name) for one in tale.shelters]
    for rivers in (tale.words["rivers"], tale.words["river_unnamed"]):
        filled = {**tale.words, "rivers": rivers}
        for count in range(min(len(names), SHELTERS), -1, -1):
            where = said["where"].format(shelters="、".join(names[:count])) if count else ""
            text = "".join(part.format(**filled) for part in parts)
            yield f"{start}{text}{where}{said['others']}{tale.words['issued']}"


def _ending(said: dict[str, Any], tale: Tale) -> Sequence[str]:
    own = said[tale.occasion.kind]
    return own["who"], own["why"], own["what"]


def _order(said: dict[str, Any], tale: Tale) -> Sequence[str]:
    level, occasion = int(tale.advice.level), tale.occasion
    grade = danger_grade(tale.advice.level, occasion)
    place, update, danger = said[f"level_{level}"], said["update"], said.get(tale.hazard, {})
    kinds = [f"changed_{one}" for one in occasion.changed] or [occasion.kind]
    what = danger.get(f"what_{level}", place["what"])
    deadline = "finish_by" in tale.words and level < Level.EMERGENCY
    return (
        said["who"],
        *(update[kind] for kind in kinds if kind in update),
        danger.get(f"why_{grade}", said[f"level_{grade}"]["why"]),
        update["stay"] if occasion.after_water else what,
        *([update["finish_by"]] if deadline else []),
    )
