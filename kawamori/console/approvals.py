"""The Approve page: read, approve with a second officer, send back, cancel, watch the delivery.

It writes decisions and the outbox in one transaction; `kawamori dispatch` sends.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, select

from alerts.ledger import append
from alerts.outbox import void
from alerts.schema import approval
from kawamori.approval import approve_in
from kawamori.console.access import Officer, needs
from kawamori.console.board import Board, District, read_board, read_edits, read_progress
from kawamori.console.deadlines import check_deadline
from kawamori.console.desk import Desk, desk_of
from kawamori.console.desk_health import channel_health
from kawamori.console.errors import ConflictError, NotStoredError, RefusedError
from kawamori.console.moments import read_moment, typed_moment
from kawamori.console.pages import page
from kawamori.console.proposals import (
    PENDING_LIFE,
    bind,
    close_decision,
    decide,
    give_back,
    was_cancelled,
)
from kawamori.store import newest_run
from kawamori.stored import read_record

router = APIRouter(prefix="/approvals")
Here = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Officer, Depends(needs("viewer"))]
Approver = Annotated[Officer, Depends(needs("approver"))]
Reason = Annotated[str, Form(min_length=1, max_length=500)]
Version = Annotated[str, Form(max_length=400)]
Until = Annotated[str, Query(max_length=40)]  # the mayor's time as it was typed, in Japanese time


@router.get("")
def newest(request: Request, desk: Here, _officer: Reader) -> Response:
    """Show the newest complete run, or that there is none."""
    run = newest_run(desk.engine)
    if run is None:
        return page(request, "approvals_none.html")
    return RedirectResponse(f"/approvals/{run.run_id}", 303)


@router.get("/{run_id}")
def approve_page(
    request: Request, desk: Here, _officer: Reader, *, run_id: str, until: Until = ""
) -> Response:
    """Show each district's texts, people, digests and what was decided."""
    try:
        board = board_of(desk, run_id, read_moment(until, "finish_by"))
    except RefusedError as error:  # shown beside the field; nothing can be approved with it
        return _show(request, desk, board_of(desk, run_id), typed=until, fault=str(error))
    return _show(request, desk, board, typed=until)


@router.get("/{run_id}/texts/{district_id}")
def texts_page(
    request: Request,
    desk: Here,
    _officer: Reader,
    *,
    run_id: str,
    district_id: str,
    until: Until = "",
) -> Response:
    """Show every text of a district, word for word."""
    board = board_of(desk, run_id, read_moment(until, "finish_by"))
    name = "approval_texts.html" if "hx-request" in request.headers else "approval_district.html"
    district = _district(board, district_id)
    typed = typed_moment(district.finish_by)
    return page(request, name, board=board, district=district, drill=board.run.drill, until=typed)


@router.get("/{run_id}/progress")
def progress(request: Request, desk: Here, _officer: Reader, run_id: str) -> Response:
    """Give the part of the page that says how the delivery stands."""
    with desk.engine.connect() as connection:
        reached = read_progress(connection, run_id)
    names = _names(board_of(desk, run_id))
    return page(request, "approval_progress.html", progress=reached, run_id=run_id, names=names)


