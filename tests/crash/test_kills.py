"""Workers killed with SIGKILL again and again while a tenth of all answers fails.

Half the faults are refusals (500, 451), half are answers lost after acceptance. The short form runs
with every test; CRASH_KILLS=200 makes it the long one. Time runs faster for leases and waits, not
for sockets: see SPEED.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from alerts.channels.email import EmailChannel
from alerts.deliver import deliver
from alerts.outbox import approve, prepare
from alerts.schema import outbox
from alerts.types import Audience
from benchmarks.alerts import open_channels, order, write
from benchmarks.receivers import Receivers, receivers

KILLS = int(os.environ.get("CRASH_KILLS", "5"))
FAULTS = 0.10
WORKERS = 2
USERS, MAILS = 1_300, 400  # newly approved before each kill: 3 LINE and 8 mail batches
SPEED = 20.0  # a lease of 100 s is over in 5
LEASE_S = 100.0
START = datetime(2026, 9, 8, 12, tzinfo=UTC)
IN_FLIGHT_MAX = EmailChannel.width * EmailChannel.slice_size

fork = multiprocessing.get_context("fork")


@dataclass
class City:
    """One store, its doubles and the workers on it."""

    url: str
    doubles: Receivers
    began: float = field(default_factory=time.monotonic)
    approved: int = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self.began) * SPEED)

    def approve_more(self) -> None:
        """Approve one more district for people never told before."""
        number, now = self.approved, self.now()
        self.approved += 1
        users = tuple(f"U{number * USERS + each:032x}" for each in range(USERS))
        people = tuple(f"r{number * MAILS + each}@mail.example" for each in range(MAILS))
        engine = prepare(create_engine(self.url))
        with engine.begin() as connection:
            approve(
                connection,
                run_id="crash",
                advice=order(number, now),
                messages=write(number, now)[:2],  # Japanese: LINE and mail
                audiences=[Audience("line", "line", users), Audience("email", "mail", people)],
                first="第一の職員",
                second="第二の職員",
                at=now,
                expires=now + timedelta(hours=20),
                drill=False,
            )
        engine.dispose()

    def work(self) -> None:
        """Deliver for ever: what a worker process does until it is killed."""
        engine = prepare(create_engine(self.url))
        channels = open_channels(self.doubles)
        while True:
            deliver(
                engine,
                channels,
                now=self.now(),
                lease_s=LEASE_S,
                stopwatch=lambda: time.monotonic() * SPEED,
            )
            time.sleep(0.02)

    def worker(self) -> Any:
        process = fork.Process(target=self.work, daemon=True)
        process.start()
        return process

    def states(self) -> dict[str, int]:
        engine = prepare(create_engine(self.url))
        with engine.connect() as connection:
            rows = connection.execute(select(outbox.c.state, func.count()).group_by("state")).all()
        engine.dispose()
        return {state: count for state, count in rows}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with receivers(faults=FAULTS, seed=KILLS) as doubles:
        yield City(f"sqlite:///{tmp_path / 'store.db'}", doubles)


def test_killed_workers_lose_nobody_and_double_only_mails_in_flight(city: City) -> None:
    chance = random.Random(KILLS)
    city.approve_more()
    workers = [city.worker() for _ in range(WORKERS)]
    for _ in range(KILLS):
        city.approve_more()
        time.sleep(chance.uniform(0.05, 0.4))
        killed = workers.pop(0)
        assert killed.is_alive()
        killed.kill()
        killed.join()
        workers.append(city.worker())
    until = time.monotonic() + 60 + KILLS
    while (states := city.states()).keys() != {"accepted"} and time.monotonic() < until:
        time.sleep(0.1)
    for worker in workers:
        worker.kill()
        worker.join()
    told = city.doubles.report()
    sys.stdout.write(f"{KILLS} kills, {city.approved} districts: {states}, {told}\n")
    assert states.keys() == {"accepted"}
    line, mail = told["line"], told["mail"]
    assert (line["people"], line["doubled"]) == (city.approved * USERS, 0)
    assert mail["people"] == city.approved * MAILS
    # a lost answer is a mail in flight too: the server took it, nobody could know
    assert mail["doubled"] <= KILLS * IN_FLIGHT_MAX + mail["lost_answers"]
