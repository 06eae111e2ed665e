"""Choosing a configuration on training time alone: what a test holds is blanked before it begins.

The training time of the file, less every test, is cut into blocks of consecutive time; each is
forecast by a model that has learned from the others. Optuna proposes, the flood hours decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from forecasting.evaluate import Period, only
from forecasting.models import MODELS
from forecasting.quality import flag
from forecasting.types import Observations, aware
from forecasting.verification.splits import GAP
from kawamori.datasets import Dataset
from kawamori.digests import series_digest
from kawamori.fan_out import fan_out
from kawamori.progress import Report, silent
from kawamori.settings import Settings
from kawamori.training import BESIDE, fitted_to, judged, tasks_of
from kawamori.training_config import FoldSpans, Models, TrainingConfig, read_training
from kawamori.verify_data import read_known

BLOCKS = 3  # of training time, each held out in turn
JUDGED_BY = "crps_m_flood"  # mean of its ratio to persistence over gauges and leads; less is better


def run_tuning(
    path: Path, settings: Settings, progress: Report = silent, *, trials: int,
    dask: str | None = None,
) -> tuple[Path, pd.DataFrame]:  # fmt: skip
    """Tune as a YAML file says; write best.yaml and trials.csv; give the former and the trials."""
    best, table = tune(read_training(path), settings, progress, trials=trials, dask=dask)
    folder = settings.out / f"tune-{path.stem}"
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "trials.csv", index=False, float_format="%.6g")
    told = yaml.safe_dump(best.model_dump(mode="json", exclude_defaults=True), allow_unicode=True,
                          sort_keys=False)  # fmt: skip
    (folder / "best.yaml").write_text(told, encoding="utf-8")
    return folder / "best.yaml", table


def tune(
    config: TrainingConfig,
    settings: Settings,
    progress: Report = silent,
    *,
    trials: int,
    models: Models = MODELS,
    dask: str | None = None,
) -> tuple[TrainingConfig, pd.DataFrame]:
    """Give the best configuration found, without its `tune`, and one row per trial.

    Raises
    ------
    ValueError
        If the file names nothing to choose, `trials` is below 1, training time is too short, or
        the extra `tuning` is not installed.
    """
    optuna = _optuna()
    space = _space(config)
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials}.")
    dataset, read = read_known(config.dataset, config.city, settings, progress)
    inner, observations = training_time(config, dataset, flag(read, dataset.gauges))
    address = settings.dask_address if dask is None else dask
    known: dict[str, float] = {}
    rows: list[dict[str, Any]] = []

    def value_of(trial: Any) -> float:
        chosen = {key: trial.suggest_categorical(key, list(choices))
                  for key, choices in space.items()}  # fmt: skip
        progress(f"trial {len(rows) + 1} of {trials}", len(rows) / trials)
        name = repr(chosen)
        if name not in known:
            tried = inner.model_copy(update=chosen)
            known[name] = _score(tried, dataset, observations, models, address)
        rows.append({**chosen, JUDGED_BY: known[name]})
        return known[name]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=config.seed))
    study.optimize(value_of, n_trials=trials)
    best = {**dict(study.best_params), "tune": None}
    return config.model_copy(update=best), pd.DataFrame(rows)


def training_time(
    config: TrainingConfig, dataset: Dataset, observations: Observations
) -> tuple[TrainingConfig, Observations]:
    """Give the configuration with folds inside the training time, and all else blanked.

    Raises
    ------
    ValueError
        If too little is left once every test is taken off.
    """
    folds = fitted_to(config.model_copy(update={"learn_days": None}), dataset).folds
    trained = sorted({period for fold in folds for period in fold.train})
    allowed = _without(_united(trained), [(one.test[0] - GAP, one.test[1] + GAP) for one in folds])
    if not allowed:
        raise ValueError("training time must be left once every test is taken off, none is.")
    seen = only(observations, allowed)
    known = seen["level_m"].notnull().any("gauge").values
    blocks = [(aware(part[0]), aware(part[-1]))
              for part in np.array_split(seen["time"].values[known], BLOCKS)]  # fmt: skip
    inner = []
    for first, last in blocks:
        rest = _without(allowed, [(first - GAP, last + GAP)])
        if not rest:
            raise ValueError("training time is too short to hold a third of it out.")
        inner.append(FoldSpans(train=tuple(rest), test=(first, last)))
    return config.model_copy(update={"folds": tuple(inner)}), seen


def _score(
    config: TrainingConfig,
    dataset: Dataset,
    observations: Observations,
    models: Models,
    dask: str,
) -> float:
    """Give the mean ratio of the score to that of persistence. [1]"""
    fitted = fitted_to(config, dataset)
    done = fan_out(tasks_of(config, fitted, models), observations, dask=dask)
    run = judged(config, fitted, observations, done, data_digest=series_digest(observations))
    rows = run.metrics[run.metrics["score"] == JUDGED_BY]
    wide = rows.pivot_table(index=["gauge", "lead_h"], columns="model", values="value")
    if config.model not in wide:
        raise ValueError(
            f"{JUDGED_BY} of {config.model} must be known in training time, it is not."
        )
    return float((wide[config.model] / wide[BESIDE]).mean())


def _space(config: TrainingConfig) -> Mapping[str, Sequence[Any]]:
    """Give the choices by key of the configuration."""
    chosen = {} if config.tune is None else dict(config.tune)
    space = {key: choices for key, choices in chosen.items() if choices}
    if not space:
        raise ValueError("tune must name at least one key with its choices, got none.")
    return space


def _united(periods: Sequence[Period]) -> list[Period]:
    """Give the same time as periods that do not overlap, in order."""
    whole: list[Period] = []
    for first, last in sorted(periods):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return whole


def _without(periods: Sequence[Period], taken: Sequence[Period]) -> list[Period]:
    """Give what is left of periods once others are taken off."""
    left = list(periods)
    for start, end in taken:
        parts = [part for first, last in left
                 for part in ((first, min(last, start)), (max(first, end), last))]  # fmt: skip
        left = [(first, last) for first, last in parts if first < last]
    return left


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ValueError(
            "tuning needs Optuna, which is not installed. Install kawamori[tuning]."
        ) from error
    return optuna
