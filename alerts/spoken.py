"""A script for loudspeakers and radio: the same passages, without marks, said twice."""

from __future__ import annotations

import re

from alerts.glossary import sentences
from alerts.tale import Tale
from alerts.wording import clean

MARK = re.compile(r"^(?:【[^】]*】|\[[^\]]*\])\s*")


def spoken_text(tale: Tale, *, drill_note: str = "", simulated: bool = False) -> str:
    """Give the script: attention, level, who speaks, order, why, what, when, the nearest shelter.

    Parameters
    ----------
    tale
        Only its first shelter is said, because nobody remembers three names.
    simulated
        Whether something behind the text is simulated, assumed or a stand-in: then it says so.
    """
    said, passages = sentences(tale.language), tale.passages
    who = passages.who.split("\n")[-1]
    rest = (*passages.change, passages.why, passages.what, passages.when)
    lines = [
        *([drill_note] if drill_note else []),
        passages.call,
        tale.headline,
        tale.fill(said["here"]),
        tale.fill(who),
        *(tale.fill(MARK.sub("", passage)) for passage in rest),
    ]
    if passages.where is not None and tale.shelters:
        lines.append(f"{passages.where.strip('【】[]')}: {clean(tale.shelters[0].name)}")
    if simulated:
        lines.append(said["note_short"])
    return "\n".join([*lines, said["repeat"], *lines])
