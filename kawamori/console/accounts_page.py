"""The page where an admin adds, disables and resets accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy import Connection

from kawamori.console.access import Officer, needs
from kawamori.console.accounts import accounts, add_account, disable_account, reset_account
from kawamori.console.desk import Desk, desk_of
from kawamori.console.pages import page
from kawamori.console.roles import ROLES
from kawamori.console.sessions import close_sessions

router = APIRouter(prefix="/accounts")
Here = Annotated[Desk, Depends(desk_of)]
Admin = Annotated[Officer, Depends(needs("admin"))]
Text = Annotated[str, Form(max_length=256)]


@router.get("")
def accounts_page(request: Request, desk: Here, _admin: Admin) -> Response:
    """Show every account."""
    return _page(request, desk)


@router.post("")
def add(
    request: Request,
    desk: Here,
    admin: Admin,
    *,
    account: Text,
    name: Text,
    roles: Annotated[list[str], Form()],
    shelters: Text = "",
) -> Response:
    """Add an account and show its one-time secret, once."""

    def added(connection: Connection) -> str:
        return add_account(
            connection,
            account.strip(),
            name=name,
            roles=roles,
            shelters=shelters.replace(",", " ").split(),
            by=admin.account_id,
            at=desk.now(),
        )

    return _changed(request, desk, account.strip(), added)


@router.post("/{account}/disable")
def disable(request: Request, desk: Here, admin: Admin, account: str) -> Response:
    """Shut an account and end its sessions."""

    def disabled(connection: Connection) -> str:
        disable_account(connection, account, by=admin.account_id, at=desk.now())
        close_sessions(connection, account)
        return ""

    return _changed(request, desk, account, disabled)


@router.post("/{account}/reset")
def reset(request: Request, desk: Here, admin: Admin, account: str) -> Response:
    """Give an account a new one-time secret, shown once, and end its sessions."""

    def again(connection: Connection) -> str:
        close_sessions(connection, account)
        return reset_account(connection, account, by=admin.account_id, at=desk.now())

    return _changed(request, desk, account, again)


def _changed(
    request: Request, desk: Desk, account: str, change: Callable[[Connection], str]
) -> Response:
    try:
        with desk.engine.begin() as connection:
            secret = change(connection)
    except ValueError as fault:
        return _page(request, desk, status=422, fault=str(fault))
    return _page(request, desk, changed=account, secret=secret)


def _page(
    request: Request,
    desk: Desk,
    *,
    status: int = 200,
    fault: str = "",
    changed: str = "",
    secret: str = "",
) -> Response:
    with desk.engine.connect() as connection:
        known = accounts(connection)
    return page(
        request, "accounts.html", status=status, accounts=known, roles=ROLES, fault=fault,
        changed=changed, secret=secret,
    )  # fmt: skip
