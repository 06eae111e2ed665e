"""The words of `kawamori.words` in English: the same names, for a reader who chose English.

Official terms are those of the glossary of messages, with the Japanese term beside.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from advisory.types import Level
from alerts.glossary import term
from kawamori import words
from kawamori.words import JST, THRESHOLD_LEVELS, number

__all__ = ["THRESHOLD_LEVELS", "number"]

UNKNOWN_WORD = "unknown"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SEPARATOR = ", "
IDENTIFIER = re.compile(r"\(([a-z_]+)\)")  # ends each reason of shelters/safety.py

LEVEL_WORDS = {
    Level.UNKNOWN: UNKNOWN_WORD,
    Level.NONE: "nothing issued",
    Level.EARLY: "early attention",
    Level.CAUTION: "check your plan",
    **{
        level: term(f"order_{int(level)}", "en")
        for level in (Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY)
    },
}
THRESHOLD_WORDS = {name: term(f"threshold_{name}", "en") for name in THRESHOLD_LEVELS}
THRESHOLD_SHORT = {
    name: f"level {int(level)} mark" for name, level in THRESHOLD_LEVELS.items()
}  # on charts and chips, where there is no room for more
FORM_WORDS = {
    "line": "LINE",
    "mail": "mail",
    "plain": "text alone",
    "spoken": "broadcast",
    "urgent": "emergency mail",
    "cap": "CAP",
    "staff": "for staff",
}
MODE_WORDS = {"walk": "on foot", "car": "by car"}


def stamp(moment: datetime | None) -> str:
    """Give date, weekday and time in JST."""
    if moment is None:
        return UNKNOWN_WORD
    local = moment.astimezone(JST)
    day = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day} {local:%H:%M}"


def clock(moment: datetime | None) -> str:
    """Give day and time in JST, short."""
    return UNKNOWN_WORD if moment is None else words.clock(moment)


def metres(level_m: float | None, *, signed: bool = False) -> str:
    """Give a level or a rise to the centimetre, without its unit."""
    if level_m is None or math.isnan(level_m):
        return UNKNOWN_WORD
    return words.metres(level_m, signed=signed)


def duration(minutes: float | None) -> str:
    """Give a span of time; inf is beyond the forecast, None and NaN are unknown."""
    if minutes is None or math.isnan(minutes):
        return UNKNOWN_WORD
    if math.isinf(minutes):
        return "not within the forecast"
    days, rest = divmod(round(abs(minutes)), 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    parts.append(f"{left} min" if left or not (days or hours) else "")
    return " ".join(part for part in parts if part)


def ago(minutes: float) -> str:
    """Give how long ago something was."""
    return f"{duration(minutes)} ago"


def countdown(moment: datetime | None, seen: datetime) -> str:
    """Give how far a deadline lies ahead; a past one says so."""
    if moment is None:
        return ""
    minutes = (moment - seen).total_seconds() / 60
    if minutes <= 0:
        return "at once" if minutes == 0 else f"at once ({duration(minutes)} past the deadline)"
    return f"in {duration(minutes)}"


def percent(probability: float | None) -> str:
    """Give a probability in per cent; the ends say that they are not certain."""
    if probability is None or math.isnan(probability):
        return UNKNOWN_WORD
    if probability > 0.99:
        return "over 99 %"
    return "under 1 %" if probability < 0.01 else f"{probability * 100:.0f} %"


def people(count: int | None, partial: bool = False) -> str:
    """Give a head count; `partial` reads "at least so many"; None and "at least 0" are unknown."""
    if count is None or (partial and not count):
        return UNKNOWN_WORD
    return f"{count:,}{' or more' if partial else ''}"


def shelter_reason(text: str) -> str:
    """Give why a shelter is not usable by the identifiers that stand in the Japanese text."""
    found = [name.replace("_", " ") for name in IDENTIFIER.findall(text)]
    return ", ".join(found) or "the reason is in Japanese only"
