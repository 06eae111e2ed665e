"""What runs beside the cycles of a soak and is killed too: console, dispatch, disk and database."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx2
import numpy as np

from alerts.compose import compose
from alerts.outbox import approve
from alerts.types import Audience
from benchmarks.alerts import order
from benchmarks.receivers import Receivers
from kawamori.dispatch import dispatch_waiting
from kawamori.settings import Settings
from kawamori.store import opened_store

TOKEN = "soak"  # of a console that nobody else reaches
PEOPLE = 400  # that each cycle's approval is sent to
ANSWERS_S = 300.0  # that a console started anew may take on a busy machine
AGAIN_S = 2.0  # after which systemd starts one anew that ended
AGE = re.compile(rb'^kawamori_cycle_age_seconds\{city="[^"]*"\} (\S+)', re.MULTILINE)
SPARE_MB = 1536  # of a disk that holds a day's reports
FORK = multiprocessing.get_context("fork")


class Server(Protocol):
    """A database server of the soak's own."""

    def restart(self) -> None:
        """Stop at once, connections cut, and start again."""


class Console:
    """`kawamori serve` in a process of its own, started again when it was killed."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.variables = {
            "KAWAMORI_HOME": str(settings.home), "KAWAMORI_OUT": str(settings.out),
            "KAWAMORI_DATABASE_URL": settings.store_url, "KAWAMORI_METRICS_TOKEN": TOKEN,
        }  # fmt: skip
        self.log = settings.home / "console.log"
        self.lives: list[list[float]] = []  # resident MB, cycle by cycle, since each start
        self.asked = self.unanswered = 0
        self.stale: list[str] = []
        self._start()

    def _start(self) -> None:
        self.process = self._begun()
        self.lives.append([])
        until = time.monotonic() + ANSWERS_S
        while self._answer("/healthz", 5.0) is None:
            if time.monotonic() > until:
                said = self.log.read_text(encoding="utf-8")[-500:]
                raise RuntimeError(
                    f"the console must answer within {ANSWERS_S:g} s; it said: {said}"
                )
            time.sleep(AGAIN_S)
            if self.process.poll() is not None:
                self.process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "kawamori", "serve", "--port", str(self.port)]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, env=os.environ | self.variables, stdout=log, stderr=log
            )

    def look(self, newest: datetime | None) -> None:
        """Ask for the citizens' page and the figures; the newest run must be the one in them."""
        self.asked += 1
        page, told = self._answer("/public", 60.0), self._answer("/metrics", 60.0)
        if page is None or told is None:
            self.unanswered += 1
            return
        self.lives[-1].append(resident_mb(self.process.pid))
        age = AGE.search(told)
        seen = None if age is None else time.time() - float(age[1])
        # A killed guard may leave a run that is stored: then the console shows a newer one.
        if newest is not None and (seen is None or newest.timestamp() - seen > 300):
            self.stale.append(f"{newest:%m-%d %H:%M}")

    def kill(self, after_s: float) -> None:
        """Kill it while it answers; start it again as systemd does."""
        threading.Timer(after_s, self.process.kill).start()
        while self.process.poll() is None:
            self._answer("/public", 5.0)
        self._start()

    def _answer(self, path: str, timeout_s: float) -> bytes | None:
        try:
            answer = httpx2.get(
                f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s,
                headers={"Authorization": f"Bearer {TOKEN}"},
            )  # fmt: skip
        except httpx2.HTTPError:
            return None
        return answer.content if answer.status_code == 200 else None

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(60)


@dataclass
class Dispatch:
    """Approvals of an invented district, one a cycle, and the process that sends them."""

    settings: Settings
    doubles: Receivers
    approved: int = 0
    killed: int = 0
    failed: int = 0  # ended by itself, but not well: the database was away too long

    def approve(self, run_id: str, now: datetime) -> None:
        """Approve one text for people who get no other."""
        number = self.approved
        advice, until = order(number, now), now + timedelta(hours=2)
        text = compose(advice, form="mail", city_name="川守町", expires=until, drill=False)
        assert text is not None
        people = tuple(f"c{number}p{one}@mail.example" for one in range(PEOPLE))
        with opened_store(self.settings.store_url) as store, store.begin() as connection:
            approve(
                connection, run_id=run_id, advice=advice, messages=[text],
                audiences=[Audience("email", "mail", people)], first="第一の職員",
                second="第二の職員", at=now, expires=until, drill=False,
            )  # fmt: skip
        self.approved += 1

    @contextmanager
    def beside(self, now: datetime, kill_after_s: float | None) -> Iterator[None]:
        """Send what waits in another process meanwhile; kill that one after so long."""
        sender = FORK.Process(target=_send, args=(self.settings, now))
        sender.start()
        timer = threading.Timer(kill_after_s or 0.0, sender.kill)
        if kill_after_s is not None:
            timer.start()
        try:
            yield
        finally:
            sender.join()
            timer.cancel()
            self.killed += sender.exitcode == -signal.SIGKILL
            self.failed += sender.exitcode not in (0, -signal.SIGKILL)

    def account(self) -> dict[str, int]:
        """Give how many people were to be told, were not, and were told more than once."""
        mail, wanted = self.doubles.report()["mail"], self.approved * PEOPLE
        return {
            "approvals": self.approved, "people": wanted, "not_told": wanted - mail["people"],
            "told_twice": mail["doubled"], "killed": self.killed, "gave_up": self.failed,
        }  # fmt: skip


