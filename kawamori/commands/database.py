"""`kawamori database`: the revision of the store's tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="The revision of the store's tables.", no_args_is_help=True)


@app.command()
def current() -> None:
    """Say which revision the store has and which this program needs."""
    from kawamori.database import HEAD, revision

    with _database() as engine:
        typer.echo(f"store: {revision(engine) or 'none'}, this program: {HEAD}")


@app.command()
def upgrade(to: Annotated[str, typer.Argument(help="revision")] = "head") -> None:
    """Move the store up, all steps or none; back it up first."""
    from kawamori.database import upgrade as move

    with _database() as engine:
        typer.echo(f"store: {move(engine, to)}")


@app.command()
def downgrade(to: Annotated[str, typer.Argument(help="revision")]) -> None:
    """Move the store down for an older program; what newer tables hold is lost."""
    from kawamori.database import downgrade as move

    with _database() as engine:
        typer.echo(f"store: {move(engine, to) or 'none'}")


@contextmanager
def _database() -> Iterator[Engine]:
    """Give the store of whatever revision."""
    from kawamori.database import connect
    from kawamori.settings import Settings

    engine = connect(Settings().store_url)
    try:
        yield engine
    finally:
        engine.dispose()
