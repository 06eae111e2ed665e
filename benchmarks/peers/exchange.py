"""Asks the peers in their own environment and makes their answers forecasts that we can score."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.peers.task import Answer, Task
from forecasting.evaluate import Fold
from forecasting.features import good_levels, rain_gauges_of, upstream_of
from forecasting.types import Gauge, LevelForecast, Observations, utc64
from kawamori.settings import REPOSITORY

PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
HOW = "make peers"
SAID = 400  # characters of a failed run that are told


def ask(task: Task, observed: Observations, folder: Path) -> list[Answer]:
    """Give what each peer of the task answers.

    Raises
    ------
    FileNotFoundError
        If the environment of the peers is not there.
    RuntimeError
        If a peer fails; the end of what it said is told.
    """
    if not PYTHON.exists():
        raise FileNotFoundError(f"the peers need {PYTHON}, found nothing there. Run: {HOW}")
    task.write(folder, _series(task, observed))
    command = [str(PYTHON), "-m", "benchmarks.peers.run", str(folder)]
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY,
                          env={**os.environ, **threads})  # fmt: skip
    if told.returncode:
        raise RuntimeError(
            f"the peers of {task.name} must end with 0, got {told.returncode}: "
            f"{told.stderr[-SAID:]} Run {HOW} again."
        )
    return [Answer.read(folder, peer) for peer in task.peers]


def task_of(
    name: str,
    gauges: Sequence[Gauge],
    target: str,
    *,
    fold: Fold,
    leads_h: Sequence[int],
    peers: Sequence[str],
    many: Sequence[int] = (),
) -> Task:
    """Give the task of one gauge: what our models read of it, and the same split."""
    (learned,) = fold.train
    train, test = ((str(utc64(first)), str(utc64(last))) for first, last in (learned, fold.test))
    upstream, rain = upstream_of(target, gauges), rain_gauges_of(target, gauges)
    told = (tuple(leads_h), tuple(peers), tuple(many))
    return Task(name, target, upstream, rain, train, test, *told)


def level_forecast(answer: Answer, like: LevelForecast) -> LevelForecast:
    """Give an answer as a forecast at the times, leads and quantiles of another one.

    A peer tells one level: it stands for every quantile, so its spread means nothing.
    """
    lead_h = like["lead"].values / np.timedelta64(1, "h")
    table = answer.levels.reindex(pd.DatetimeIndex(like["issued_at"].values))
    levels = table[[round(float(one)) for one in lead_h]].to_numpy(float)[:, None, :, None]
    dims, shape = like["level_m"].dims, like["level_m"].shape
    told = like.assign(level_m=(dims, np.broadcast_to(levels, shape)))
    return LevelForecast(told.assign_attrs(model_id=answer.name))


def _series(task: Task, observed: Observations) -> pd.DataFrame:
    columns = {one: good_levels(observed, one) for one in (task.target, *task.upstream)}
    columns |= {one: observed["rain_mm"].sel(rain_gauge=one).values for one in task.rain}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(observed["time"].values))
