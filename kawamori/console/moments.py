"""A time of day in a form: typed in Japanese time, kept in UTC, shown as it was typed."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from kawamori.console.errors import RefusedError
from kawamori.words import JST

LONGEST = 40  # characters of a typed time


def read_moment(text: str, name: str) -> datetime | None:
    """Give a time typed as 2026-07-01T02:30 in Japanese time; None where nothing was typed.

    Raises
    ------
    RefusedError
        If it is no such time; it says that `name` must be one.
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


def typed_moment(moment: datetime | None) -> str:
    """Give a time as a form field holds it; "" = none is named."""
    return "" if moment is None else f"{moment.astimezone(JST):%Y-%m-%dT%H:%M}"
