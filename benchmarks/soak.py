"""A day of ten-minute cycles with faults injected, on simulated time: is each accounted for?

    python -m benchmarks.soak --hours 24 [--postgresql] [--city drill-town] [--storm NAME] [--json]

The city's stored storm comes through a feed on a server of our own, one cycle after the other under
the guard; a console is asked after each, and what is approved is sent beside each. Time is
simulated: nothing waits, so a day takes as long as its cycles compute. Faults: feed down, cut off,
garbage, late, of another time, with readings to come; store locked, or its server restarted; disk
full (a small one of the soak's own, as root); the process of the cycle, of its guard, of the sender
or of the console killed with SIGKILL; no cycle at all. `swallowed` counts complete cycles that
advise less than the thresholds which the true level has reached demand, and say of no input why.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from advisory.types import Level
from benchmarks.machine import machine, peak_rss_mb
from benchmarks.receivers import receivers
from benchmarks.soak_feed import FEED_FAULTS, Feed, before, connect
from benchmarks.soak_services import (
    FORK,
    Console,
    Dispatch,
    Services,
    locked,
    memory_of,
    own_disk,
)
from forecasting.types import Observations, aware, utc64
from kawamori.archive import Archive
from kawamori.cities import open_city
from kawamori.cycle import run_cycle
from kawamori.cycle_guard import CycleError, Ended, guarded_cycle
from kawamori.cycle_log import STEP, cycles, due_at
from kawamori.drill import drill_times, read_storm, train_desk
from kawamori.feeds.poll import archive_folder
from kawamori.pipeline import Desk
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import read_record

OTHER_FAULTS = ("killed", "guard killed", "no cycle")
P_FAULT = 0.35  # of the cycles have one
KILLED_S = 5.0  # after its beginning at most
LOCKED_S = (2.0, 45.0)  # so long the store is locked
DUE = {"danger": Level.EVACUATE, "judgment": Level.ELDERLY}  # threshold the true level reached


@dataclass
class Soak:
    """One run of many cycles; what happened is counted."""

    settings: Settings
    desk: Desk
    feed: Feed
    chance: random.Random
    services: Services | None = None  # None = nothing runs beside the cycles
    p_fault: float = P_FAULT
    injected: Counter[str] = field(default_factory=Counter)
    below: list[str] = field(default_factory=list)  # less than due, and the reason was told
    demanded: int = 0  # districts x complete cycles of which the true level demands something
    unknown: int = 0  # of them advised as unknown
    swallowed: list[str] = field(default_factory=list)  # less than due, and nothing told
    raised: Counter[str] = field(default_factory=Counter)  # what a cycle that failed told staff
    newest: datetime | None = None  # complete cycle
    cycles_mb: list[float] = field(default_factory=list)  # peaks of complete cycles' processes
    guards_mb: list[float] = field(default_factory=list)  # and of their guards'
    cycle_mb: Any = field(default_factory=lambda: FORK.Value("d", 0.0))
    guard_mb: Any = field(default_factory=lambda: FORK.Value("d", 0.0))

    def fault(self) -> str:
        """Give the fault of the next cycle; "" = none."""
        faulty = self.chance.random() < self.p_fault
        return self.chance.choice(self.faults) if faulty else ""

    @property
    def faults(self) -> tuple[str, ...]:
        """Give every fault that can be done here."""
        on_file = self.settings.store_url.startswith("sqlite")
        beside = () if self.services is None else self.services.faults
        return (*FEED_FAULTS, *OTHER_FAULTS, *(("locked",) if on_file else ()), *beside)

    def cycle(self, now: datetime, fault: str) -> None:
        """Run one cycle, or none, with or without a fault."""
        self.injected[fault or "none"] += 1
        self.feed.now, self.feed.fault = now, fault
        if fault == "no cycle":
            return
        with self._harmed(fault, now):
            ended = self._guarded(fault, now)
        if isinstance(ended, str):  # the command alerts staff with it
            self.raised[f"{fault}: {ended}"[:160]] += 1
        else:
            self.newest = now
            self.cycles_mb.append(self.cycle_mb.value)
            self.guards_mb.append(self.guard_mb.value)
            self._judge(ended, now)
            if self.services is not None and ended.run_id is not None:
                self.services.dispatch.approve(ended.run_id, now)
        if self.services is not None:
            self.services.console.look(self.newest)

    @contextmanager
    def _harmed(self, fault: str, now: datetime) -> Iterator[None]:
        beside = self.services.harmed(fault, now, self.chance) if self.services else nullcontext()
        for_s = self.chance.uniform(*LOCKED_S)
        held = locked(self.settings.store_url, for_s) if fault == "locked" else nullcontext()
        with beside, held:
            yield

    def _guarded(self, fault: str, now: datetime) -> Ended | str:
        """Run the guard in a process of its own, as systemd does; give how it ended, or why not."""
        ours, theirs = FORK.Pipe(duplex=False)
        guard = FORK.Process(target=self._guard, args=(theirs, fault, now))
        guard.start()
        theirs.close()
        timer = threading.Timer(self.chance.uniform(0.0, KILLED_S), guard.kill)
        if fault == "guard killed":
            timer.start()
        try:
            ended: Ended | str = ours.recv()
        except EOFError:
            ended = "the guard was killed"
        finally:
            timer.cancel()
            guard.join()
            ours.close()
        return ended

    def _guard(self, pipe: Connection, fault: str, now: datetime) -> None:
        city_id = self.desk.city.city_id
        try:
            ended = guarded_cycle(self.settings, city_id, lambda: self._work(now, fault), now=now)
        except (CycleError, SQLAlchemyError, OSError, ValueError) as error:
            pipe.send(f"{type(error).__name__}: {error}")
        else:
            self.guard_mb.value = peak_rss_mb()
            pipe.send(ended)
        os._exit(0)  # the threads of the process that was forked are not here to be joined

    def _work(self, now: datetime, fault: str) -> tuple[str, list[str]]:
        if fault == "killed":
            after_s = self.chance.uniform(0.0, KILLED_S)
            threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
        client = httpx2.Client(timeout=httpx2.Timeout(60.0))
        done = run_cycle(self.settings, self.desk.city.city_id, now=now, desk=self.desk,
                         client=client, wait=lambda _: None)  # fmt: skip
        if fault.endswith("killed") and fault in OTHER_FAULTS:
            time.sleep(60)  # whoever is to be killed is
        self.cycle_mb.value = peak_rss_mb()
        faults = [text for one in done.outcomes for text in (one.fault, *one.refused) if text]
        return done.run.run_id, [*faults, *done.notes]

    def _judge(self, ended: Ended, now: datetime) -> None:
        if ended.run_id is None:
            return
        with opened_store(self.settings.store_url) as store:
            advice = {row["district_id"]: row["level"] for row in
                      read_record(store, ended.run_id)["advice"]}  # fmt: skip
        for district_id, due in self._due(now).items():
            self.demanded += 1
            level = advice[district_id]
            self.unknown += level is None
            if level is not None and level < due:
                told = self.below if _explained(ended) else self.swallowed
                told.append(f"{now:%m-%d %H:%M} {district_id} {level} < {int(due)}")

    def _due(self, now: datetime) -> dict[str, Level]:
        """Give the level that the true level demands of each district that listens to a gauge.

        Falling water between the judgment and the danger level demands nothing: the policy may
        release it.
        """
        truth = self.feed.table.loc[: utc64(now)].iloc[-1]
        earlier = self.feed.table.loc[: utc64(now - timedelta(hours=1))].iloc[-1]
        found: dict[str, Level] = {}
        gauges = {gauge.gauge_id: gauge for gauge in self.desk.city.gauges}
        for district_id, names in self.desk.city.districts["gauge_ids"].items():
            for name in names:
                for threshold, level in DUE.items():
                    falling = truth.get(name, float("nan")) < earlier.get(name, float("nan"))
                    if threshold == "judgment" and falling:
                        continue
                    limit_m = getattr(gauges[name].thresholds, threshold)
                    if limit_m is not None and truth.get(name, float("nan")) >= limit_m:
                        found[str(district_id)] = max(level, found.get(str(district_id), level))
        return found


def _explained(ended: Ended) -> bool:
    """Tell whether the cycle said that an input was missing, beside telegrams, which none has."""
    return any("警報電文" not in line for line in ended.lines)


def soak(settings: Settings, desk: Desk, series: Observations, times: list[datetime], *,
         seed: int = 1, wall_min: float = float("inf"),
         services: Services | None = None, p_fault: float = P_FAULT) -> dict[str, Any]:  # fmt: skip
    """Run cycles at `times` on a series; give what happened, counted."""
    city = desk.city
    feed = Feed(series)
    connect(city.folder, feed)
    archive = Archive(archive_folder(settings.home, city.city_id))
    archive.append(before(series, times[0]), received_at=times[0])
    run = Soak(settings, desk, feed, random.Random(seed), services, p_fault)
    # What one cycle imports and compiles here, the forked ones find done.
    warm = times[0] - STEP
    done = run_cycle(settings, city.city_id, now=warm, desk=desk, wait=lambda _: None)
    guarded_cycle(settings, city.city_id, lambda: (done.run.run_id, []), now=warm)
    wall = time.perf_counter()
    try:
        for number, now in enumerate(times, start=1):
            run.cycle(now, run.fault())
            print(f"\r{number}/{len(times)} {now:%m-%d %H:%M}", end="", file=sys.stderr)
            if time.perf_counter() - wall > wall_min * 60:
                break
    except KeyboardInterrupt:
        print("\nended early: what was done so far is counted", file=sys.stderr)
    wall_s = time.perf_counter() - wall
    run.cycle(now + STEP, "")  # the last faults are accounted for, and what waits is sent
    if services is not None:
        with services.harmed("", now + 2 * STEP, run.chance):
            """Send what the last cycle approved."""
    feed.server.shutdown()
    feed.server.server_close()
    with opened_store(settings.store_url) as store:
        counted = _accounts(store, city.city_id, times[0], now + STEP)
    return counted | {
        "injected": dict(sorted(run.injected.items())),
        "raised": dict(run.raised),
        "demanded": run.demanded,
        "unknown": run.unknown,
        "below_and_told": run.below,
        "swallowed": run.swallowed,
        "guard": memory_of(run.guards_mb),
        "cycle": memory_of(run.cycles_mb),
        **({} if services is None else services.account()),
        "wall_s": round(wall_s, 1),
        "times_real": round((now + STEP - times[0]).total_seconds() / wall_s, 1),
        **machine(),
    }  # fmt: skip


def _accounts(store: Engine, city_id: str, first: datetime, last: datetime) -> dict[str, Any]:
    rows = {row.due: row.state for row in cycles(store, city_id)}
    count = round((due_at(last) - due_at(first)) / STEP) + 1
    wanted = [due_at(first) + number * STEP for number in range(count)]
    states = Counter(rows.get(due, "no account") for due in wanted)
    open_ends = states["no account"] + states["started"]
    return {"cycles": count, "accounted": count - open_ends, "states": dict(states)}


def own_home(settings: Settings, city_id: str, home: Path) -> Settings:
    """Give settings of a new home with a copy of the city, and the models that are kept."""
    shutil.copytree(settings.cities / city_id, home / "cities" / city_id)
    for name in ("models", "assets"):
        (home / name).symlink_to((settings.home / name).resolve())
    return Settings(home=home, out=home / "out", bundles=settings.bundles)


@contextmanager
def surroundings(city_id: str, *, postgresql: bool) -> Iterator[tuple[Settings, Services]]:
    """Give a home on a disk of its own, with a console, receivers of mail, and a database."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        disk = stack.enter_context(own_disk(home))
        doubles = stack.enter_context(receivers())
        settings = own_home(Settings(), city_id, home).model_copy(
            update={"smtp_host": "127.0.0.1", "smtp_port": doubles.mail_port}
        )
        server = None
        if postgresql:
            from tests.postgresql import Server

            server = Server()
            stack.callback(server.close)
            settings = settings.model_copy(update={"database_url": SecretStr(server.new_url())})
        with opened_store(settings.store_url):
            """Make the tables."""
        (settings.out).mkdir()
        console = Console(settings)
        stack.callback(console.close)
        yield settings, Services(console, Dispatch(settings, doubles), disk, server)


def main() -> None:
    """Soak a city and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--city", default="drill-town")
    parser.add_argument("--storm")
    parser.add_argument("--postgresql", action="store_true", help="a server of the soak's own")
    parser.add_argument("--skip-h", type=float, default=0.0, help="begin so much later")
    parser.add_argument("--wall-min", type=float, default=float("inf"), help="end earlier")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--p-fault", type=float, default=P_FAULT, help="share of faulty cycles")
    parser.add_argument("--json", action="store_true", help="one line")
    given = parser.parse_args()
    with surroundings(given.city, postgresql=given.postgresql) as (settings, services):
        city = open_city(given.city, settings, lambda *_: None)
        _, series = read_storm(city, given.storm)
        desk = train_desk(city, settings, drill=False)
        start = drill_times(series)[0] + round(given.skip_h * 6) * STEP
        count = min(
            round(given.hours * 6), round((aware(series["time"].values[-1]) - start) / STEP)
        )
        times = [start + number * STEP + timedelta(minutes=3) for number in range(count)]
        found = soak(settings, desk, series, times, seed=given.seed, wall_min=given.wall_min,
                     services=services, p_fault=given.p_fault)  # fmt: skip
    print(json.dumps(found, ensure_ascii=False, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
