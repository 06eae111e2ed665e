"""What grows with time: a home aged by a year beside a young one.

    python -m benchmarks.months [--days 365] [--postgresql] [--json]

The town's home is aged as the desk itself would leave it (`benchmarks.aged_home`; `kawamori drill
drill-town` first), then everything that runs each minute, cycle or night is done on both, each part
in a process of its own. Wall and CPU seconds, peak memory, and the ratio of aged to young.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alerts.channels.recording import RecordingChannel
from benchmarks.aged_home import age, young_home
from benchmarks.machine import machine, peak_rss_mb, timed
from kawamori.settings import Settings
from kawamori.store import opened_store

CITY = "drill-town"
THINNED = timedelta(days=30)
PAGES = {
    "public": "/public", "situation": "/", "runs": "/runs", "metrics": "/metrics",
    "api_runs": "/api/v1/runs", "approvals": "/approvals", "audit": "/audit", "drills": "/drill",
}  # fmt: skip
VISITS = 5
Figures = dict[str, float]


def console(settings: Settings, now: datetime) -> Figures:
    """Give how long the first answer takes after a start, and every page after it."""
    from fastapi.testclient import TestClient

    from benchmarks.console import sign_in
    from kawamori.console.app import create_app
    from kawamori.console.events import marks_of

    cookie = sign_in(settings, ("admin", "approver", "officer", "viewer"), at=now)
    start = time.perf_counter()
    app = create_app(settings, now=lambda: now)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.headers["accept"] = "text/html"
        client.get("/public").raise_for_status()
        found = {"first_answer": time.perf_counter() - start}
        client.cookies.set("kawamori-session", cookie)
        for name, path in PAGES.items():
            taken = []
            for _ in range(VISITS + 1):
                begin = time.perf_counter()
                client.get(path).raise_for_status()
                taken.append(time.perf_counter() - begin)
            found |= {f"{name}_first": taken[0], name: statistics.median(taken[1:])}
        desk, records = app.state.desk, app.state.records
        found |= timed(lambda: marks_of(desk.engine, records), "look_for_news", times=VISITS)
    return {name if name.endswith("_s") else f"{name}_s": value for name, value in found.items()}


def cycle(settings: Settings, now: datetime) -> Figures:
    """Give the whole cycle, the models in memory."""
    from kawamori.cities import open_city
    from kawamori.cycle import run_cycle
    from kawamori.cycle_guard import guarded_cycle
    from kawamori.drill import train_desk

    desk = train_desk(open_city(CITY, settings, lambda *_: None), settings, drill=False)
    later = iter(now + number * timedelta(minutes=10) for number in range(1, 9))

    def work() -> str:
        done = run_cycle(settings, CITY, now=next(later), desk=desk, wait=lambda _: None)
        return done.run.run_id

    found, at = timed(work, "cycle", times=3), next(later)
    guarded = partial(guarded_cycle, settings, CITY, lambda: (work(), []), now=at)
    return found | timed(guarded, "guarded_cycle")


def minutes(settings: Settings, now: datetime) -> Figures:
    """Give one pass of the duty's watch, and one of the sender with nothing to send."""
    from alerts.deliver import deliver
    from kawamori.duty import watch_city

    ways = {"email": RecordingChannel("email", "staff")}

    def sender() -> None:
        with opened_store(settings.store_url) as store:
            deliver(store, {"email": RecordingChannel("email")}, now=now)

    watch = partial(watch_city, settings, CITY, now=now, channels=ways)
    return timed(lambda: list(watch()), "watch", times=3) | timed(sender, "dispatch", times=3)


def nights(settings: Settings, now: datetime) -> Figures:
    """Give what is done each night, but the back-up, and the whole examination of the doctor."""
    from kawamori.archive import Archive
    from kawamori.doctor.examination import examine
    from kawamori.feeds.poll import archive_folder
    from kawamori.thinning import thin

    def thinned() -> None:
        with opened_store(settings.store_url) as store:
            thin(store, settings.out, before=now - THINNED, by="bench", at=now, dry_run=True)

    archive = Archive(archive_folder(settings.home, CITY))
    found = timed(thinned, "thin") | timed(lambda: archive.compact(now), "compact")
    return found | timed(lambda: examine(settings, now=now), "doctor")


def saved(settings: Settings, now: datetime) -> Figures:
    """Give the first nightly back-up, which packs every report, the next one, and their sizes."""
    from kawamori.backup import nightly

    url, folder, found = settings.store_url, settings.backups, {}
    for name, at in (("backup_first_night", now), ("backup_next_night", now + timedelta(days=1))):
        before = _size_mb(folder)
        found |= timed(partial(nightly, url, folder, kept=7, at=at), name)
        found[f"{name}_mb"] = round(_size_mb(folder) - before, 1)
    return found


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def outward(settings: Settings, _now: datetime) -> Figures:
    """Give the evaluation for policy and the files for the city's platform."""
    from kawamori.cityos.evaluation import evaluate
    from kawamori.cityos.publication import export

    with opened_store(settings.store_url) as store:
        found = timed(lambda: evaluate(store, CITY), "evaluate")
    written = partial(export, "latest", settings, settings.home / "platform", staff=True)
    return found | timed(written, "platform_export")


PARTS: dict[str, Callable[[Settings, datetime], Figures]] = {
    part.__name__: part for part in (console, minutes, cycle, nights, saved, outward)
}


def main() -> None:
    """Print the figures, as JSON on the last line if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        told = json.loads(given.part)
        settings = Settings(home=told["home"], out=told["out"], database_url=told["url"])
        found = PARTS[told["part"]](settings, datetime.fromisoformat(told["now"]))
        print(json.dumps(found | {f"{told['part']}_peak_mb": peak_rss_mb()}))
        return
    young, aged = measured(given.days, given.parts, postgresql=given.postgresql)
    print(f"{'':24}{'young':>10}{'aged':>10}{'ratio':>8}")
    for name, value in young.items():
        ratio = f"{aged[name] / value:8.2f}" if value else ""
        print(f"{name:24}{value:10.3f}{aged[name]:10.3f}{ratio}")
    if given.json:
        told = {"days": given.days, "postgresql": given.postgresql, **machine()}
        print(json.dumps(told | {"young": young, "aged": aged}))


def measured(days: int, parts: list[str], *, postgresql: bool) -> tuple[Figures, Figures]:
    """Give the figures of a young and of an aged home."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        more: list[dict[str, Any]] = [{}, {}]
        if postgresql:
            from tests.postgresql import Server

            server = Server()
            stack.callback(server.close)
            more = [{"database_url": SecretStr(server.new_url())} for _ in more]
        young = young_home(Settings(), CITY, folder / "young", **more[0])
        aged = young_home(Settings(), CITY, folder / "aged", **more[1])
        age(aged, CITY, days)
        found: tuple[Figures, Figures] = {}, {}
        for part in parts:  # one after the other: both on as busy a machine
            for home, figures in zip((young, aged), found, strict=True):
                figures.update(_asked(part, home.settings, home.at + timedelta(minutes=5)))
    return found


def _asked(part: str, settings: Settings, now: datetime) -> Figures:
    told = {"part": part, "home": str(settings.home), "out": str(settings.out),
            "now": now.isoformat(), "url": settings.store_url}  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.months", "--part", json.dumps(told)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    print(part, settings.home.name, figures, file=sys.stderr)
    return figures


if __name__ == "__main__":
    main()
