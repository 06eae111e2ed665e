"""Trainings and hindcasts side by side: the same work in this process, in many, or on Dask.

Each task fits one model on one fold and forecasts its test; what comes back is the model as packed
bytes, so that two ways of running can be held against each other byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import joblib
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from forecasting.evaluate import Fold, only
from forecasting.frame import LevelFrame
from forecasting.packing import pack, unpack
from forecasting.types import Gauge, LevelForecast, Observations, utc64
from kawamori.model_form import check_form

CONNECT_S = 30  # to reach a Dask scheduler


@dataclass(frozen=True)
class Task:
    """One training: what is learned, from which fold, and how often the test is forecast."""

    kind: type[LevelFrame]
    gauges: tuple[Gauge, ...]
    targets: tuple[str, ...]
    leads: tuple[timedelta, ...]
    fold: Fold
    seed: int
    every_min: int | None = None  # None: at every time of the test


@dataclass(frozen=True)
class Trained:
    """A fitted model as the files of its state, and what it forecast for the test of its fold."""

    task: Task
    files: dict[str, bytes]
    forecast: LevelForecast

    def model(self) -> LevelFrame:
        """Give the fitted model."""
        return self.task.kind.from_state(unpack(self.files))


def fan_out(
    tasks: Sequence[Task], observations: Observations, *, jobs: int = 1, dask: str = ""
) -> list[Trained]:
    """Give what each task learned and forecast, in the order of the tasks.

    Parameters
    ----------
    jobs
        Processes of joblib on this machine; 1 = none but this one.
    dask
        Address of a Dask scheduler (``tcp://host:8786``) instead; its workers must run the same
        versions. "" = joblib.

    Raises
    ------
    ValueError
        If `dask` is given and the extra `dask` is not installed.
    OSError
        If no scheduler answers at the address, or its workers are lost again and again.
    """
    if dask:
        return _on_dask(tasks, observations, dask)
    work = joblib.delayed(train_one)
    trained: list[Trained] = joblib.Parallel(n_jobs=jobs)(
        work(task, observations) for task in tasks
    )
    return trained


def train_one(task: Task, observations: Observations) -> Trained:
    """Give one task done: a fresh model on the training of its fold, then its test forecast.

    Numerical libraries run on one thread: sums in another order give other last bits.

    Raises
    ------
    ValueError
        If there is too little to learn from, or the model fails or gives no forecast of the
        common form; whatever else it raised is named.
    """
    times = issue_times(observations, task.fold, task.every_min)
    learned = only(observations, task.fold.train)
    try:
        with threadpool_limits(limits=1):
            model = task.kind(
                gauges=task.gauges, targets=task.targets, leads=task.leads, seed=task.seed
            )
            model.fit(learned)
            forecast = check_form(model.predict_many(observations, times), model, times)
            return Trained(task, pack(model.state()), forecast)
    except Exception as error:
        first, last = (f"{end:%Y-%m-%d}" for end in task.fold.test)
        told = str(error) if isinstance(error, ValueError) else (
            f"it must learn and forecast without failing, got {type(error).__name__}: {error}. "
            "Correct the model."
        )  # fmt: skip
        raise ValueError(f"model {task.kind.model_id}, test {first} to {last}: {told}") from error


def issue_times(observations: Observations, fold: Fold, every_min: int | None = None) -> np.ndarray:
    """Give the times of the test, thinned to whole multiples of `every_min` past midnight UTC.

    Raises
    ------
    ValueError
        If none is left.
    """
    times = observations["time"].values
    first, last = utc64(fold.test[0]), utc64(fold.test[1])
    inside = (times >= first) & (times <= last)
    if every_min is not None:
        minutes = times.astype("datetime64[m]").astype(int)
        inside &= minutes % every_min == 0
    if not inside.any():
        raise ValueError(
            f"no observation lies in the test {first} to {last} UTC at every {every_min} min. "
            "Choose another."
        )
    return np.asarray(times[inside])


def _on_dask(tasks: Sequence[Task], observations: Observations, address: str) -> list[Trained]:
    try:
        import dask.config
        from distributed import CancelledError, Client, KilledWorker
    except ModuleNotFoundError as error:
        raise ValueError(
            "a Dask address is given, but Dask is not installed. Install kawamori[dask]."
        ) from error
    large = {"distributed.admin.large-graph-warning-threshold": "8 GiB"}
    try:
        with (
            dask.config.set(large),
            Client(address, timeout=CONNECT_S) as client,  # type: ignore[no-untyped-call]
        ):
            # A task, not scattered data: the scheduler gives it anew when its workers are lost.
            shared = client.submit(_series, observations, pure=False)
            futures = [client.submit(train_one, task, shared, pure=False) for task in tasks]
            trained: list[Trained] = client.gather(futures)
    except (CancelledError, KilledWorker) as error:
        raise OSError(
            f"workers of the Dask scheduler {address} must stay until the work is done, they were "
            f"lost: {error}. Look at their memory, start them and train again."
        ) from error
    return trained


def _series(observations: Observations) -> Observations:
    return observations
