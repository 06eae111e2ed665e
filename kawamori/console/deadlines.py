"""The time that the mayor names for being out, held against the orders.

It must lie ahead and within the validity of every order whose text says it; level 5 names none.
"""

from __future__ import annotations

from datetime import datetime

from advisory.types import Advice, Level
from kawamori.console.errors import RefusedError
from kawamori.words import clock


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
