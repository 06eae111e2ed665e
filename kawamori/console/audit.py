"""The audit log: the ledger, newest first, and whole as a file that proves itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from alerts.ledger import Entry, read, read_head
from alerts.ledger_file import lines
from alerts.ledger_tables import ledger
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.pages import page

router = APIRouter(prefix="/audit")
Here = Annotated[Desk, Depends(desk_of)]
Auditor = Annotated[Officer, Depends(needs("officer"))]
PAGE = 50  # rows
LARGEST = 2**31 - 1


@router.get("")
def audit_page(
    request: Request,
    desk: Here,
    _officer: Auditor,
    *,
    kind: Annotated[str, Query(max_length=64)] = "",
    by: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int, Query(ge=1, le=LARGEST)] = LARGEST,
) -> Response:
    """Show rows of the ledger, newest first."""
    with desk.engine.connect() as connection:
        rows = read_back(connection, kind=kind, by=by, before=before)
        kinds = sorted(connection.execute(select(ledger.c.kind).distinct()).scalars())
        head = read_head(connection)
    older = rows[PAGE - 1].number if len(rows) > PAGE else None
    return page(
        request, "audit.html", rows=rows[:PAGE], kinds=kinds, kind=kind, by=by, older=older,
        head=head, brief=brief,
    )  # fmt: skip


@router.get("/ledger.jsonl")
def export(desk: Here, _officer: Auditor) -> Response:
    """Give the whole ledger, a row a line, as `kawamori ledger` checks it."""

    def rows() -> Iterator[str]:
        with desk.engine.connect() as connection:
            head = read_head(connection)
            known = takewhile(lambda each: each.number <= head.number, read(connection))
            yield from lines(known, head)

    name = {"Content-Disposition": 'attachment; filename="kawamori-ledger.jsonl"'}
    return StreamingResponse(rows(), media_type="application/jsonl", headers=name)


def brief(entry: Entry) -> str:
    """Give the plain facts of a row in one line: no lists, no digests."""
    facts = json.loads(entry.facts)
    plain = {key: value for key, value in facts.items() if not isinstance(value, list | dict)}
    told = [f"{key}: {value}" for key, value in plain.items() if len(str(value)) < 48]
    return " · ".join(told) or entry.kind


def read_back(connection: Connection, *, kind: str, by: str, before: int) -> list[Entry]:
    """Give one more than a page of rows below a number, newest first; "" = any."""
    query = select(ledger).where(ledger.c.number < before)
    if kind:
        query = query.where(ledger.c.kind == kind)
    if by:
        query = query.where(ledger.c.by == by)
    found = connection.execute(query.order_by(ledger.c.number.desc()).limit(PAGE + 1))
    return [Entry(**row._mapping) for row in found]
