"""`kawamori backup`, `restore`, `prune` and `thin`: what is kept, brought back and let go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="a zip with everything in it; keep it safe")]


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="a zip; none = of today in the home's backups, the oldest go"),
    ] = None,
) -> None:
    """Write the store and the reports of its runs to one file, while others go on."""
    from datetime import UTC, datetime

    from kawamori.backup import backup as write
    from kawamori.backup import nightly
    from kawamori.settings import Settings

    settings, now = Settings(), datetime.now(UTC)
    if file is None:
        file, count, gone = nightly(
            settings.store_url, settings.backups, kept=settings.backups_kept, at=now
        )
    else:
        count, gone = write(settings.store_url, file, at=now)
    typer.echo(f"{file}: the store and {count} files of reports")
    if gone:
        typer.echo(f"runs whose report is no longer there: {', '.join(gone)}")


def restore(file: File) -> None:
    """Bring a back-up into an empty store, every part checked before anything is written."""
    from kawamori.backup import restore as read
    from kawamori.settings import Settings

    settings = Settings()
    back = read(settings.store_url, file, settings.out)
    typer.echo(f"store of revision {back.revision}, {back.files} files of reports")
    for fault in back.ledger_faults:
        typer.echo(f"ledger: {fault}")
    typer.echo("ledger: BROKEN" if back.ledger_faults else "ledger: holds")


def prune(
    older_than: Annotated[int, typer.Option(help="days after expiry or opting out", min=1)],
    by: Annotated[str, typer.Option(help="who does it")] = "retention",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Delete old deliveries and people who left; runs, approvals, texts and the ledger stay."""
    from datetime import UTC, datetime, timedelta

    from kawamori.retention import prune as let_go
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    now = datetime.now(UTC)
    before = now - timedelta(days=older_than)
    with opened_store(Settings().store_url) as store, store.begin() as connection:
        found = let_go(connection, before=before, by=by, at=now, dry_run=dry_run)
    verb = "would go" if dry_run else "gone"
    typer.echo(
        f"{verb}: {found.batches} batches with their addresses, {found.tries} tries, "
        f"{found.secrets} secrets of approvals, {found.addresses} addresses of people who left"
    )


def thin(
    older_than: Annotated[int, typer.Option(help="days since they were issued", min=1)],
    by: Annotated[str, typer.Option(help="who does it")] = "retention",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Remove old reports of quiet hours; what was advised, approved or told stays for good."""
    from datetime import UTC, datetime, timedelta

    from kawamori.settings import Settings
    from kawamori.store import opened_store
    from kawamori.thinning import thin as let_go

    settings, now = Settings(), datetime.now(UTC)
    before = now - timedelta(days=older_than)
    with opened_store(settings.store_url) as store:
        found = let_go(store, settings.out, before=before, by=by, at=now, dry_run=dry_run)
    for name in found.names if dry_run else ():
        typer.echo(f"would go: {name}")
    verb = "would go" if dry_run else "gone"
    typer.echo(
        f"{verb}: {len(found.names)} reports and {found.unfinished} unfinished ones, "
        f"{found.freed_bytes / 1e6:.1f} MB"
    )
    for reason, count in sorted(found.kept.items()):
        typer.echo(f"stay: {count} ({reason})")
    for name in found.strange:
        typer.echo(f"left alone, it does not lie in {settings.out}: {name}")
