"""`kawamori outbox`: what waits, what is dead and why; replaying and withdrawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

app = typer.Typer(help="Batches on their way to people.", no_args_is_help=True)
By = Annotated[str, typer.Option(help="the officer who does it")]


@app.command("list")
def show(
    state: Annotated[
        str | None, typer.Option(help="waiting, leased, accepted, dead or void")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="line, email, …")] = None,
    district: Annotated[str | None, typer.Option(help="district_id")] = None,
    each: Annotated[bool, typer.Option("--each", help="every batch, not only the dead")] = False,
) -> None:
    """Count batches and people by run, district, channel and state; dead ones with their reason."""
    from kawamori.outbox_list import lines, rows

    with _store() as store, store.connect() as connection:
        found = rows(connection, state=state, channel=channel, district_id=district)
    for line in lines(found, each=each):
        typer.echo(line)


@app.command()
def replay(
    keys: Annotated[list[str], typer.Argument(help="keys of dead batches, from the list")], by: By
) -> None:
    """Put dead batches back in line under their own keys: nobody gets a LINE message twice."""
    from datetime import UTC, datetime

    from alerts.outbox import revive

    with _store() as store, store.begin() as connection:
        count = revive(connection, list(dict.fromkeys(keys)), by=by, at=datetime.now(UTC))
    typer.echo(f"{count} batches wait again; kawamori dispatch sends them")


@app.command()
def cancel(target: Annotated[str, typer.Argument(help="RUN/DISTRICT")], by: By) -> None:
    """Withdraw what was approved for a district: what has not gone yet is never sent."""
    from datetime import UTC, datetime

    from kawamori.outbox_list import cancel as withdraw

    with _store() as store, store.begin() as connection:
        count = withdraw(connection, target, by=by, at=datetime.now(UTC))
    typer.echo(f"{count} batches stopped; what a service has accepted cannot be called back")


def _store() -> AbstractContextManager[Engine]:
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    return opened_store(Settings().store_url)
