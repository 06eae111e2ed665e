"""Files for other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Files for other systems.", no_args_is_help=True)


@app.command()
def lalert(
    run_id: Annotated[str, typer.Argument(help="a stored run with approved orders")],
    folder: Annotated[
        Path | None, typer.Option(help="where to write; none = lalert/ in KAWAMORI_OUT")
    ] = None,
    disaster: Annotated[str, typer.Option(help="name of the event (災害名)")] = "",
) -> None:
    """Write the approved orders for typing into L-Alert, XML and CSV; no conformance is claimed."""
    from kawamori.lalert_sheet import export_lalert
    from kawamori.settings import Settings

    settings = Settings()
    folder = folder or settings.out / "lalert"
    for path in export_lalert(run_id, settings, folder, disaster=disaster):
        typer.echo(path)


@app.command()
def ngsi(
    run_id: Annotated[str, typer.Argument(help="a stored run, or latest")],
    folder: Annotated[
        Path | None, typer.Option(help="where to write; none = platform/ in KAWAMORI_OUT")
    ] = None,
    *,
    staff: Annotated[bool, typer.Option("--staff", help="with forecasts: not to be passed on")] = (
        False
    ),
) -> None:
    """Write NGSI-LD entities and open-data CSV of a run for the city's data platform."""
    from kawamori.cityos.publication import export
    from kawamori.settings import Settings

    settings = Settings()
    for path in export(run_id, settings, folder or settings.out / "platform", staff=staff):
        typer.echo(path)
