"""Skill of our models and of the peers on years that nobody has seen, scored by one scorecard."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import timed
from benchmarks.peers.exchange import ask, level_forecast, task_of
from forecasting.adaptive import adapted
from forecasting.baselines import Quantile, QuantileTrees
from forecasting.evaluate import Fold, only, scorecard
from forecasting.features import design, known_until
from forecasting.models import MODELS
from forecasting.types import LevelForecast, Observations, step_of, utc64
from kawamori.datasets import Dataset

LEADS_H = tuple(range(1, 13))
PEERS = (
    "mlforecast-raw", "mlforecast-differences", "skforecast-raw", "skforecast-differences", "lstm",
)  # fmt: skip
FOLLOWED = "gbm"  # the model of the desk
NO_BANDS = (*PEERS, "lstm-published")  # they tell one level and no distribution
DIGITS = {"skill": 4, "rmse_m": 4, "rmse_top10_m": 4, "mae_m": 4}
BANDED = {"crps_m": 5, "coverage90": 4, "coverage90_flood": 4}
# The test of the published figure: 2015-05-01 to 2020-11-01 (Korean time), the last 7,205 samples.
PUBLISHED_MODELS = ("persistence", "linear", "gbm")
PUBLISHED = Fold(
    train=((datetime(2015, 4, 30, 16, tzinfo=UTC), datetime(2020, 1, 6, 8, tzinfo=UTC)),),
    test=(datetime(2020, 1, 6, 9, tzinfo=UTC), datetime(2020, 11, 1, 13, tzinfo=UTC)),
)


@dataclass(frozen=True)
class Run:
    """One dataset's forecasts of every model and peer, and how long each took to train."""

    forecasts: tuple[LevelForecast, ...]
    rows: tuple[dict[str, Any], ...]
    times: dict[str, dict[str, float]]  # by name of the model or peer


def run(
    dataset: Dataset,
    observed: Observations,
    folder: Path,
    *,
    peers: Sequence[str] = PEERS,
    models: Sequence[str] = tuple(MODELS),
    leads_h: Sequence[int] = LEADS_H,
    many: Sequence[int] = (),
) -> Run:
    """Train and score all models and peers on the first fold and target of a dataset.

    `many`: how many gauges at once the peers' forecasts are timed with.
    """
    fold, target = dataset.folds[0], dataset.targets[0]
    training, leads = only(observed, fold.train), [timedelta(hours=hours) for hours in leads_h]
    issue_times = _issue_times(observed, fold)
    forecasts, times, crossings = [], {}, {}
    for name in models:
        model = MODELS[name](gauges=dataset.gauges, targets=[target], leads=leads)
        times[name] = timed(partial(model.fit, training), "fit")
        forecasts.append(model.predict_many(observed, issue_times))
        crossings[name] = crossed(forecasts[-1])
        if isinstance(model, Quantile):  # before its quantiles are put in order
            crossings[name] = booster_crossings(model, observed, issue_times)
        if name == FOLLOWED:
            forecasts.append(followed(forecasts[-1], observed))
            both = str(forecasts[-1].attrs["model_id"])
            times[both], crossings[both] = times[name], crossed(forecasts[-1])
    task = task_of(
        dataset.name, dataset.gauges, target, fold=fold, leads_h=leads_h, peers=peers, many=many
    )
    for answer in ask(task, observed, folder / task.name) if peers else []:
        forecasts.append(level_forecast(answer, forecasts[0]))
        times[answer.name] = answer.times
    table = scorecard(forecasts, observed, [g for g in dataset.gauges if g.gauge_id == target])
    rows = []
    for row in table.to_dict("records"):
        name, lead_h = row["model"], row["lead_h"]
        share = crossings[name][list(leads_h).index(round(lead_h))] if name in crossings else None
        fit = {key: times[name][key] for key in ("fit_s", "fit_cpu_s")}
        rows.append({"dataset": dataset.name, "name": name, "lead_h": lead_h, "n": row["n"],
                     **_scores(row), "crossing_share": share, **fit})  # fmt: skip
    return Run(tuple(forecasts), tuple(rows), times)


def _scores(row: Mapping[Hashable, Any]) -> dict[str, float | None]:
    """Give the scores of a row, rounded; those of a distribution only where there is one."""
    point = {key: round(row[key], digits) for key, digits in DIGITS.items()}
    banded = row["model"] not in NO_BANDS
    return point | {key: round(row[key], d) if banded else None for key, d in BANDED.items()}


def published_run(dataset: Dataset, observed: Observations, folder: Path, *, peers: bool) -> Run:
    """Give the run on the bounds of the best published figure, 1 h ahead."""
    bounded = replace(dataset, name=f"{dataset.name}-published", folds=(PUBLISHED,))
    names = ("lstm-published",) if peers else ()
    return run(bounded, observed, folder, peers=names, models=PUBLISHED_MODELS, leads_h=(1,))


def followed(forecast: LevelForecast, observed: Observations) -> LevelForecast:
    """Give forecasts whose bands follow what became of the earlier ones, as in the desk's cycle."""
    told = adapted(forecast, forecast, observed)
    return LevelForecast(told.assign_attrs(model_id=f"{forecast.attrs['model_id']}, followed"))


def crossed(forecast: LevelForecast) -> list[float]:
    """Give, by lead, the share of forecasts in which a higher quantile lies lower."""
    levels = forecast["level_m"].isel(gauge=0).transpose("lead", "issued_at", "quantile").values
    known = [lead[np.isfinite(lead).all(axis=1)] for lead in levels]
    return [round(float((np.diff(lead, axis=1) < 0).any(axis=1).mean()), 4) for lead in known]


def booster_crossings(
    model: Quantile, observed: Observations, issue_times: np.ndarray
) -> list[float]:
    """Give, by lead, the share of forecasts whose boosters tell a higher quantile lower."""
    (target,) = model.targets
    past = known_until(observed, issue_times, step_of(observed))
    values = design(past, target, model.gauges).at(issue_times).values
    shares = []
    for lead in model.state()["learned"][target]["leads"]:
        told = QuantileTrees.from_state(lead["regressors"][0]).quantiles(values)
        shares.append(round(float((np.diff(told, axis=1) < 0).any(axis=1).mean()), 4))
    return shares


def _issue_times(observed: Observations, fold: Fold) -> np.ndarray:
    times = observed["time"].values
    return times[(times >= utc64(fold.test[0])) & (times <= utc64(fold.test[1]))]
