"""`kawamori accounts`: who may sign in to the console."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)
BY = "command line"
Login = Annotated[str, typer.Argument(help="login name")]


@app.command("add")
def add(
    account: Login,
    name: Annotated[str, typer.Option(help="the person's name")],
    role: Annotated[
        list[str], typer.Option(help="viewer, shelter, officer, approver, admin; may be repeated")
    ],
    shelter: Annotated[
        list[str] | None, typer.Option(help="shelter_id that shelter staff look after")
    ] = None,
) -> None:
    """Add an account and print its one-time secret."""
    from kawamori.console.accounts import add_account
    from kawamori.console.desk import utc_now

    with _store() as engine, engine.begin() as connection:
        secret = add_account(
            connection, account, name=name, roles=role, shelters=shelter or (), by=BY, at=utc_now()
        )
    typer.echo(f"{account}: one-time secret {secret} (must be changed at the first sign-in)")


@app.command("disable")
def disable(account: Login) -> None:
    """Shut an account and end its sessions."""
    from kawamori.console.accounts import disable_account
    from kawamori.console.desk import utc_now
    from kawamori.console.sessions import close_sessions

    with _store() as engine, engine.begin() as connection:
        disable_account(connection, account, by=BY, at=utc_now())
        close_sessions(connection, account)
    typer.echo(f"{account}: disabled")


@app.command("reset")
def reset(account: Login) -> None:
    """Print a new one-time secret for an account and end its sessions."""
    from kawamori.console.accounts import reset_account
    from kawamori.console.desk import utc_now
    from kawamori.console.sessions import close_sessions

    with _store() as engine, engine.begin() as connection:
        close_sessions(connection, account)
        secret = reset_account(connection, account, by=BY, at=utc_now())
    typer.echo(f"{account}: one-time secret {secret} (must be changed at the first sign-in)")


@app.command("list")
def list_accounts() -> None:
    """List every account with its roles."""
    from kawamori.console.accounts import accounts

    with _store() as engine, engine.connect() as connection:
        for one in accounts(connection):
            state = "disabled" if one.disabled else "secret handed out" if one.must_change else ""
            typer.echo(f"{one.account_id}  {one.name}  {','.join(one.roles)}  {state}".rstrip())


def _store() -> AbstractContextManager[Engine]:
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    return opened_store(Settings().store_url)
