"""A day of ten-minute cycles with faults injected, on simulated time: is each accounted for?

    python -m benchmarks.soak --hours 24 [--city drill-town] [--storm NAME] [--json]

The city's stored storm comes through a feed on a server of our own, one cycle after the other under
the guard. Time is simulated: nothing waits, so a day takes as long as its cycles compute. Faults:
feed down, cut off, garbage, late, of another time, with readings to come; database locked; the
cycle's process killed with SIGKILL; no cycle at all. `swallowed` counts complete cycles that advise
less than the thresholds which the true level has reached demand, and say of no input why.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from advisory.types import Level
from benchmarks.machine import machine
from forecasting.sources.readings import readings_of
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

FEED_FAULTS = ("down", "cut", "garbage", "late", "clock", "future")
OTHER_FAULTS = ("locked", "killed", "no cycle")
P_FAULT = 0.35  # of the cycles have one
BACK = timedelta(hours=3)  # that the feed tells each time: what was lost comes later
LATE = timedelta(minutes=40)
DUE = {"danger": Level.EVACUATE, "judgment": Level.ELDERLY}  # threshold the true level reached


class Feed:
    """The storm as a CSV: what was measured up to `now`, spoilt as `fault` says."""

    def __init__(self, series: Observations) -> None:
        columns = {str(name): series["level_m"].sel(gauge=name).values
                   for name in series["gauge"].values}  # fmt: skip
        columns |= {str(name): series["rain_mm"].sel(rain_gauge=name).values
                    for name in series["rain_gauge"].values}  # fmt: skip
        self.table = pd.DataFrame(columns, index=pd.DatetimeIndex(series["time"].values))
        self.now, self.fault = aware(series["time"].values[0]), ""
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.answer(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/table.csv"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        until = self.now - LATE if self.fault == "late" else self.now
        until += timedelta(hours=1) if self.fault == "future" else timedelta()
        rows = self.table.loc[utc64(self.now - BACK) : utc64(until)]
        body = rows.to_csv(index_label="time", date_format="%Y-%m-%d %H:%M").encode()
        if self.fault == "garbage":
            body = b"<html>\xe3\x81" + body[:50]
        handler.send_response_only(500 if self.fault == "down" else 200)
        clock = self.now + timedelta(hours=9 if self.fault == "clock" else 0)
        handler.send_header("Date", format_datetime(clock, usegmt=True))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if self.fault == "cut" else body)


@dataclass
class Soak:
    """One run of many cycles; what happened is counted."""

    settings: Settings
    desk: Desk
    feed: Feed
    chance: random.Random
    injected: Counter[str] = field(default_factory=Counter)
    below: list[str] = field(default_factory=list)  # less than due, and the reason was told
    demanded: int = 0  # districts x complete cycles of which the true level demands something
    swallowed: list[str] = field(default_factory=list)  # less than due, and nothing told

    def fault(self) -> str:
        """Give the fault of the next cycle; "" = none."""
        faulty = self.chance.random() < P_FAULT
        return self.chance.choice(FEED_FAULTS + OTHER_FAULTS) if faulty else ""

    def cycle(self, now: datetime, fault: str) -> None:
        """Run one cycle, or none, with or without a fault."""
        self.injected[fault or "none"] += 1
        self.feed.now, self.feed.fault = now, fault
        if fault == "no cycle":
            return
        try:
            with self._locked(fault == "locked"):
                ended = guarded_cycle(
                    self.settings, self.desk.city.city_id, lambda: self._work(now, fault), now=now
                )
        except (CycleError, OperationalError):
            return  # the guard's own words; the account below tells whether it was written down
        self._judge(ended, now)

    def _work(self, now: datetime, fault: str) -> tuple[str, list[str]]:
        if fault == "killed":
            after_s = self.chance.uniform(0.0, 1.0)
            threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
        client = httpx2.Client(timeout=httpx2.Timeout(60.0))
        done = run_cycle(self.settings, self.desk.city.city_id, now=now, desk=self.desk,
                         client=client, wait=lambda _: None)  # fmt: skip
        if fault == "killed":
            time.sleep(60)
        faults = [text for one in done.outcomes for text in (one.fault, *one.refused) if text]
        return done.run.run_id, [*faults, *done.notes]

    @contextmanager
    def _locked(self, locked: bool) -> Iterator[None]:
        """Hold the store's write lock for longer than a writer waits (5 s)."""
        if not locked:
            yield
            return
        path = self.settings.store_url.removeprefix("sqlite:///")
        held = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        held.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            held.close()

    def _judge(self, ended: Ended, now: datetime) -> None:
        if ended.run_id is None:
            return
        with opened_store(self.settings.store_url) as store:
            advice = {row["district_id"]: row["level"] for row in
                      read_record(store, ended.run_id)["advice"]}  # fmt: skip
        for district_id, due in self._due(now).items():
            self.demanded += 1
            level = advice[district_id]
            if level is not None and level < due:
                told = self.below if _explained(ended) else self.swallowed
                told.append(f"{now:%m-%d %H:%M} {district_id} {level} < {int(due)}")

    def _due(self, now: datetime) -> dict[str, Level]:
        """Give the level that the true level demands of each district that listens to a gauge."""
        truth = self.feed.table.loc[: utc64(now)].iloc[-1]
        found: dict[str, Level] = {}
        gauges = {gauge.gauge_id: gauge for gauge in self.desk.city.gauges}
        for district_id, names in self.desk.city.districts["gauge_ids"].items():
            for name in names:
                for threshold, level in DUE.items():
                    limit_m = getattr(gauges[name].thresholds, threshold)
                    if limit_m is not None and truth.get(name, float("nan")) >= limit_m:
                        found[str(district_id)] = max(level, found.get(str(district_id), level))
        return found


