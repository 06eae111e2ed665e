"""`kawamori lift`: the end of an order, told to everyone who was told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer


def lift(
    approval_id: Annotated[str, typer.Argument(help="the approval whose order ends")],
    officer: Annotated[str, typer.Option(help="the officer who decides")],
    second: Annotated[str | None, typer.Option(help="levels 4 and 5 need a second")] = None,
    mistake: Annotated[bool, typer.Option("--mistake", help="it was told by mistake")] = False,
) -> None:
    """Lift an order (解除), or take back a mistaken one; kawamori dispatch then tells people."""
    from kawamori.endings import end_order
    from kawamori.settings import Settings

    made = end_order(
        approval_id,
        Settings(),
        kind="withdrawn" if mistake else "lifted",
        officer=officer,
        second=second,
        at=datetime.now(UTC),
    )
    typer.echo(f"approved {made}; kawamori dispatch sends it")
