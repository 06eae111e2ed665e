"""`kawamori verify-ledger`: whether anything that officers and the outbox did was rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify_ledger(
    file: Annotated[
        Path | None, typer.Option("--from", help="an exported file instead of the store")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="JSON lines to write")] = None,
) -> None:
    """Check the chain of the ledger; name every row changed, removed, inserted or moved."""
    if file is not None:
        from alerts.ledger_file import file_faults

        with file.open(encoding="utf-8") as text:
            _tell(list(file_faults(text)), str(file))
        return
    from alerts.ledger import faults, read, read_head
    from alerts.ledger_file import lines
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    with opened_store(Settings().store_url) as store, store.connect() as connection:
        head = read_head(connection)
        if export is not None:
            with export.open("w", encoding="utf-8") as out:
                out.writelines(lines(read(connection), head))
        _tell(list(faults(read(connection), head)), f"{head.number} rows, head {head.digest}")


def _tell(found: list[str], what: str) -> None:
    for fault in found:
        typer.echo(fault)
    typer.echo(f"{'BROKEN' if found else 'holds'}: {what}")
    if found:
        raise typer.Exit(1)
