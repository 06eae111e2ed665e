"""The time that the mayor names for being out: typed in Japanese time, held against the orders.

It must lie ahead and within the validity of every order whose text says it; level 5 names none.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from advisory.types import Advice, Level
from kawamori.console.errors import RefusedError
from kawamori.words import JST, clock

LONGEST = 40  # characters of a typed time


def read_deadline(text: str, name: str = "finish_by") -> datetime | None:
    """Give a time typed as 2026-07-01T02:30 in Japanese time; None where nothing was typed.

    Raises
    ------
    RefusedError
        If it is no such time.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed[:LONGEST])
        local = moment.replace(tzinfo=JST) if moment.tzinfo is None else moment
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RefusedError(
            f"{name} must be a time in Japan such as 2026-07-01T02:30, got {typed[:LONGEST]!r}"
        ) from error


def typed_deadline(moment: datetime | None) -> str:
    """Give a time as a form field holds it; "" = none is named."""
    return "" if moment is None else f"{moment.astimezone(JST):%Y-%m-%dT%H:%M}"


def deadline_of(advice: Advice, finish_by: datetime | None) -> datetime | None:
    """Give the time that the texts of an order name: at level 5 there is none left to name."""
    return None if advice.level == Level.EMERGENCY else finish_by


def check_deadline(finish_by: datetime | None, *, now: datetime) -> None:
    """Refuse a time that has passed.

    Raises
    ------
    RefusedError
        Naming it and the time now.
    """
    if finish_by is not None and finish_by <= now:
        raise RefusedError(f"finish_by must lie after {clock(now)}, got {clock(finish_by)}.")


def fits(advice: Advice, finish_by: datetime | None) -> bool:
    """Tell whether a time lies within the validity of an order."""
    named = deadline_of(advice, finish_by)
    return named is None or named <= advice.valid_until
