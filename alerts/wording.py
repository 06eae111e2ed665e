"""Names and times as people in Japan read them."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
PLACE_ENDINGS = ("地区", "町", "村", "丁目", "区")
CONTROLS = {"Cc", "Cf", "Zl", "Zp"}  # line breaks, direction marks: categories of Unicode


def clean(text: str) -> str:
    """Give the text on one line: a name from data must not break out of its place."""
    spaced = "".join(" " if unicodedata.category(c) in CONTROLS else c for c in text)
    return " ".join(spaced.split())


def jst(moment: datetime, *, day: bool = False) -> str:
    """Give a time of day in Japan, `day` with the date in front."""
    local = moment.astimezone(JST)
    clock = f"{local.hour}時{local.minute:02d}分"
    return f"{local.year}年{local.month}月{local.day}日{clock}" if day else clock


def district_name(name: str) -> str:
    """Give the name people use: 平 becomes 平地区, 川上町 stays."""
    name = clean(name)
    return name if name.endswith(PLACE_ENDINGS) else f"{name}地区"