def _explained(ended: Ended) -> bool:
    """Tell whether the cycle said that an input was missing, beside telegrams, which none has."""
    return any("警報電文" not in line for line in ended.lines)


def soak(settings: Settings, desk: Desk, series: Observations, times: list[datetime], *,
         seed: int = 1, wall_min: float = float("inf")) -> dict[str, Any]:  # fmt: skip
    """Run cycles at `times` on a series; give what happened, counted."""
    city = desk.city
    feed = Feed(series)
    _connect(city.folder, feed)
    archive = Archive(archive_folder(settings.home, city.city_id))
    archive.append(_before(series, times[0]), received_at=times[0])
    run = Soak(settings, desk, feed, random.Random(seed))
    # What one cycle imports and compiles here, the forked ones find done.
    run_cycle(settings, city.city_id, now=times[0] - STEP, desk=desk, wait=lambda _: None)
    memory = [_rss_mb()]
    wall = time.perf_counter()
    for number, now in enumerate(times, start=1):
        run.cycle(now, run.fault())
        memory.append(_rss_mb())
        print(f"\r{number}/{len(times)} {now:%m-%d %H:%M}", end="", file=sys.stderr)
        if time.perf_counter() - wall > wall_min * 60:
            break
    run.feed.fault = ""
    feed.now = now + STEP  # the last faults are accounted for by the next cycle
    guarded_cycle(settings, city.city_id, lambda: run._work(feed.now, ""), now=feed.now)
    feed.server.shutdown()
    feed.server.server_close()
    with opened_store(settings.store_url) as store:
        counted = _accounts(store, city.city_id, times[0], feed.now)
    return counted | {
        "injected": dict(sorted(run.injected.items())),
        "demanded": run.demanded,
        "below_and_told": run.below,
        "swallowed": run.swallowed,
        "rss_start_mb": memory[0], "rss_quarter_mb": memory[len(memory) // 4],
        "rss_end_mb": memory[-1],
        "wall_s": round(time.perf_counter() - wall, 1),
        **machine(),
    }  # fmt: skip


def _accounts(store: Engine, city_id: str, first: datetime, last: datetime) -> dict[str, Any]:
    rows = {row.due: row.state for row in cycles(store, city_id)}
    count = round((due_at(last) - due_at(first)) / STEP) + 1
    wanted = [due_at(first) + number * STEP for number in range(count)]
    states = Counter(rows.get(due, "no account") for due in wanted)
    open_ends = states["no account"] + states["started"]
    return {"cycles": count, "accounted": count - open_ends, "states": dict(states)}


def _before(series: Observations, until: datetime) -> pd.DataFrame:
    past = series.sel(time=slice(None, utc64(until)))
    rows = []
    for kind, dim in (("level_m", "gauge"), ("rain_mm", "rain_gauge")):
        for name in past[dim].values:
            values = past[kind].sel({dim: name}).values
            rows += [(kind, str(name), aware(at), float(value))
                     for at, value in zip(past["time"].values, values, strict=True)]  # fmt: skip
    return readings_of(rows)


def _connect(folder: Path, feed: Feed) -> None:
    """Write the feed into the city.toml of a bundle that is the soak's own."""
    names = "\n".join(f'"{name}" = "{name}"' for name in feed.table.columns)
    text = (
        f'\n[[feed]]\nname = "storm"\nkind = "table"\nevery_s = 60\nurl = "{feed.url}"\n'
        f"utc_offset_h = 0\n[feed.columns]\n{names}\n"
    )
    path = folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def own_home(settings: Settings, city_id: str, home: Path) -> Settings:
    """Give settings of a new home with a copy of the city, and the models that are kept."""
    shutil.copytree(settings.cities / city_id, home / "cities" / city_id)
    for name in ("models", "assets"):
        (home / name).symlink_to((settings.home / name).resolve())
    return Settings(home=home, out=home / "out", bundles=settings.bundles)


def main() -> None:
    """Soak a city and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--city", default="drill-town")
    parser.add_argument("--storm")
    parser.add_argument("--skip-h", type=float, default=0.0, help="begin so much later")
    parser.add_argument("--wall-min", type=float, default=float("inf"), help="end earlier")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = own_home(Settings(), given.city, Path(folder))
        city = open_city(given.city, settings, lambda *_: None)
        _, series = read_storm(city, given.storm)
        desk = train_desk(city, settings, drill=False)
        start = drill_times(series)[0] + round(given.skip_h * 6) * STEP
        count = min(
            round(given.hours * 6), round((aware(series["time"].values[-1]) - start) / STEP)
        )
        times = [start + number * STEP + timedelta(minutes=3) for number in range(count)]
        found = soak(settings, desk, series, times, seed=given.seed, wall_min=given.wall_min)
    print(json.dumps(found, ensure_ascii=False, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
