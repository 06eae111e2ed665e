"""`kawamori database`: the revision of the store's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="The revision of the store's tables.", no_args_is_help=True)


@app.command()
def current() -> None:
    """Say which revision the store has and which this program needs."""
    from kawamori.database import HEAD, revision

    typer.echo(f"store: {revision(_database()) or 'none'}, this program: {HEAD}")


@app.command()
def upgrade(to: Annotated[str, typer.Argument(help="revision")] = "head") -> None:
    """Move the store up, all steps or none; back it up first."""
    from kawamori.database import upgrade as move

    typer.echo(f"store: {move(_database(), to)}")


@app.command()
def downgrade(to: Annotated[str, typer.Argument(help="revision")]) -> None:
    """Move the store down for an older program; what newer tables hold is lost."""
    from kawamori.database import downgrade as move

    typer.echo(f"store: {move(_database(), to) or 'none'}")


def _database() -> Engine:
    from kawamori.database import connect
    from kawamori.settings import Settings

    return connect(Settings().store_url)
