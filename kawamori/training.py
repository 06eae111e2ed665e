"""A training: one configuration in; models, forecasts of what was held out, and scores out.

`kawamori train`, a notebook and a program all call `train`. The same configuration on the same
series with the same program gives the same digest, on this machine or on Dask workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pandas as pd
import xarray as xr

from forecasting.evaluate import Fold
from forecasting.frame import LevelFrame
from forecasting.models import MODELS
from forecasting.quality import flag
from forecasting.registry import versions
from forecasting.types import LevelForecast, Observations
from forecasting.verification.hindcasts import Hindcast
from forecasting.verification.judge import Docket, judge, tidy
from forecasting.verification.splits import Split
from kawamori.datasets import Dataset
from kawamori.digests import facts_digest, series_digest
from kawamori.fan_out import Task, Trained, fan_out
from kawamori.kept_models import program_digest
from kawamori.model_form import check_kind
from kawamori.progress import Report, silent
from kawamori.settings import REPOSITORY, Settings
from kawamori.training_checks import check_fit
from kawamori.training_config import Models, TrainingConfig
from kawamori.verify_data import read_known
from kawamori.verify_trials import floods_within

BESIDE = "persistence"  # always
SUITE = "held_out"
DIGITS = "%.6g"


@dataclass(frozen=True)
class TrainingRun:
    """What a training gave: a model per fold, and how it did where it had not seen the water."""

    config: TrainingConfig
    dataset: Dataset
    data_digest: str  # of the series as read
    trained: Mapping[str, tuple[Trained, ...]]  # by model, one per fold; persistence beside
    forecasts: Mapping[str, LevelForecast]  # by model, of all tests
    docket: Docket
    scores: xr.Dataset

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Give one row per score: model, gauge_id, lead_h …, score, value."""
        return tidy(self.scores)

    @cached_property
    def metrics_csv(self) -> str:
        """Give the metrics as they stand in metrics.csv."""
        return str(self.metrics.to_csv(index=False, float_format=DIGITS))

    @property
    def kept(self) -> Trained:
        """Give the training of the last fold: its model is the one that is kept."""
        return self.trained[self.config.model][-1]

    def facts(self) -> dict[str, object]:
        """Give what decides a run and what came of it, as plain values."""
        return {
            "config": self.config.model_dump(mode="json"),
            "data_digest": self.data_digest,
            "seed": self.config.seed,
            "lock_digest": lock_digest(),
            "program_digest": program_digest(),
            "versions": versions(),
            "models": {
                name: [files_digest(one.files) for one in each]
                for name, each in self.trained.items()
            },
            "metrics_digest": sha256(self.metrics_csv.encode()).hexdigest(),
        }

    @property
    def digest(self) -> str:
        """Give the sha256 of `facts`: equal = the same models and the same figures."""
        return facts_digest(self.facts())


def train(
    config: TrainingConfig,
    settings: Settings,
    progress: Report = silent,
    *,
    models: Models = MODELS,
    jobs: int = 1,
    dask: str | None = None,
) -> TrainingRun:
    """Train and judge as a configuration says; persistence is always beside.

    Parameters
    ----------
    models
        By name; a new model is tried by adding it here.
    jobs, dask
        Where the work is done, see `fan_out`; None = the setting `dask_address`. The result is
        the same.

    Raises
    ------
    ValueError
        If dataset, city, targets, leads or folds do not fit, there is too little to learn from,
        or the model fails or gives what is no forecast.
    FileNotFoundError
        If the series is not there.
    """
    progress("reading", 0.0)
    dataset, read = read_known(config.dataset, config.city, settings, progress)
    dataset = fitted_to(config, dataset)
    check_fit(dataset, read)
    observations = flag(read, dataset.gauges)
    tasks = tasks_of(config, dataset, models)
    progress(f"training {len(tasks)} models", 0.1)
    address = settings.dask_address if dask is None else dask
    done = fan_out(tasks, observations, jobs=jobs, dask=address)
    progress("scoring", 0.8)
    run = judged(config, dataset, observations, done, data_digest=series_digest(read))
    progress("trained", 1.0)
    return run


