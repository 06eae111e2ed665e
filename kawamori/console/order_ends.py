"""The end of an order from the page: 解除, or 取消 of one that was told by mistake.

The exact texts are shown first. Levels 4 and 5 need a second officer, who sees the same texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from alerts.edits import read_words
from alerts.ledger import append
from alerts.types import Message
from kawamori.console.access import Officer, needs
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import ConflictError, RefusedError
from kawamori.console.pages import page
from kawamori.console.proposals import PENDING_LIFE, Decision, bind, decide, decisions
from kawamori.endings import Ending, Kind, draft_end, end_in

router = APIRouter(prefix="/orders")
Here = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Officer, Depends(needs("viewer"))]
Approver = Annotated[Officer, Depends(needs("approver"))]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Text:
    """One text of an end, and how many people get it."""

    message: Message
    words: str
    people: int


@router.get("/{approval_id}")
def end_page(
    request: Request,
    desk: Here,
    _officer: Reader,
    *,
    approval_id: str,
    kind: Annotated[Kind, Query()] = "lifted",
) -> Response:
    """Show word for word what an end would tell, and who approved it first."""
    with desk.engine.connect() as connection:
        waiting = _waiting(connection, approval_id, kind, desk.now())
        at = desk.now().replace(second=0, microsecond=0) if waiting is None else waiting.at
        ending = _draft(desk, connection, approval_id, kind, at)
    return page(
        request, "order_end.html", kind=kind, order=ending.order, advice=ending.advice,
        texts=_texts(ending), version=_digest(ending), at=at, waiting=waiting,
        drill=ending.order.drill, life_min=PENDING_LIFE // MINUTE,
    )  # fmt: skip


@router.post("/{approval_id}/end")
def end(
    desk: Here,
    officer: Approver,
    *,
    approval_id: str,
    kind: Annotated[Kind, Form()],
    version: Annotated[str, Form(max_length=64)],
    at: Annotated[datetime, Form()],
    read: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Approve an end: at level 3 at once, else as the first or the second of two officers."""
    if read != "yes":
        raise RefusedError("confirm that the texts were read.")
    now, by = desk.now(), officer.account_id
    with desk.engine.begin() as connection:
        waiting = _waiting(connection, approval_id, kind, now)
        shown = at if waiting is None else waiting.at
        if shown.tzinfo is None or not now - PENDING_LIFE <= shown <= now:
            raise ConflictError("these texts were shown too long ago. Open the page again.")
        ending = _draft(desk, connection, approval_id, kind, shown)
        if version != _digest(ending):
            raise ConflictError("the texts read otherwise than they were shown.")
        order = ending.order
        decision = decide(
            connection, _key(approval_id, kind), order.district_id, level=order.level,
            digest=version, by=by, at=shown if waiting is None else now,
            expires=ending.advice.valid_until,
        )  # fmt: skip
        if decision.state == "pending":
            facts = {"ends": approval_id, "kind": kind, "digest": version}
            append(connection, "approval.first", facts, by=by, at=now)
            return RedirectResponse(f"/orders/{approval_id}?kind={kind}", 303)
        try:
            done = end_in(
                connection, ending, officer=decision.first_officer,
                second=decision.second_officer, at=now,
            )  # fmt: skip
        except ValueError as error:
            raise RefusedError(str(error)) from error
        bind(connection, decision, done)
    return RedirectResponse(f"/approvals/{order.run_id}#progress", 303)


def _key(approval_id: str, kind: Kind) -> str:
    return f"{kind}:{approval_id}"


def _waiting(
    connection: Connection, approval_id: str, kind: Kind, now: datetime
) -> Decision | None:
    """Give the first approval of an end that waits for a second officer."""
    found = decisions(connection, _key(approval_id, kind), at=now).values()
    return next((one for one in found if one.state == "pending"), None)


def _draft(
    desk: Desk, connection: Connection, approval_id: str, kind: Kind, at: datetime
) -> Ending:
    try:
        return draft_end(desk.engine, connection, approval_id, kind=kind, at=at)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _digest(ending: Ending) -> str:
    """Give the sha256 of every text and of who gets it."""
    told = [f"{one.form}/{one.language}/{one.household}/{one.sha256}" for one in ending.messages]
    sent = [f"{one.channel}/{one.form}/{len(one.recipients)}" for one in ending.audiences]
    return sha256("\n".join([*sorted(told), *sorted(sent)]).encode()).hexdigest()


def _texts(ending: Ending) -> list[Text]:
    people: dict[tuple[str, str, str], int] = {}
    for one in ending.audiences:
        key = (one.form, one.language, one.household)
        people[key] = people.get(key, 0) + len(one.recipients)
    return [
        Text(one, read_words(one), people.get((one.form, one.language, one.household), 0))
        for one in ending.messages
    ]
