"""The worker that runs drills asked for on the console's page."""

from __future__ import annotations

import time
from typing import Annotated

import typer


def drill_worker(
    *, once: Annotated[bool, typer.Option(help="end when none waits")] = False
) -> None:
    """Run the drills that officers ask for in the console, one at a time; ends by Ctrl-C."""
    from kawamori.drill_worker import work
    from kawamori.settings import Settings

    settings = Settings()
    while True:
        ran = work(settings)
        if once and not ran:
            return
        if not ran:
            time.sleep(2.0)
