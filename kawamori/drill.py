"""Drills: a city's stored storm through the same cycle, to the recording channel only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from sqlalchemy import Connection

from advisory.types import Advice
from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.outbox import approve
from alerts.types import (
    PUBLIC_FORMS,
    Audience,
    Batch,
    Delivery,
    Message,
    Receipt,
    RetryableError,
)
from forecasting.models import MODELS, LevelModel
from forecasting.quality import flag, good
from forecasting.types import Observations, RainForecast, aware, check_observations, step_of
from kawamori.cases import issue_times
from kawamori.cities import open_city
from kawamori.city import City, read_toml
from kawamori.pipeline import Desk, open_desk
from kawamori.policies import read_policy
from kawamori.progress import Report, part
from kawamori.replay import decisive, sequence
from kawamori.report import step
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.simulated_rain import MEMBERS, NOTE, rain_archive, rain_outlook
from kawamori.store import opened_store
from kawamori.stored import store_and_report

OFFICERS = ("訓練当直A", "訓練当直B")
RECIPIENT = "drill-recipient"
CYCLE = timedelta(hours=1)
MODEL = "gbm"
JOBS = 2  # gauges and leads trained side by side
DAY = timedelta(days=1)
LEADS = {
    True: [timedelta(hours=hours) for hours in range(1, 7)],
    False: [timedelta(minutes=minutes) for minutes in (10, 20, 30, 60, 90, 120, 180, 240, 360)],
}
FAR = [timedelta(hours=9), timedelta(hours=12)]  # with rain forecasts only: else nothing is seen


class SilentChannel:
    """Stands in for a service that does not answer (訓練の故障)."""

    def __init__(self, name: str, form: str) -> None:
        self.name, self.form = name, form

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Fail as a service that is down does: to be tried again."""
        raise RetryableError("訓練の故障: 応答なし")

    def close(self) -> None:
        """Give back nothing: there are no connections."""


def drill_to_report(
    name: str, storm: str | None, settings: Settings, progress: Report, *, rain: bool = False
) -> Path:
    """Drill a city on one of its storms; give the folder of the decisive cycle's report.

    With `rain` the forecasts read simulated rain forecasts (模擬); learning them takes minutes. Two
    drill officers approve every draft, and `sent.jsonl` in the folder holds what the recording
    channel was handed.

    Raises
    ------
    ValueError
        If the city has no such storm; the message lists those it has.
    """
    city = open_city(name, settings, part(progress, 0.0, 0.4))
    city = replace(city, notes=(*city.notes, NOTE)) if rain else city
    chosen, observations = read_storm(city, storm)
    progress(f"{name}: training", 0.4)
    desk = train_desk(city, settings, drill=True, rain=rain)
    times = drill_times(observations)
    foreseen = partial(rain_outlook, good(flag(observations, city.gauges))) if rain else None
    runs = list(sequence(desk, observations, times, part(progress, 0.6, 1.0), rain=foreseen))
    run = decisive(runs)
    history = [step(each) for each in runs]
    folder = store_and_report(
        run, f"{name}-{chosen}", settings, history=history, truth=observations
    )
    record_delivery(run, folder)
    return folder


@dataclass(frozen=True)
class Lessons:
    """A city's model, not yet fitted, and what it learns from."""

    model: LevelModel
    training: Observations
    rain: RainForecast | None


def lessons(city: City, *, drill: bool, rain: bool = False) -> Lessons:
    """Give what a desk learns from: the city's own series, with `rain` simulated forecasts too.

    A drill's have several members, as those that it reads; a live one's have one, as issued ones.
    """
    series = read_series(city.folder / "observations.nc")
    known = series["level_m"].notnull().any("time")
    model = MODELS[MODEL](
        gauges=city.gauges,
        targets=[str(gauge_id) for gauge_id in series["gauge"].values[known.values]],
        leads=LEADS[hourly(series)] + (FAR if rain else []),
        jobs=JOBS,
    )
    training = good(flag(series, city.gauges))
    archive = rain_archive(training, members=MEMBERS if drill else 1) if rain else None
    return Lessons(model, training, archive)


def train_desk(
    city: City, settings: Settings, *, drill: bool, rain: bool = False, models: Path | None = None
) -> Desk:
    """Train the model on the city's own series, with `rain` on simulated forecasts of it too.

    With `models`, a folder for what is trained, the models of the desk are read and never written.
    """
    learned = lessons(city, drill=drill, rain=rain)
    return open_desk(
        city, learned.model, learned.training, read_policy(settings, city.folder), drill=drill,
        models=models or settings.models, lent=None if models is None else settings.models,
        rain_forecast=learned.rain,
    )  # fmt: skip


def read_storm(city: City, name: str | None) -> tuple[str, Observations]:
    """Read one storm of the bundle; None = the `default_storm` of its city.toml."""
    known = sorted(path.stem for path in (city.folder / "storms").glob("*.nc"))
    chosen = read_toml(city.folder / "city.toml").get("default_storm") if name is None else name
    if chosen not in known:
        raise ValueError(f"storm of {city.city_id} must be one of {known}, got {chosen!r}.")
    return str(chosen), read_series(city.folder / "storms" / f"{chosen}.nc")


def read_series(path: Path) -> Observations:
    """Read observations of a bundle (CF NetCDF)."""
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing. Make it: kawamori city import CITY --series FILE (docs/city.md)"
        )
    return check_observations(xr.load_dataset(path))


def hourly(observations: Observations) -> bool:
    """Tell whether the step is one hour (else it is finer)."""
    return bool(step_of(observations) >= np.timedelta64(1, "h"))


def drill_times(observations: Observations) -> list[datetime]:
    """Give the hours of a drill: those the storm names, else from one day after its start."""
    first, last = (aware(observations["time"].values[end]) for end in (0, -1))
    named = observations.attrs
    start = datetime.fromisoformat(named["drill_start"]) if "drill_start" in named else first + DAY
    end = datetime.fromisoformat(named["drill_end"]) if "drill_end" in named else last
    return issue_times(start, end, CYCLE)


def record_delivery(run: Run, folder: Path, *, down: Collection[str] = ()) -> list[Delivery]:
    """Approve all drafts as two drill officers and hand them to the recording channel.

    The drill has its own store and its own one invented recipient per text; what was handed over
    is in `sent.jsonl`. Forms that are `down` find no service, as when LINE does not answer.
    """
    channels: dict[str, Any] = {
        f"recording-{form}": RecordingChannel(f"recording-{form}", form, folder / "sent.jsonl")
        for form in PUBLIC_FORMS
    } | {f"recording-{form}": SilentChannel(f"recording-{form}", form) for form in down}
    with opened_store(f"sqlite:///{folder / 'drill.sqlite'}") as engine:
        with engine.begin() as connection:
            for advice in run.advice:
                _approve(connection, run, advice)
        return deliver(engine, channels, now=run.issued_at)


def _approve(connection: Connection, run: Run, advice: Advice) -> None:
    drafts = [
        draft
        for draft in run.messages
        if draft.district_id == advice.district_id and draft.form in PUBLIC_FORMS
    ]
    if drafts:
        approve(
            connection,
            run_id=run.run_id,
            advice=advice,
            messages=drafts,
            audiences=[Audience(f"recording-{one.form}", one.form, (RECIPIENT,)) for one in drafts],
            first=OFFICERS[0],
            second=OFFICERS[1],
            at=run.issued_at,
            expires=advice.valid_until,
            drill=True,
            city_id=run.city.city_id,
        )
