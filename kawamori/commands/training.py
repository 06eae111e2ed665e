"""`kawamori train`, `promote` and `tune`: the researcher's bench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CONFIG = Annotated[Path, typer.Argument(help="YAML, as in data/train")]
DASK = Annotated[
    str | None, typer.Option(help="scheduler, tcp://host:8786, instead of this machine")
]
JOBS = Annotated[int, typer.Option(help="processes on this machine")]


def train(config: CONFIG, jobs: JOBS = 1, dask: DASK = None) -> None:
    """Train and judge as one YAML file says: one folder with model, card, metrics and figures."""
    from kawamori.progress import bar
    from kawamori.settings import Settings
    from kawamori.training_folder import run_training

    with bar() as progress:
        folder, run = run_training(config, Settings(), progress, jobs=jobs, dask=dask)
    typer.echo(f"digest {run.digest}")
    typer.echo(folder)


def promote(
    folder: Annotated[Path, typer.Argument(help="a run folder of `kawamori train`")],
    city: Annotated[str, typer.Argument(help="the city it shall forecast for")],
    despite: Annotated[
        str, typer.Option(help="why it is promoted although a check fails; it is recorded")
    ] = "",
) -> None:
    """Hold a run against the go / no-go list; if it passes it is the city's champion."""
    from datetime import UTC, datetime

    from kawamori.progress import bar
    from kawamori.promotion import promote as decide
    from kawamori.settings import Settings

    with bar() as progress:
        decision = decide(folder, city, Settings(), at=datetime.now(UTC), despite=despite,
                          progress=progress)  # fmt: skip
    for line in decision.lines():
        typer.echo(line)
    if not decision.promoted:
        raise typer.Exit(1)


def tune(
    config: CONFIG,
    trials: Annotated[int, typer.Option(help="configurations to try")] = 20,
    dask: DASK = None,
) -> None:
    """Choose a configuration on training time alone; tests are blanked before it begins."""
    from kawamori.progress import bar
    from kawamori.settings import Settings
    from kawamori.tuning import run_tuning

    with bar() as progress:
        best, table = run_tuning(config, Settings(), progress, trials=trials, dask=dask)
    typer.echo(table.to_string(index=False))
    typer.echo(best)
