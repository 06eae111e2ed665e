"""Replays: a stored flood, cycle by cycle, with nothing known before its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from forecasting.evaluate import only
from forecasting.models import MODELS
from forecasting.quality import flag, good
from forecasting.types import Observations, RainForecast
from kawamori.cases import basin, read_case
from kawamori.datasets import read_dataset
from kawamori.pipeline import Desk, cycle, open_desk
from kawamori.placement import told_plan
from kawamori.policies import read_policy
from kawamori.progress import Report, part
from kawamori.report import step
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.stored import store_and_report


def replay_to_report(name: str, settings: Settings, progress: Report) -> Path:
    """Replay a case and write the report of its decisive cycle; give the report's folder."""
    case = read_case(name, settings.bundles)
    progress(f"{name}: reading", 0.0)
    dataset, observations = read_dataset(
        case.dataset, settings.real_data(), bundles=settings.bundles
    )
    city = basin(case, dataset)
    progress(f"{name}: training", 0.1)
    seen = only(good(flag(observations, city.gauges)), dataset.folds[case.fold].train)
    model = MODELS[case.model](gauges=city.gauges, targets=dataset.targets, leads=dataset.leads)
    policy = read_policy(settings)
    desk = open_desk(city, model, seen, policy, drill=True, models=settings.models)
    runs = list(sequence(desk, observations, case.issue_times, part(progress, 0.4, 1.0)))
    history = [step(run) for run in runs]
    return store_and_report(decisive(runs), name, settings, history=history, truth=observations)


def sequence(
    desk: Desk,
    observations: Observations,
    times: Sequence[datetime],
    progress: Report,
    *,
    rain: Callable[[datetime], RainForecast] | None = None,
) -> Iterator[Run]:
    """Give one run per issue time; each hands its advice and what people were told to the next.

    `rain` gives what rain was forecast at an issue time; None = no rain forecasts.
    """
    previous, told = None, None
    for number, issued_at in enumerate(times, start=1):
        run = cycle(
            desk,
            observations,
            issued_at=issued_at,
            previous=previous,
            told=told,
            rain_forecast=None if rain is None else rain(issued_at),
        )
        previous, told = run.advice, told_plan(run.allocation, run.advice)
        progress(f"{desk.city.city_id} {issued_at:%m-%d %H:%M} UTC", number / len(times))
        yield run


def decisive(runs: Sequence[Run]) -> Run:
    """Give the first run at the highest level that any district reached."""
    return max(runs, key=lambda run: max(advice.level for advice in run.advice))
