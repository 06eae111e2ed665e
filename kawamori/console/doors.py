"""The doors: sign in, sign out, change the password, change the language."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from alerts.ledger import append
from kawamori.console.access import Officer, needs, open_to_all
from kawamori.console.accounts import change_password, password_is
from kawamori.console.attempts import WINDOW, begin_attempt, end_attempt
from kawamori.console.cookies import (
    door_id,
    drop_session,
    session_id,
    set_door,
    set_language,
    set_session,
)
from kawamori.console.desk import Desk, desk_of
from kawamori.console.errors import TooManyError
from kawamori.console.pages import page
from kawamori.console.sessions import close_session, close_sessions, csrf_token, open_session
from kawamori.console.texts import LANGUAGES

router = APIRouter()
Here = Annotated[Desk, Depends(desk_of)]
Anybody = Annotated[Officer | None, Depends(open_to_all)]
Someone = Annotated[Officer, Depends(needs("viewer"))]
Text = Annotated[str, Form(max_length=256)]


@router.get("/sign-in")
def sign_in_page(request: Request, _officer: Anybody, next: str = "/") -> Response:
    """Show the form, tied to this browser by a fresh door id."""
    return _form(request, next=next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    desk: Here,
    _officer: Anybody,
    *,
    account: Text,
    password: Text,
    next: Text = "/",
) -> Response:
    """Open a session under an id that nobody knew before, or show the form again."""
    account_id, at = account.strip().lower(), desk.now()
    with desk.engine.begin() as connection:
        number = begin_attempt(connection, account_id, address_of(request), at=at)
    if number is None:
        minutes = WINDOW.total_seconds() / 60
        raise TooManyError(f"too many wrong tries, come back in {minutes:.0f} minutes.")
    with desk.engine.connect() as connection:
        right = password_is(connection, account_id, password)
    if not right:
        return _form(request, next=next, status=401, wrong=True)
    with desk.engine.begin() as connection:
        end_attempt(connection, number)
    answer = RedirectResponse(local_path(next), 303)
    begin_session(request, desk, answer, account_id)
    return answer


def begin_session(request: Request, desk: Desk, answer: Response, account_id: str) -> None:
    """Open a session for an account and hand it to the browser; an older one here ends."""
    shift = timedelta(hours=desk.settings.session_h)
    with desk.engine.begin() as connection:
        close_session(connection, session_id(request))
        fresh = open_session(connection, account_id, at=desk.now(), shift=shift)
        facts = {"account": account_id, "address": address_of(request)}
        append(connection, "session.opened", facts, by=account_id, at=desk.now())
    set_session(request, answer, fresh)


@router.post("/sign-out")
def sign_out(request: Request, desk: Here, officer: Someone) -> Response:
    """End the session."""
    with desk.engine.begin() as connection:
        close_session(connection, session_id(request))
        facts = {"account": officer.account_id}
        append(connection, "session.closed", facts, by=officer.account_id, at=desk.now())
    answer = RedirectResponse("/sign-in", 303)
    drop_session(request, answer)
    return answer


@router.get("/account/password")
def password_page(request: Request, _officer: Someone) -> Response:
    """Show the form to choose a password."""
    return page(request, "password.html", fault="")


@router.post("/account/password")
def set_password(
    request: Request, desk: Here, officer: Someone, *, old: Text, new: Text, again: Text
) -> Response:
    """Take a new password; every session of the account ends and this browser gets a fresh one."""
    try:
        if new != again:
            raise ValueError("the new password was not typed the same twice.")
        with desk.engine.begin() as connection:
            change_password(connection, officer.account_id, old=old, new=new, at=desk.now())
            close_sessions(connection, officer.account_id)
    except ValueError as fault:
        return page(request, "password.html", status=422, fault=str(fault))
    answer = RedirectResponse("/", 303)
    begin_session(request, desk, answer, officer.account_id)
    return answer


@router.get("/language/{language}")
def choose_language(
    request: Request, language: str, _officer: Anybody, next: str = "/"
) -> Response:
    """Remember Japanese or English for this browser."""
    answer = RedirectResponse(local_path(next), 303)
    if language in LANGUAGES:
        set_language(request, answer, language)
    return answer


def local_path(path: str) -> str:
    """Give a path of this server; anything that leads elsewhere becomes the front page."""
    plain = path.isprintable() and path.startswith("/") and "\\" not in path
    return path if plain and not path.startswith("//") else "/"


def address_of(request: Request) -> str:
    """Give the address a request came from."""
    return request.client.host if request.client else "unknown"


def _form(request: Request, *, next: str, status: int = 200, wrong: bool = False) -> Response:
    """Show the sign-in form; the door cookie is renewed only if the browser has none."""
    known = door_id(request)
    answer = Response()
    tied = session_id(request) or known or set_door(request, answer)
    oidc = bool(desk_of(request).settings.oidc_issuer)
    shown = page(
        request, "sign_in.html", status=status, next=local_path(next), wrong=wrong, oidc=oidc,
        csrf=csrf_token(tied),
    )  # fmt: skip
    shown.raw_headers += [pair for pair in answer.raw_headers if pair[0] == b"set-cookie"]
    return shown
