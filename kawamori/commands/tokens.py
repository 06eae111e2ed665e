"""Tokens for programs that read the API, managed from the shell."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Tokens for programs that read the API.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="of the program, no person's name")]


@app.command()
def issue(
    name: Name,
    *,
    by: Annotated[str, typer.Option(help="who answers for it")],
    days: Annotated[int, typer.Option(min=1, max=366, help="until it ends")] = 90,
) -> None:
    """Give a program a secret; it is shown this once."""
    from datetime import UTC, datetime, timedelta

    from kawamori.console.api.tokens import issue_token
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    at = datetime.now(UTC)
    with opened_store(Settings().store_url) as engine, engine.begin() as connection:
        secret = issue_token(connection, name, expires=at + timedelta(days=days), by=by, at=at)
    typer.echo(f"Authorization: Bearer {secret}")


@app.command()
def revoke(name: Name, *, by: Annotated[str, typer.Option(help="who ends it")]) -> None:
    """End a program's token at once."""
    from datetime import UTC, datetime

    from kawamori.console.api.tokens import revoke_token
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    with opened_store(Settings().store_url) as engine, engine.begin() as connection:
        revoke_token(connection, name, by=by, at=datetime.now(UTC))
    typer.echo(f"{name}: ended")