@router.post("/{run_id}")
def approve(
    desk: Here,
    officer: Approver,
    *,
    run_id: str,
    version: Annotated[list[str] | None, Form()] = None,
    read: Annotated[str, Form(max_length=3)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Approve the chosen districts: all of them in one transaction, or none."""
    if not version or read != "yes":
        raise RefusedError("choose at least one district and confirm that its texts were read.")
    board = board_of(desk, run_id, read_moment(until, "finish_by"))
    chosen = [_shown(board, each) for each in version]
    with desk.engine.begin() as connection:
        for district in chosen:
            _decide(connection, desk, board, district, officer)
    return RedirectResponse(f"/approvals/{run_id}#progress", 303)


@router.post("/{run_id}/return")
def send_back(
    request: Request,
    desk: Here,
    officer: Approver,
    *,
    run_id: str,
    version: Version,
    reason: Reason,
    until: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Send a district's drafts back with a reason; a pending first approval ends with it."""
    if not reason.strip():
        raise RefusedError("a reason is needed.")
    district = _shown(board_of(desk, run_id, read_moment(until, "finish_by")), version)
    with desk.engine.begin() as connection:
        give_back(
            connection,
            run_id,
            district.advice.district_id,
            level=int(district.advice.level),
            digest=district.digest,
            by=officer.account_id,
            reason=reason.strip(),
            at=desk.now(),
        )
        facts = {"run_id": run_id, "district_id": district.advice.district_id, **sealed(reason)}
        append(connection, "approval.returned", facts, by=officer.account_id, at=desk.now())
    return RedirectResponse(f"/approvals/{run_id}", 303)


@router.post("/{run_id}/cancel")
def cancel(
    desk: Here,
    officer: Approver,
    *,
    run_id: str,
    approval_id: Annotated[str, Form(max_length=36)],
    reason: Reason,
) -> Response:
    """Withdraw an approval: what has not left yet never leaves; the texts may be written anew."""
    if not reason.strip():
        raise RefusedError("a reason is needed.")
    with desk.engine.begin() as connection:
        named = (approval.c.approval_id == approval_id, approval.c.run_id == run_id)
        found = connection.execute(select(approval).where(*named)).first()
        if found is None:
            raise NotStoredError(f"no approval {approval_id!r} of run {run_id!r}")
        at, by = desk.now(), officer.account_id
        district_id = found.district_id
        if not close_decision(
            connection, run_id, district_id, state="cancelled", reason=reason.strip(), at=at
        ):
            raise ConflictError("this approval was cancelled already.")
        stopped = void(connection, approval_id, by=by, at=at)
        facts = {"approval_id": approval_id, "batches_stopped": stopped, **sealed(reason)}
        append(connection, "approval.cancelled", facts, by=by, at=at)
    return RedirectResponse(f"/approvals/{run_id}#progress", 303)


def sealed(reason: str) -> dict[str, str]:
    """Give what the ledger says of a person's words: they stand in the decision itself."""
    return {"reason_sha256": sha256(reason.strip().encode()).hexdigest()}


def board_of(desk: Desk, run_id: str, finish_by: datetime | None = None) -> Board:
    """Give the board of a stored run whose texts name a time, or raise NotStoredError."""
    check_deadline(finish_by, now=desk.now())
    try:
        record = read_record(desk.engine, run_id)
    except ValueError as error:
        raise NotStoredError(str(error)) from error
    return read_board(desk.engine, record, desk.settings, at=desk.now(), finish_by=finish_by)


def _decide(
    connection: Connection, desk: Desk, board: Board, district: District, officer: Officer
) -> None:
    """Claim the decision, then freeze what it lets out: who loses a race writes nothing."""
    advice, at, run_id = district.advice, desk.now(), board.run.run_id
    decision = decide(
        connection,
        run_id,
        advice.district_id,
        level=int(advice.level),
        digest=district.digest,
        by=officer.account_id,
        at=at,
        expires=advice.valid_until,
        finish_by=district.finish_by,
    )
    if decision.state == "pending":
        facts = {"run_id": run_id, "district_id": advice.district_id, "digest": district.digest}
        append(connection, "approval.first", facts, by=officer.account_id, at=at)
        return
    try:
        (done,) = approve_in(
            connection,
            board.record,
            desk.settings,
            district_ids=[advice.district_id],
            officer=decision.first_officer,
            second=decision.second_officer,
            at=at,
            seen=[text.message.sha256 for text in district.texts],
            edits=list(
                read_edits(connection, run_id, {advice.district_id: decision.finish_by}).values()
            ),
            again=decision.proposal_id
            if was_cancelled(connection, run_id, advice.district_id)
            else "",
            finish_by=decision.finish_by,
        )
    except ValueError as error:
        raise RefusedError(str(error)) from error
    bind(connection, decision, done.approval_id)


def _shown(board: Board, version: str) -> District:
    """Give the district that a form named, if it still reads as it was shown."""
    district_id, _, seen = version.rpartition("=")
    district = _district(board, district_id)
    if district.version != seen:
        raise ConflictError(f"{district.advice.name} was changed or decided after it was shown.")
    if district.stopped:
        raise RefusedError(f"{district.advice.name}: {district.stopped}")
    return district


def _district(board: Board, district_id: str) -> District:
    found = board.district(district_id)
    if found is None:
        raise NotStoredError(f"no order for district {district_id!r} in run {board.run.run_id!r}")
    return found


def _names(board: Board) -> dict[str, str]:
    return {one.advice.district_id: one.advice.name for one in board.districts}


def _show(
    request: Request, desk: Desk, board: Board, *, typed: str = "", fault: str = ""
) -> Response:
    with desk.engine.connect() as connection:
        reached = read_progress(connection, board.run.run_id)
    return page(
        request,
        "approvals.html",
        status=422 if fault else 200,
        until=typed,
        until_fault=fault,
        typed=typed_moment,
        channels=channel_health(desk.engine, desk.now()),
        board=board,
        run_id=board.run.run_id,
        progress=reached,
        names=_names(board),
        all_names={str(key): str(name) for key, name in board.run.city.districts["name"].items()},
        drill=board.run.drill,
        life_min=round(PENDING_LIFE.total_seconds() / 60),
        now=desk.now(),
    )
