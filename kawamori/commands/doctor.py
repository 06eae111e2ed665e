"""`kawamori doctor`: what is wrong with this set-up and what to do."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    city: Annotated[str | None, typer.Argument(help="a built city; none = all")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Name every fault of this set-up and its remedy; ends with 1 when there is any."""
    import json
    from datetime import UTC, datetime

    from kawamori.doctor.examination import as_json as plain
    from kawamori.doctor.examination import examine, table, unreadable
    from kawamori.settings import Settings

    try:
        found = examine(Settings(), now=datetime.now(UTC), city_id=city)
    except ValueError as error:
        found = unreadable(error)
    if as_json:
        typer.echo(json.dumps(plain(found), ensure_ascii=False))
    else:
        typer.echo("\n".join(table(found)))
    if any(line.state == "red" for line in found):
        raise typer.Exit(1)
