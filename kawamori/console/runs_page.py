"""The list of stored runs, a page at a time: a year holds thousands."""

from __future__ import annotations

from datetime import date
from itertools import takewhile
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kawamori.console.access import needs
from kawamori.console.pages import page
from kawamori.console.situation_records import Stored
from kawamori.run_line import Listed
from kawamori.words import JST

ROWS = 100  # of one page
router = APIRouter()


@router.get("/runs", dependencies=[Depends(needs("viewer"))])
def list_page(
    request: Request,
    stored: Stored,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    day: date | None = None,
) -> Response:
    """Show a page of the list of stored runs, newest first; unreadable ones stand on top.

    Parameters
    ----------
    day
        Of Japan: the page with the newest run of that day, or else of the days before it.
    """
    every = stored.listed()
    last = max(1, -(-len(every) // ROWS))
    number = min(number if day is None else 1 + _later(every, day) // ROWS, last)
    shown = every[(number - 1) * ROWS : number * ROWS]
    return page(
        request, "runs.html", runs=shown, count=len(every), number=number, last=last, day=day
    )


def _later(every: list[Listed], day: date) -> int:
    """Give how many lines stand above the newest run of a day."""
    later = (run.issued_at is None or run.issued_at.astimezone(JST).date() > day for run in every)
    return sum(takewhile(bool, later))
