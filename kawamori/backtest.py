"""The backtest of a dataset: every model on times it has not seen, persistence beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.adaptive import adapted
from forecasting.evaluate import backtest, scorecard
from forecasting.models import MODELS
from forecasting.quality import flag
from forecasting.types import LevelForecast, Observations
from kawamori.datasets import read_dataset
from kawamori.progress import Report, silent

DIGITS = 4
FOLLOWED = "gbm"  # the model of the desk
SHOWN = (
    "model", "lead_h", "n", "skill", "rmse_m", "rmse_top100_m", "rmse_top10_m", "bias_top100_m",
    "mae_m", "coverage90", "coverage90_flood", "crps_m",
)  # fmt: skip


def run_backtest(
    dataset_name: str, data_folder: Path, progress: Report | None = None
) -> dict[str, Any]:
    """Give `dataset, train, test, scores` of every model in `MODELS`, ready for JSON.

    `train` and `test` are the periods of the folds (ISO 8601, both ends included); `scores` are
    the rows of `scorecard`, None where a score is not known. No rain forecast is used. The model
    of the desk stands there twice: as it is, and "followed", its bands adapted as in a cycle.

    Raises
    ------
    ValueError
        If there is no such dataset.
    FileNotFoundError
        If its series is not in `data_folder`.
    """
    report = progress or silent
    report(f"{dataset_name}: reading", 0.0)
    dataset, observations = read_dataset(dataset_name, data_folder)
    flagged = flag(observations, dataset.gauges)
    forecasts = []
    for number, (name, kind) in enumerate(MODELS.items()):
        report(f"{dataset_name}: {name}", 0.1 + 0.9 * number / len(MODELS))
        model = kind(gauges=dataset.gauges, targets=dataset.targets, leads=dataset.leads)
        forecasts.append(backtest(model, flagged, dataset.folds))
        if name == FOLLOWED:
            forecasts.append(_followed(forecasts[-1], flagged))
    table = scorecard(forecasts, flagged, dataset.gauges)
    report(f"{dataset_name}: done", 1.0)
    return {
        "dataset": dataset.name,
        "train": [_iso(period) for fold in dataset.folds for period in fold.train],
        "test": [_iso(fold.test) for fold in dataset.folds],
        "scores": [_row(row) for row in table.to_dict("records")],
    }


def _followed(forecast: LevelForecast, observations: Observations) -> LevelForecast:
    """Give a backtest with bands that follow what became of its earlier ones."""
    told = adapted(forecast, forecast, observations)
    return LevelForecast(told.assign_attrs(model_id=f"{forecast.attrs['model_id']}, followed"))


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    """Give a row of scores as JSON can hold it: rounded, NaN as None."""
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else round(float(value), DIGITS)
    return int(value) if isinstance(value, np.integer) else value


def _iso(period: Sequence[Any]) -> list[str]:
    return [moment.isoformat() for moment in period]


def format_scores(result: Mapping[str, Any]) -> str:
    """Give the scores as a table for people, one block per gauge, the models of a lead together."""
    rows = pd.DataFrame(result["scores"]).fillna(np.nan)
    lines = [f"{result['dataset']}: test " + ", ".join(" to ".join(p) for p in result["test"])]
    for gauge_id, block in rows.groupby("gauge_id", sort=False):
        table = block[list(SHOWN)].to_string(index=False, na_rep="-", float_format="{:.3f}".format)
        lines += [f"gauge {gauge_id}", table]
    return "\n".join(lines)
