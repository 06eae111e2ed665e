"""Runs a drill that was asked for: cycle by cycle on a simulated clock, with faults put in.

Everything it writes lies in the folder of the drill: runs, reports and the store of its own. A
model that the desk keeps is read; one that it lacks is trained and kept beside the drills. Texts go
to the recording channel only.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from kawamori.cities import open_city
from kawamori.drill import (
    CYCLE,
    drill_times,
    read_storm,
    record_delivery,
    train_desk,
)
from kawamori.drill_book import (
    ENDED,
    REPORT,
    DrillRequest,
    asked,
    faults_of,
    progress,
    stopping,
    tell,
)
from kawamori.drill_faults import DrillFaults
from kawamori.drill_review import write_drill_review
from kawamori.ground import read_ground
from kawamori.pipeline import Desk, cycle
from kawamori.placement import told_plan
from kawamori.progress import silent
from kawamori.replay import decisive
from kawamori.report import step
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import store_and_report

STATE_WORDS = {
    "done": "最後まで行った訓練({count}回の計算)",
    "stopped": "途中で止めた訓練({count}回の計算まで)",
    "failed": "途中で失敗した訓練({count}回の計算まで)",
}
Wait = Callable[[float], None]


@dataclass(frozen=True)
class Drilled:
    """What is going on: the desk, its faults, and where it is written."""

    request: DrillRequest
    desk: Desk
    faults: DrillFaults
    settings: Settings  # of the drill alone
    engine: Engine  # of its own store
    book: Path


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
    """Run every cycle of a drill, then write its report; of one that is cut short too."""
    book, key = settings.drills, request.drill_id
    told: dict[str, Any] = {"state": "running", "share": 0.0, "cycles": []}
    tell(book, key, told)
    _clear(book / key)
    own = settings.model_copy(
        update={"home": book / key, "out": book / key / "out", "database_url": None}
    )
    city = open_city(request.city, settings, silent)
    _name, observations = read_storm(city, request.storm)
    desk = train_desk(city, settings, drill=True, models=settings.drills / "models")
    runs: list[Run] = []
    with opened_store(own.store_url) as engine:
        faults = DrillFaults(desk.city, observations, engine)
        drilled = Drilled(request, desk, faults, own, engine, book)
        try:
            for run in _cycles(drilled, drill_times(observations), told, wait):
                runs.append(run)
        except (ValueError, OSError, KeyError) as error:  # what was run is reported all the same
            told |= {"state": "failed", "error": str(error)}
    if told["state"] != "failed":
        told["state"] = "stopped" if stopping(book, key) else "done"
    if runs:
        _report(drilled, runs, settings, STATE_WORDS[told["state"]].format(count=len(runs)))
    tell(book, key, told)


def _cycles(
    drilled: Drilled, times: Sequence[datetime], told: dict[str, Any], wait: Wait
) -> Iterator[Run]:
    """Run cycle by cycle until somebody stops it; faults are looked up before each."""
    book, key = drilled.book, drilled.request.drill_id
    run: Run | None = None
    for number, issued_at in enumerate(times, start=1):
        if stopping(book, key):
            return
        drilled.faults.change(faults_of(book, drilled.request), issued_at)
        run = _cycle(drilled, run, issued_at)
        told["cycles"].append(_line(run, drilled.faults, book / key / f"cycle-{number:03d}"))
        told["share"] = number / len(times)
        tell(book, key, told)
        yield run
        if number < len(times):
            _pause(CYCLE / drilled.request.speed, lambda: stopping(book, key), wait)


def _report(drilled: Drilled, runs: Sequence[Run], settings: Settings, ended: str) -> None:
    """Write the report of the decisive cycle, and the review of all beside it."""
    own, request = drilled.settings, drilled.request
    history = [step(each) for each in runs]
    shutil.copytree(settings.assets, own.assets, dirs_exist_ok=True)
    folder = store_and_report(
        decisive(runs), REPORT, own, history=history, truth=drilled.faults.series
    )
    write_drill_review(
        runs, request.storm, storms=settings.cities / request.city / "storms",
        bundles=settings.bundles, folder=folder, ended=ended,
    )  # fmt: skip


def _clear(folder: Path) -> None:
    """Take away what an earlier worker left of a drill that it did not end."""
    for path in [*folder.glob("cycle-*"), folder / "out"]:
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("kawamori.sqlite*"):
        path.unlink()


def _cycle(drilled: Drilled, before: Run | None, issued_at: datetime) -> Run:
    ground = read_ground(drilled.engine, drilled.desk.city.city_id, at=issued_at)
    return cycle(
        drilled.desk, drilled.faults.seen(), issued_at=issued_at,
        previous=before.advice if before else None,
        told=told_plan(before.allocation, before.advice) if before else None,
        ground=ground,
    )  # fmt: skip


def _line(run: Run, faults: DrillFaults, folder: Path) -> dict[str, Any]:
    """Deliver the texts of a cycle to the recording channel; give what the page shows of it."""
    folder.mkdir(parents=True, exist_ok=True)
    sent = record_delivery(run, folder, down=faults.down)
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
        "faults": dict(faults.held),
        **_places(run),
    }


def _places(run: Run) -> dict[str, Any]:
    """Give how many people go to each shelter, and how many have no place; None = unknown."""
    plan = run.allocation
    if plan is None or run.city.shelters is None:
        return {"places": {}, "nowhere": None}
    names = run.city.shelters["name"]
    sums = plan.assigned.groupby("shelter_id")["people"].sum()
    return {
        "places": {str(names[key]): int(people) for key, people in sums.items()},
        "nowhere": int(plan.unplaced["people"].sum()),
    }


def _pause(span: timedelta, stop: Callable[[], bool], wait: Wait) -> None:
    left_s = span.total_seconds()
    while left_s > 0 and not stop():
        wait(min(1.0, left_s))
        left_s -= 1.0
