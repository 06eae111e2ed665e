"""Runs a drill that was asked for: cycle by cycle on a simulated clock, with faults put in.

Everything it writes lies in the folder of the drill: runs, reports and the store of its own. Texts
go to the recording channel only.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from forecasting.types import Observations, utc64
from kawamori.cities import open_city
from kawamori.drill import (
    CYCLE,
    drill_times,
    read_storm,
    record_delivery,
    train_desk,
)
from kawamori.drill_book import ENDED, REPORT, DrillRequest, asked, progress, stopping, tell
from kawamori.ground import read_ground, record_road, record_shelter
from kawamori.pipeline import Desk, cycle
from kawamori.placement import told_plan
from kawamori.progress import silent
from kawamori.replay import decisive
from kawamori.report import step
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import store_and_report

BY = "訓練の設定"
Wait = Callable[[float], None]


@dataclass(frozen=True)
class Drilled:
    """What is going on: the desk, its series with faults, and where it is written."""

    request: DrillRequest
    desk: Desk
    observations: Observations
    settings: Settings  # of the drill alone


def work(settings: Settings, *, wait: Wait = time.sleep) -> bool:
    """Run the oldest drill that waits, to its end; False = none waits."""
    book = settings.drills
    waiting = [one for one in asked(book) if progress(book, one.drill_id)["state"] not in ENDED]
    if not waiting:
        return False
    one = waiting[-1]
    try:
        run_drill(one, settings, wait=wait)
    except (ValueError, OSError, KeyError) as error:  # told on the page, the worker goes on
        told = progress(book, one.drill_id)
        tell(book, one.drill_id, told | {"state": "failed", "error": str(error)})
    return True


def run_drill(request: DrillRequest, settings: Settings, *, wait: Wait) -> None:
    """Run every cycle of a drill, then write its report."""
    book, key = settings.drills, request.drill_id
    told: dict[str, Any] = {"state": "running", "share": 0.0, "cycles": []}
    tell(book, key, told)
    own = settings.model_copy(
        update={"home": book / key, "out": book / key / "out", "database_url": None}
    )
    city = open_city(request.city, settings, silent)
    _name, observations = read_storm(city, request.storm)
    desk = train_desk(city, settings, drill=True, rain=False)
    times = drill_times(observations)
    drilled = Drilled(request, desk, silenced(observations, request, times[0]), own)
    runs: list[Run] = []
    with opened_store(own.store_url) as engine:
        put_in_place(drilled, engine, at=times[0])
        for number, issued_at in enumerate(times, start=1):
            if stopping(book, key):
                break
            run = _cycle(drilled, engine, runs, issued_at)
            runs.append(run)
            told["cycles"].append(_line(run, request, book / key / f"cycle-{number:03d}"))
            tell(book, key, told | {"share": number / len(times)})
            told["share"] = number / len(times)
            if number < len(times):
                _pause(CYCLE / request.speed, lambda: stopping(book, key), wait)
    if runs:
        history = [step(each) for each in runs]
        shutil.copytree(settings.assets, own.assets, dirs_exist_ok=True)
        store_and_report(decisive(runs), REPORT, own, history=history, truth=observations)
    tell(book, key, told | {"state": "stopped" if stopping(book, key) else "done"})


def silenced(observations: Observations, request: DrillRequest, since: Any) -> Observations:
    """Give the series with the gauge of the request silent from `since` on."""
    gauge = request.faults.get("gauge")
    if gauge is None:
        return observations
    known = [str(each) for each in observations["gauge"].values]
    if gauge not in known:
        raise ValueError(f"gauge to silence must be one of {known}, got {gauge!r}.")
    quiet = (observations["time"] >= utc64(since)) & (observations["gauge"] == gauge)
    made = observations.copy()
    made["level_m"] = observations["level_m"].where(~quiet, np.nan)
    return Observations(made)


def put_in_place(drilled: Drilled, engine: Engine, *, at: Any) -> None:
    """Write the shelter that is flooded and the road that is closed into the drill's own store."""
    faults, city = drilled.request.faults, drilled.desk.city
    if "shelter" in faults:
        known = set() if city.shelters is None else set(map(str, city.shelters.index))
        record_shelter(
            engine, city.city_id, faults["shelter"], known=known, status="closed",
            note="訓練: 浸水", by=BY, at=at,
        )  # fmt: skip
    if "road" in faults:
        record_road(
            engine, city.city_id, roads=city.roads, crs=city.crs, road=int(faults["road"]),
            closed=True, note="訓練: 通行止め", by=BY, at=at,
        )  # fmt: skip


def _cycle(drilled: Drilled, engine: Engine, runs: list[Run], issued_at: Any) -> Run:
    before = runs[-1] if runs else None
    ground = read_ground(engine, drilled.desk.city.city_id, at=issued_at)
    return cycle(
        drilled.desk, drilled.observations, issued_at=issued_at,
        previous=before.advice if before else None,
        told=told_plan(before.allocation, before.advice) if before else None,
        ground=ground,
    )  # fmt: skip


def _line(run: Run, request: DrillRequest, folder: Path) -> dict[str, Any]:
    """Deliver the texts of a cycle to the recording channel; give what the page shows of it."""
    folder.mkdir(parents=True, exist_ok=True)
    down = ("line",) if "line" in request.faults else ()
    sent = record_delivery(run, folder, down=down)
    silent_gauges = [
        state.gauge_id for state in run.states
        if state.level_m is None or state.at is None or run.issued_at - state.at >= CYCLE
    ]  # fmt: skip
    return {
        "at": run.issued_at.isoformat(),
        "levels": {each.name: int(each.level) for each in run.advice},
        "silent_gauges": silent_gauges,
        "accepted": sum(each.state == "accepted" for each in sent),
        "not_sent": sum(each.state != "accepted" for each in sent),
    }


def _pause(span: timedelta, stop: Callable[[], bool], wait: Wait) -> None:
    left_s = span.total_seconds()
    while left_s > 0 and not stop():
        wait(min(1.0, left_s))
        left_s -= 1.0
