"""The registry of people from the shell: import, counts, opt-out, forget."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="People who asked to be told.", no_args_is_help=True)
CHANNEL = "line, email or webpush"


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="CSV: one person or household a row")],
    city: Annotated[
        str | None, typer.Option(help="a built city: its districts are checked, names allowed")
    ] = None,
) -> None:
    """Take a list into the registry; bad rows are left out and named by number (exit code 1)."""
    from kawamori.registry import import_people
    from kawamori.settings import Settings

    lines, faults = import_people(file, Settings(), city=city, now=datetime.now(UTC))
    for line in lines:
        typer.echo(line)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


@app.command("list")
def list_counts(
    counts: Annotated[
        bool, typer.Option("--counts", help="by district, language and household too")
    ] = False,
) -> None:
    """Show how many addresses each channel can reach; addresses are never listed."""
    from kawamori.registry import count_lines
    from kawamori.settings import Settings

    for line in count_lines(Settings(), by_segment=counts):
        typer.echo(line)


@app.command()
def forget(channel: Annotated[str, typer.Argument(help=CHANNEL)]) -> None:
    """Delete a person for good; the address is asked for, so that no shell history keeps it."""
    from kawamori.registry import forget_person
    from kawamori.settings import Settings

    address = typer.prompt("address", hide_input=True)
    typer.echo(forget_person(Settings(), channel, address, at=datetime.now(UTC)))


@app.command("opt-out")
def opt_out(channel: Annotated[str, typer.Argument(help=CHANNEL)]) -> None:
    """Send nothing more to an address until a later consent; the address is asked for."""
    from kawamori.registry import stop_address
    from kawamori.settings import Settings

    address = typer.prompt("address", hide_input=True)
    typer.echo(stop_address(Settings(), channel, address, at=datetime.now(UTC)))
