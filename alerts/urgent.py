"""緊急速報メール: a title of 15 characters, a body of 200, no link, the district first [1]_.

It reaches every phone of a municipality, so it says for which district it is.

.. [1] Area mail rules of the mobile carriers: title <= 15, body <= 200 full-width characters
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from advisory.types import Destination
from alerts.glossary import form_sentences, sentences
from alerts.wording import clean

TITLE_MAX, BODY_MAX = 15, 200
SHELTERS = 2
LANGUAGE = "ja"


def urgent_title(start: str, words: Mapping[str, str]) -> str:
    """Give the title: the order, and the district where it fits; `start` marks a drill."""
    said = form_sentences("urgent")
    full, short = (start + str(said[name]).format(**words) for name in ("title", "title_short"))
    return full if len(full) <= TITLE_MAX else short


def urgent_body(
    start: str,
    words: Mapping[str, str],
    *,
    level: int,
    shelters: Sequence[Destination],
    simulated: bool,
) -> str:
    """Give the fullest body that fits: names of shelters go first, then the river.

    Raises
    ------
    ValueError
        If even the shortest is too long: the city or district name is.
    """
    note = sentences(LANGUAGE)["note_short"] if simulated else ""
    for body in (text + note for text in _bodies(start, words, level, shelters)):
        if len(body) <= BODY_MAX:
            return body
    raise ValueError(
        f"an emergency mail must have <= {BODY_MAX} characters, got {len(body)} for "
        f"{words['district']}. Shorten the names of city and district."
    )


def _bodies(
    start: str, words: Mapping[str, str], level: int, shelters: Sequence[Destination]
) -> Iterator[str]:
    said = form_sentences("urgent")
    place = said[f"level_{level}"]
    names = [clean(one.name) for one in shelters[:SHELTERS]]
    for rivers in (words["rivers"], words["river_unnamed"]):
        filled = {**words, "rivers": rivers}
        for count in range(len(names), -1, -1):
            where = said["where"].format(shelters="、".join(names[:count])) if count else ""
            parts = (said["who"], place["why"], place["what"])
            text = "".join(part.format(**filled) for part in parts)
            yield f"{start}{text}{where}{said['others']}{words['issued']}"
