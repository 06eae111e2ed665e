"""Workers killed with SIGKILL again and again while a tenth of all answers fails.

On PostgreSQL every fifth kill also hits one of its backends, which cuts every connection and makes
the server recover. Half the faults are refusals (500, 451), half are answers lost after acceptance.
The short form runs with every test; CRASH_KILLS=200 makes it the long one. Time runs faster for
leases and waits, not for sockets: see SPEED.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import OperationalError

from alerts.channels.email import EmailChannel
from alerts.deliver import deliver
from alerts.ledger import faults, read, read_head
from alerts.outbox import approve, prepare
from alerts.schema import approval, outbox
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

AWAY = (OperationalError, psycopg.OperationalError)
T = TypeVar("T")

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

        def once(engine: Engine) -> None:
            with engine.begin() as connection:
                known = select(approval).where(approval.c.district_id == f"district-{number}")
                if connection.execute(known).first():  # the answer was lost, the commit was not
                    return
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

        self.ask(once)

    def ask(self, question: Callable[[Engine], T]) -> T:
        """Ask the store until it answers: a killed backend takes all connections with it."""

        def once() -> T:
            engine = prepare(create_engine(self.url))
            try:
                return question(engine)
            finally:
                engine.dispose()

        return persist(once)

    def work(self) -> None:
        """Deliver for ever: what a worker process does until it is killed."""
        engine = persist(lambda: prepare(create_engine(self.url)))
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
        def once(engine: Engine) -> dict[str, int]:
            query = select(outbox.c.state, func.count()).group_by("state")
            with engine.connect() as connection:
                return {state: count for state, count in connection.execute(query)}

        return self.ask(once)

    def ledger_faults(self) -> list[str]:
        def once(engine: Engine) -> list[str]:
            with engine.connect() as connection:
                return list(faults(read(connection), read_head(connection)))

        return self.ask(once)


def persist(question: Callable[[], T]) -> T:
    until = time.monotonic() + 60
    while True:
        try:
            return question()
        except AWAY:
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


@pytest.fixture
def city(store_url: str) -> Iterator[City]:
    with receivers(faults=FAULTS, seed=KILLS) as doubles:
        yield City(store_url, doubles)


@pytest.fixture
def kill_backend(request: pytest.FixtureRequest, store_url: str) -> Callable[[random.Random], int]:
    """Give a killer of one backend that says how many it killed: on SQLite there is none."""
    if not store_url.startswith("postgresql"):
        return lambda _chance: 0
    server = request.getfixturevalue("postgresql")

    def kill(chance: random.Random) -> int:
        pids = persist(server.backends)
        if not pids:
            return 0
        os.kill(chance.choice(pids), signal.SIGKILL)
        return 1

    return kill


def test_killed_workers_lose_nobody_and_double_only_mails_in_flight(
    city: City, kill_backend: Callable[[random.Random], int]
) -> None:
    chance = random.Random(KILLS)
    city.approve_more()
    workers = [city.worker() for _ in range(WORKERS)]
    backends = 0
    for number in range(KILLS):
        city.approve_more()
        time.sleep(chance.uniform(0.05, 0.4))
        killed = workers.pop(0)
        assert killed.is_alive()
        killed.kill()
        killed.join()
        workers.append(city.worker())
        if number % 5 == 2:
            backends += kill_backend(chance)
    until = time.monotonic() + 60 + KILLS
    while (states := city.states()).keys() != {"accepted"} and time.monotonic() < until:
        time.sleep(0.1)
    for worker in workers:
        worker.kill()
        worker.join()
    told = city.doubles.report()
    sys.stdout.write(
        f"{KILLS} kills, {backends} backends, {city.approved} districts: {states}, {told}\n"
    )
    assert city.ledger_faults() == []
    assert states.keys() == {"accepted"}
    line, mail = told["line"], told["mail"]
    assert (line["people"], line["doubled"]) == (city.approved * USERS, 0)
    assert mail["people"] == city.approved * MAILS
    # a lost answer is a mail in flight too: the server took it, nobody could know
    assert mail["doubled"] <= KILLS * IN_FLIGHT_MAX + mail["lost_answers"]
