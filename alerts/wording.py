"""Names and times as people in Japan read them."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import datetime, timedelta, timezone

from alerts.glossary import sentences

JST = timezone(timedelta(hours=9), "JST")
PLACE_ENDINGS = ("地区", "町", "村", "丁目", "区")
STAND_INS = (
    "模擬",
    "模式",
    "仮定",
    "架空",
    "推定",
    "不明",
)  # words that mark what is not the real thing
CONTROLS = {"Cc", "Cf", "Zl", "Zp"}  # line breaks, direction marks: categories of Unicode


def clean(text: str) -> str:
    """Give the text on one line: a name from data must not break out of its place."""
    spaced = "".join(" " if unicodedata.category(c) in CONTROLS else c for c in text)
    return " ".join(spaced.split())


def jst(moment: datetime, *, day: bool = False, language: str = "ja") -> str:
    """Give a time of day in Japan as the language writes it, `day` with the date."""
    local = moment.astimezone(JST)
    form: str = sentences(language)["day" if day else "time"]
    return form.format(
        year=local.year,
        month=local.month,
        day=local.day,
        hour=local.hour,
        minute=f"{local.minute:02d}",
    )


def district_name(name: str, language: str = "ja") -> str:
    """Give the name people use: 平 becomes 平地区, 川上町 stays."""
    name = clean(name)
    known = name.endswith(PLACE_ENDINGS) or "地区" in name
    return name if known else str(sentences(language)["district"].format(name=name))


def metres(level_m: float) -> str:
    """Give a level to the centimetre, rounded down: no limit reads as reached that was not."""
    return f"{math.floor(level_m * 100 + 1e-6) / 100:.2f}m"


def brief(note: str) -> str:
    """Give what a note says is simulated, assumed or a stand-in, without the details behind ':'.

    A note whose head does not say it by itself stays whole.
    """
    head = re.split("[:：]", clean(note), maxsplit=1)[0].strip()
    said = any(word in head for word in STAND_INS) and head not in STAND_INS
    return head if said else clean(note)