def fitted_to(config: TrainingConfig, dataset: Dataset) -> Dataset:
    """Give the dataset with the targets, leads, folds and gauges that the configuration asks for.

    Raises
    ------
    ValueError
        If a target is not one of the dataset, or no fold is left.
    """
    unknown = sorted(set(config.targets) - set(dataset.targets))
    if unknown:
        raise ValueError(
            f"targets must be among those of {dataset.name}, {list(dataset.targets)}, "
            f"got {unknown}. Choose others."
        )
    folds = tuple(one.fold() for one in config.folds) or dataset.folds
    if not folds:
        raise ValueError(f"folds must be given: {dataset.name} has none of its own.")
    gauges = dataset.gauges
    if not config.upstream:
        gauges = tuple(replace(gauge, upstream=()) for gauge in gauges)
    return replace(
        dataset,
        targets=config.targets or dataset.targets,
        leads=config.leads() or dataset.leads,
        folds=tuple(_recent(fold, config.learn_days) for fold in folds),
        gauges=gauges,
    )


def tasks_of(config: TrainingConfig, dataset: Dataset, models: Models) -> list[Task]:
    """Give one task per model and fold, persistence first."""
    kinds: dict[str, type[LevelFrame]] = {
        BESIDE: MODELS[BESIDE],
        config.model: check_kind(config.model, models[config.model]),
    }
    return [
        Task(kind, dataset.gauges, dataset.targets, dataset.leads, fold, config.seed,
             config.every_min)
        for kind in kinds.values()
        for fold in dataset.folds
    ]  # fmt: skip


def judged(
    config: TrainingConfig,
    dataset: Dataset,
    observations: Observations,
    done: list[Trained],
    *,
    data_digest: str,
) -> TrainingRun:
    """Give the run of trainings done: the forecasts of all tests joined, and their scores."""
    trained: dict[str, tuple[Trained, ...]] = {}
    for one in done:
        name = one.task.kind.model_id
        trained[name] = (*trained.get(name, ()), one)
    forecasts = {name: joined(each) for name, each in trained.items()}
    docket = docket_of(dataset, observations, dataset.folds, warn_at=config.warn_at)
    scores = scores_of(forecasts, docket)
    return TrainingRun(config, dataset, data_digest, trained, forecasts, docket, scores)


def scores_of(forecasts: Mapping[str, LevelForecast], docket: Docket) -> xr.Dataset:
    """Give every score of the models by name, persistence among them.

    All are scored on the rows that each of them knows. `answered` is the share of the forecasts
    of persistence for which the model gives one too: silence must not pass for skill.
    """
    hindcasts = [Hindcast(name, "none", {"none": one}) for name, one in forecasts.items()]
    told = xr.concat([one["level_m"].notnull().all("quantile").reset_coords(drop=True)
                      for one in forecasts.values()], dim="case")  # fmt: skip
    stays = told.isel(case=list(forecasts).index(BESIDE))
    share = (told & stays).sum("issued_at") / stays.sum("issued_at")
    return judge(hindcasts, docket).assign(answered=share.transpose("case", "gauge", "lead"))


def docket_of(
    dataset: Dataset, observations: Observations, folds: tuple[Fold, ...], *, warn_at: float
) -> Docket:
    """Give what the tests of folds are judged by, the floods in them included."""
    splits = [Split(f"{fold.test[0]:%Y-%m-%d}", fold.train, (fold.test,)) for fold in folds]
    floods = [one for target in dataset.targets
              for one in floods_within(observations, target, splits)]  # fmt: skip
    return Docket(SUITE, observations, dataset.gauges, tuple(floods), warn_at, {})


def joined(trained: tuple[Trained, ...]) -> LevelForecast:
    """Give the forecasts of all folds as one, in order of issue time.

    Raises
    ------
    ValueError
        If two tests overlap.
    """
    whole = xr.concat([one.forecast for one in trained], dim="issued_at", data_vars="all",
                      coords="different", compat="equals", join="exact",
                      combine_attrs="override").sortby("issued_at")  # fmt: skip
    if whole.indexes["issued_at"].has_duplicates:
        raise ValueError("tests of folds must not overlap. Give each time to one fold.")
    return LevelForecast(whole)


def files_digest(files: Mapping[str, bytes]) -> str:
    """Give the sha256 of a packed model: names and bytes."""
    digest = sha256()
    for name in sorted(files):
        digest.update(f"{name} {len(files[name])} ".encode() + files[name])
    return digest.hexdigest()


def lock_digest(path: Path = REPOSITORY / "lock" / "run.txt") -> str | None:
    """Give the sha256 of the locked versions; None where the program came without them."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _recent(fold: Fold, days: float | None) -> Fold:
    """Give the fold that learns from the last so many days before the end of its training."""
    if days is None:
        return fold
    start = max(last for _, last in fold.train) - timedelta(days=days)
    return Fold(tuple((max(first, start), last) for first, last in fold.train if last > start),
                fold.test)  # fmt: skip
