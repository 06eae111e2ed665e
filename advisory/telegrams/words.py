"""Text, numbers and times out of elements; what is not readable becomes None, never 0."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from unicodedata import normalize
from xml.etree.ElementTree import Element

YEARS = range(1950, 2200)  # others are a slip, and leave no room to count on from
_SPAN = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?")


def plain(text: str | None) -> str:
    """Give text with half-width letters, digits and brackets, without blanks around it."""
    return normalize("NFKC", text or "").strip()


def text_of(element: Element | None, path: str) -> str:
    """Give the plain text at a path; empty where there is none."""
    found = None if element is None else element.find(path)
    return "" if found is None else plain(found.text)


def prose_of(element: Element | None, path: str) -> str:
    """Give the text at a path as it was written."""
    found = None if element is None else element.find(path)
    return "" if found is None else (found.text or "").strip()


def number(element: Element) -> float | None:
    """Give the finite number in an element, None where there is none."""
    try:
        value = float(plain(element.text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def moment(text: str) -> datetime | None:
    """Give an ISO time with zone in UTC; None if it is not one, or of no year of telegrams."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or found.year not in YEARS:
        return None
    return found.astimezone(UTC)


def span(text: str) -> timedelta | None:
    """Give an ISO 8601 duration of days, hours and minutes; None if it is not one."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    found = timedelta(days=days, hours=hours, minutes=minutes)
    return found if found > timedelta() else None


def type_of(element: Element) -> str:
    """Give the attribute `type` in plain text."""
    return plain(element.get("type"))
