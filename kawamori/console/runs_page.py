"""The list of stored runs, a page at a time: a year holds thousands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from kawamori.console.access import needs
from kawamori.console.pages import page
from kawamori.console.situation_records import Stored

ROWS = 100  # of one page
router = APIRouter()


@router.get("/runs", dependencies=[Depends(needs("viewer"))])
def list_page(
    request: Request,
    stored: Stored,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Show a page of the list of stored runs, newest first; unreadable ones stand on top."""
    every = stored.listed()
    last = max(1, -(-len(every) // ROWS))
    number = min(number, last)
    shown = every[(number - 1) * ROWS : number * ROWS]
    return page(request, "runs.html", runs=shown, count=len(every), number=number, last=last)
