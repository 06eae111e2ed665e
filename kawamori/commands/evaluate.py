"""`kawamori evaluate`: what the desk did, for those who judge policy."""

from __future__ import annotations

from typing import Annotated

import typer


def evaluate(
    city: Annotated[str, typer.Argument(help="a city with stored runs")],
    *,
    drills: Annotated[bool, typer.Option("--drills", help="count drills, nothing else")] = False,
) -> None:
    """Write skill, lead times and people reached by district and year: page and CSV."""
    from kawamori.cityos.evaluation import evaluate as judged
    from kawamori.cityos.evaluation import write_evaluation
    from kawamori.settings import Settings
    from kawamori.store import opened_store

    settings = Settings()
    with opened_store(settings.store_url) as engine:
        found = judged(engine, city, drill=drills)
    for path in write_evaluation(found, settings.out / f"{city}-evaluation"):
        typer.echo(path)
