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