def _send(settings: Settings, now: datetime) -> None:
    for _ in dispatch_waiting(settings, now=now):
        pass
    os._exit(0)  # the threads of the process that was forked are not here to be joined


@dataclass
class Services:
    """All of them; each fault that a service can have is one of `faults`."""

    console: Console
    dispatch: Dispatch
    disk: Path | None  # a disk of the soak's own; None = it may not mount one
    server: Server | None  # None = the store is a SQLite file
    faults: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.faults = (
            "console killed", "dispatch killed",
            *(("disk full",) if self.disk else ()),
            *(("database restart",) if self.server else ()),
        )  # fmt: skip

    @contextmanager
    def harmed(self, fault: str, now: datetime, chance: random.Random) -> Iterator[None]:
        """Do what a fault says while the block runs; what waits is sent meanwhile."""
        after_s = chance.uniform(0.0, 4.0)
        kill_after_s = after_s / 8 if fault == "dispatch killed" else None
        with ExitStack() as stack:
            stack.enter_context(self.dispatch.beside(now, kill_after_s))
            if fault == "disk full" and self.disk is not None:
                stack.enter_context(full(self.disk, after_s))
            if fault == "database restart" and self.server is not None:
                stack.enter_context(_later(self.server.restart, after_s))
            yield
        if fault == "console killed":
            self.console.kill(chance.uniform(0.0, 0.3))

    def account(self) -> dict[str, Any]:
        """Give what became of the messages, and of who asked the console."""
        longest = max(self.console.lives, key=len)
        return {
            "dispatch": self.dispatch.account(),
            "console": {
                "asked": self.console.asked, "unanswered": self.console.unanswered,
                "stale": self.console.stale, "started": len(self.console.lives),
                "longest_life_cycles": len(longest), **memory_of(longest),
            },
        }  # fmt: skip


@contextmanager
def _later(work: Callable[[], None], after_s: float) -> Iterator[None]:
    """Do something after so long, and before the block is left."""
    timer = threading.Timer(after_s, work)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@contextmanager
def locked(url: str, for_s: float) -> Iterator[None]:
    """Hold the write lock of a SQLite store for so long (a writer waits 5 s).

    From a process of its own: a process that is forked with the connection open takes the lock for
    its own, and never sees it let go.
    """
    held = FORK.Event()
    holder = FORK.Process(target=_hold, args=(url.removeprefix("sqlite:///"), for_s, held))
    holder.start()
    held.wait(60)
    try:
        yield
    finally:
        holder.join()


def _hold(path: str, for_s: float, held: Any) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute("BEGIN EXCLUSIVE")
    held.set()
    time.sleep(for_s)
    connection.close()
    os._exit(0)


@contextmanager
def full(disk: Path, after_s: float) -> Iterator[None]:
    """Fill a disk to its last page after so long; when the block ends there is room again."""
    ballast = disk / "ballast"

    def fill() -> None:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**22))

    timer = threading.Timer(after_s, fill)
    timer.start()
    try:
        yield
    finally:
        timer.join()
        ballast.unlink()


@contextmanager
def own_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a small disk on a folder; None = that is not permitted here."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SPARE_MB}m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resident_mb(process: int | str = "self") -> float:
    """Give the resident size of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def memory_of(sizes_mb: list[float]) -> dict[str, Any]:
    """Give first, last and largest of sizes, each quarter's median, and growth in the later half.

    Growth is the least-squares slope in MB per 100 cycles. The earlier half is not in it: caches
    fill there. None = fewer than four sizes.
    """
    if len(sizes_mb) < 4:
        return {"first_mb": None, "last_mb": None, "peak_mb": None, "quarters_mb": None,
                "later_mb_per_100_cycles": None}  # fmt: skip
    quarters = [float(np.median(part)) for part in np.array_split(sizes_mb, 4)]
    later = sizes_mb[len(sizes_mb) // 2 :]
    slope = float(np.polyfit(range(len(later)), later, 1)[0])
    return {
        "first_mb": sizes_mb[0], "last_mb": sizes_mb[-1], "peak_mb": max(sizes_mb),
        "quarters_mb": [round(size, 1) for size in quarters],
        "later_mb_per_100_cycles": round(100 * slope, 2),
    }  # fmt: skip
