"""Writing a drafted text anew: the officer sees what changed before it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import insert

from alerts.edits import edit_faults, editable_text, rewritten
from alerts.ledger import append
from alerts.types import Message
from kawamori.console.access import Officer, needs
from kawamori.console.approvals import Until, board_of
from kawamori.console.board import Board, District, Text
from kawamori.console.desk import Desk, desk_of
from kawamori.console.differences import Part, changes
from kawamori.console.errors import ConflictError, NotStoredError, RefusedError
from kawamori.console.moments import read_moment, typed_moment
from kawamori.console.pages import page
from kawamori.console.proposals import close_decision, edit

router = APIRouter(prefix="/approvals/{run_id}/edit/{message_id}")
Here = Annotated[Desk, Depends(desk_of)]
Writer = Annotated[Officer, Depends(needs("officer"))]
Words = Annotated[str, Form(max_length=20_000)]


@router.get("")
def edit_page(
    request: Request,
    desk: Here,
    _officer: Writer,
    *,
    run_id: str,
    message_id: str,
    until: Until = "",
) -> Response:
    """Show the text to write anew."""
    board = board_of(desk, run_id, read_moment(until, "finish_by"))
    district, text = find_text(board, message_id)
    subject = text.message.subject
    return _page(request, board, district, text, subject=subject, words=text.words)


@router.post("")
def save(
    request: Request,
    desk: Here,
    officer: Writer,
    *,
    run_id: str,
    message_id: str,
    subject: Words,
    words: Words,
    base: Annotated[str, Form(max_length=64)],
    confirmed: Annotated[str, Form(max_length=3)] = "",
    until: Until = "",
) -> Response:
    """Check the new text and show what changed; with `confirmed` it stands from now on."""
    board = board_of(desk, run_id, read_moment(until, "finish_by"))
    district, text = find_text(board, message_id)
    if base != text.message.sha256:
        raise ConflictError("somebody wrote this text anew meanwhile.")
    if district.stopped:
        raise RefusedError(f"{district.advice.name}: {district.stopped}")
    made = rewritten(text.message, subject, words)
    faults = edit_faults(text.message, made, district.advice, drill=board.run.drill)
    parts = changes(text.words, editable_text(made) or "")
    if faults or confirmed != "yes":
        return _page(
            request, board, district, text, subject=subject, words=words, faults=faults,
            parts=parts, sha256=made.sha256, status=422 if faults else 200,
        )  # fmt: skip
    _keep(desk, officer, run_id, text.message, made, finish_by=district.finish_by)
    asked = f"?until={until}" if district.finish_by is not None else ""
    return RedirectResponse(f"/approvals/{run_id}{asked}#{district.advice.district_id}", 303)


def find_text(board: Board, message_id: str) -> tuple[District, Text]:
    """Give a text of a run and its district, or raise NotStoredError."""
    for district in board.districts:
        for text in district.texts:
            if text.message.message_id == message_id and text.editable:
                return district, text
    raise NotStoredError(f"no text {message_id!r} to write anew in run {board.run.run_id!r}")


def _keep(
    desk: Desk,
    officer: Officer,
    run_id: str,
    base: Message,
    made: Message,
    *,
    finish_by: datetime | None,
) -> None:
    at, by = desk.now(), officer.account_id
    names = ("district_id", "form", "language", "household", "message_id", "subject", "body")
    row = {name: getattr(made, name) for name in names}
    with desk.engine.begin() as connection:
        connection.execute(
            insert(edit).values(
                **row,
                run_id=run_id,
                sha256=made.sha256,
                base_sha256=base.sha256,
                by=by,
                at=at,
                finish_by=finish_by,
            )
        )
        close_decision(
            connection, run_id, made.district_id, state="lapsed", reason="the text changed", at=at
        )
        kept = ("district_id", "form", "language", "household")
        facts = {"run_id": run_id, "before": base.sha256, "after": made.sha256}
        facts |= {name: row[name] for name in kept}
        append(connection, "text.edited", facts, by=by, at=at)


def _page(
    request: Request,
    board: Board,
    district: District,
    text: Text,
    *,
    subject: str,
    words: str,
    faults: list[str] | None = None,
    parts: list[Part] | None = None,
    sha256: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "approval_edit.html",
        status=status,
        run_id=board.run.run_id,
        drill=board.run.drill,
        district=district,
        text=text,
        until=typed_moment(district.finish_by),
        subject=subject,
        words_now=words,
        faults=faults or [],
        parts=parts or [],
        sha256=sha256,
    )
