"""Delivery: lease batches, look once more whether they may go, send at once, record the answers.

One worker, one transaction a round: what has been answered is recorded, and free places are filled
with newly leased and guarded batches, which threads then send. A worker that dies leaves its
batches leased, and when the lease ends the next worker sends them again under the same key. LINE
answers such a repeat with "already accepted"; mail knows no key, so a kill repeats at most the
slices on their way. Deadlines, not attempt counts: a batch is tried until it expires. A database
that is away, or whose disk is full, is waited for with the answers in hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from alerts.breaker import Breaker, read_breakers
from alerts.leases import due_keys, expire, guard, lease
from alerts.records import bury, log, record
from alerts.schema import StoreFullError, check_guarded
from alerts.sending import Answer, Outcome, Sending, width
from alerts.types import Channel, Delivery, PermanentError, RetryableError

LOOK_AGAIN = timedelta(seconds=1)  # how soon a newly approved batch is seen
AWAY = (OperationalError, InterfaceError, StoreFullError)
ASK_AGAIN_S, ASK_AGAIN_MAX_S = 0.05, 2.0  # a database that is away


def deliver(
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    lease_s: float = 60.0,
    patience_s: float = 60.0,
    stopwatch: Callable[[], float] = time.monotonic,
) -> list[Delivery]:
    """Send every batch that is due over `channels`; give what became of each.

    Parameters
    ----------
    channels
        By name. Batches for other channels wait for a worker that has theirs. A channel with a
        `width` is sent from that many threads, with a `slice_size` gets that many recipients at a
        time.
    now
        When this call starts; `stopwatch` [s] only adds the time that passes during it.
    lease_s
        How long a batch belongs to this worker; longer than the slowest send takes.
    patience_s
        How long a database that does not answer is waited for, in real time.

    Returns
    -------
        One entry per batch touched, expired ones included. A batch that becomes due again while
        others are on their way is tried again; a paused channel's batches wait.

    Raises
    ------
    ValueError
        If the database does not enforce foreign keys, or a time is naive.
    OperationalError, InterfaceError, StoreFullError
        If the database is away, or full, for longer than `patience_s`. What was on its way stays
        leased and goes again later under the same key.
    """
    started = stopwatch()
    worker = _Worker(
        engine,
        channels,
        now=lambda: now + timedelta(seconds=stopwatch() - started),
        lease_s=lease_s,
        patience_s=patience_s,
    )
    return worker.run()


class _Worker:
    """One call of `deliver`: its threads, its breakers, what is on its way and what is done."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        *,
        now: Callable[[], datetime],
        lease_s: float,
        patience_s: float,
    ) -> None:
        self._engine, self._channels, self._now, self._lease_s = engine, channels, now, lease_s
        self._patience_s = patience_s
        self._threads = {
            name: ThreadPoolExecutor(width(channel), thread_name_prefix=name)
            for name, channel in channels.items()
        }
        self._breakers: dict[str, Breaker] = {}
        self._turns: list[tuple[str, str, str]] = []  # pauses and returns, for the log
        self._due: dict[str, list[str]] = {name: [] for name in channels}
        self._looked_at: datetime | None = None
        self._flying: dict[str, Sending] = {}
        self._answered: SimpleQueue[tuple[Sending, Answer | BaseException]] = SimpleQueue()
        self._fault: BaseException | None = None
        self._done: dict[str, Delivery] = {}

    def run(self) -> list[Delivery]:
        """Work until nothing is on its way and nothing is due."""
        answers: list[tuple[Sending, Answer]] = []
        try:
            while True:
                for sending in self._round(answers):
                    self._flying[sending.row.key] = sending
                    self._threads[sending.row.channel].submit(self._send, sending)
                if not self._flying:
                    break
                answers = self._wait()
        finally:
            for pool in self._threads.values():
                pool.shutdown(cancel_futures=True)
        if self._fault is not None:
            raise self._fault
        return list(self._done.values())

    def _send(self, sending: Sending) -> None:
        try:
            self._answered.put((sending, sending.send()))
        except BaseException as error:  # noqa: BLE001 - raised again by run()
            self._answered.put((sending, error))

    def _wait(self) -> list[tuple[Sending, Answer]]:
        """Give the answers that are there, at least one; keep a fault of a channel for the end."""
        got = [self._answered.get()]
        while True:
            try:
                got.append(self._answered.get_nowait())
            except Empty:
                break
        answers: list[tuple[Sending, Answer]] = []
        for sending, answer in got:
            del self._flying[sending.row.key]
            if isinstance(answer, BaseException) and not isinstance(
                answer, (RetryableError, PermanentError)
            ):
                self._fault = self._fault or answer
            else:
                answers.append((sending, answer))
        return answers

    def _round(self, answers: list[tuple[Sending, Answer]]) -> list[Sending]:
        """Record answers and lease what may go next; wait for a database that is away."""
        now = self._now()
        settled = [self._settle(sending, answer, now) for sending, answer in answers]
        turns, self._turns = self._turns, []
        until, wait_s = time.monotonic() + self._patience_s, ASK_AGAIN_S
        while True:
            try:
                return self._transact(settled, turns, now)
            except AWAY:
                if time.monotonic() > until:
                    raise
            self._looked_at = None  # what was not leased after all is due
            time.sleep(wait_s)
            now, wait_s = self._now(), min(2 * wait_s, ASK_AGAIN_MAX_S)

    def _transact(
        self,
        settled: list[tuple[Sending, Outcome]],
        turns: list[tuple[str, str, str]],
        now: datetime,
    ) -> list[Sending]:
        with self._engine.begin() as connection:
            stands = record(connection, settled, now=now, lease_s=self._lease_s)
            log(connection, turns, now)
            going = [
                sending
                for sending, outcome in settled
                if outcome.state == "leased" and _still_ours(sending, stands[sending.row.key])
            ]
            held = {sending.row.key for sending in going}
            self._done |= {key: each for key, each in stands.items() if key not in held}
            if self._fault is not None:
                return []  # what was not sent stays leased, the next worker takes it
            self._look(connection, now, idle=not going and not self._flying)
            return going + self._fill(connection, going, now)

    def _settle(self, sending: Sending, answer: Answer, now: datetime) -> tuple[Sending, Outcome]:
        """Take in an answer; the batch that makes its channel pause says so in its error."""
        outcome = sending.settle(answer, now)
        if outcome.failed is None:
            return sending, outcome
        name = sending.row.channel
        breaker = self._breakers[name]
        turned = breaker.note(failed=outcome.failed, stopped=outcome.stopped, now=now)
        if turned == "resumed":
            self._turns.append((sending.row.key, turned, f"channel {name} answers again"))
        if turned == "paused":
            until = f"{breaker.paused_until:%H:%M:%S} UTC"
            why = (
                "a person must act" if outcome.stopped else f"{breaker.failures} failures in a row"
            )
            said = f"channel {name} pauses until {until}: {why}"
            self._turns.append((sending.row.key, turned, said))
            outcome = replace(outcome, error=f"{outcome.error}; {said}")
        return sending, outcome

    def _look(self, connection: Connection, now: datetime, *, idle: bool) -> None:
        """List what is due, at first, each second, and before going home."""
        if not self._breakers:
            check_guarded(connection)
            self._breakers = read_breakers(connection, self._channels)
        elif self._looked_at and not idle and now < self._looked_at + LOOK_AGAIN:
            return
        self._looked_at = now
        self._done |= {each.key: each for each in expire(connection, now)}
        self._due = {name: due_keys(connection, name, now) for name in self._channels}

    def _fill(self, connection: Connection, going: list[Sending], now: datetime) -> list[Sending]:
        busy = {**self._flying, **{sending.row.key: sending for sending in going}}
        started: list[Sending] = []
        for name, channel in self._channels.items():
            taken = sum(each.row.channel == name for each in busy.values())
            room = self._breakers[name].room(width(channel), now) - taken
            while room > 0 and self._due[name]:
                keys, self._due[name] = self._due[name][:room], self._due[name][room:]
                fresh = self._start(connection, [key for key in keys if key not in busy], now)
                started += fresh
                room -= len(fresh)
        return started

    def _start(self, connection: Connection, keys: list[str], now: datetime) -> list[Sending]:
        if not keys:
            return []
        rows = lease(connection, keys, now=now, lease_s=self._lease_s)
        texts, faults = guard(connection, rows, self._channels)
        self._done |= bury(connection, faults, now)
        return [
            Sending.start(row, texts[row.key], self._channels[row.channel], self._now)
            for row in rows
            if row.key in texts
        ]


def _still_ours(sending: Sending, stands: Delivery) -> bool:
    return stands.state == "leased" and stands.attempts == sending.row.attempts
