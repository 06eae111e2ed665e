"""A script for loudspeakers and radio: the same passages, without marks, said twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from advisory.types import Destination
from alerts.glossary import sentences
from alerts.wording import clean

MARK = re.compile(r"^(?:【[^】]*】|\[[^\]]*\])\s*")


def spoken_text(
    words: Mapping[str, str],
    language: str,
    *,
    level: int,
    rising: bool,
    shelters: Sequence[Destination],
    drill_note: str = "",
    simulated: bool = False,
) -> str:
    """Give the script: attention, level, who speaks, order, why, what, when, the nearest shelter.

    Parameters
    ----------
    words
        Of `alerts.compose.words_of`.
    shelters
        Nearest first; only the first is said, because nobody remembers three names.
    simulated
        Whether something behind the text is simulated, assumed or a stand-in: then it says so.
    """
    said = sentences(language)
    place = said[f"level_{level}"]
    who = place["who"].format(**words).split("\n")[-1]
    passages = [place["why_rising" if rising else "why"], place["what"], place["when"]]
    lines = [
        *([drill_note] if drill_note else []),
        said["call"],
        place["headline"].format(**words),
        said["here"].format(**words),
        who,
        *(MARK.sub("", passage).format(**words) for passage in passages),
    ]
    if shelters:
        lines.append(f"{place['where'].strip('【】[]')}: {clean(shelters[0].name)}")
    if simulated:
        lines.append(said["note_short"])
    return "\n".join([*lines, said["repeat"], *lines])
