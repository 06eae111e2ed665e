"""The guard of cycles: one at a time, killed when too long, each accounted for, staff told.

The cycle itself runs in a child process, so that nothing in it can keep the guard from ending it.
The lock is the kernel's (flock): a process that dies lets go of it, whatever killed it. A cycle
whose store was away is tried again while its time lasts, and staff hear only how it ended.
"""

from __future__ import annotations

import fcntl
import json
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from alerts import deliver
from kawamori.cycle_log import account, begin, due_at, end, write_heartbeat
from kawamori.database import NoAnswerError
from kawamori.settings import Settings
from kawamori.store import opened_store, stored_runs

GRACE = timedelta(minutes=2)  # a guard that is so much over its time is itself stuck

AWAY = (*deliver.AWAY, NoAnswerError)
AWAY_S, ASK_AGAIN_S = 90.0, 1.0  # a database that restarts is there again by then; under GRACE
TRIES = 3  # of one cycle; only where the store was away

T = TypeVar("T")
Work = Callable[[], tuple[str, list[str]]]  # gives run_id and what to say


class CycleError(RuntimeError):
    """A cycle did not end well; the staff are told this text."""


class CycleBusyError(RuntimeError):
    """Another cycle of the city is at work and within its time."""


@dataclass(frozen=True)
class Answer:
    """What a cycle's process gave; nothing said and no run_id = it was killed."""

    run_id: str | None
    said: tuple[str, ...]
    fault: str = ""
    away: bool = False  # the fault is that the store was away


@dataclass(frozen=True)
class Ended:
    """How a cycle ended; `run_id` None = this time's was complete before."""

    due: datetime
    run_id: str | None
    lines: tuple[str, ...]
    missed: int


def guarded_cycle(settings: Settings, city_id: str, work: Work, *, now: datetime) -> Ended:
    """Run a cycle's work under lock and watchdog; the cycles missed before are written down after.

    Raises
    ------
    CycleBusyError
        If another one is at work.
    CycleError
        If the work failed, was killed, or took longer than the settings allow, or the store stays
        away.
    """
    limit_s = settings.cycle_max_min * 60
    with locked(settings.home / "locks" / f"cycle-{city_id}.lock", limit_s=limit_s):
        until = time.monotonic() + limit_s
        due = _patiently(settings, lambda store: begin(store, city_id, now=now), until=until)
        if due is None:
            return Ended(due_at(now), None, ("this cycle is complete already",), 0)
        got = _tried(settings, city_id, work, now=now, until=until)
        state = "complete" if got.run_id else "killed" if not got.said else "failed"

        def written(store: Engine) -> int:
            end(store, city_id, due, state=state, now=max(datetime.now(UTC), now),
                run_id=got.run_id, note=got.fault)  # fmt: skip
            return account(store, city_id, due, now=now)

        missed = _patiently(settings, written)
        if got.run_id is None:
            raise CycleError(f"cycle of {due:%Y-%m-%d %H:%M} UTC {state}: {got.fault}")
        write_heartbeat(heartbeat_file(settings, city_id), due=due, at=now, run_id=got.run_id)
    return Ended(due, got.run_id, got.said, missed)


def _tried(settings: Settings, city_id: str, work: Work, *, now: datetime, until: float) -> Answer:
    """Give the answer of the last try; only where the store was away is there more than one.

    A run that was stored although nobody heard the store say so is the answer: none is made twice.
    """
    told: tuple[str, ...] = ()
    for number in range(1, TRIES + 1):
        got = _in_child(work, max(0.0, until - time.monotonic()))
        if got.run_id is not None or not got.away or number == TRIES:
            break
        why = got.fault.partition("\n")[0]
        told = (*told, f"the store was away, the cycle was tried again ({why})")
        try:
            there = _patiently(settings, lambda store: _stored(store, city_id, now), until=until)
        except CycleError:
            break
        if there is not None:
            got = Answer(there, ())
            break
    return replace(got, said=(*told, *got.said)) if got.run_id is not None else got


def _stored(store: Engine, city_id: str, now: datetime) -> str | None:
    """Give the run of a city that is complete and of exactly this time, None = there is none."""
    at = now.replace(microsecond=0)
    found = (
        run.run_id
        for run in stored_runs(store, state="complete")
        if run.city_id == city_id and run.issued_at == at and not run.drill
    )
    return next(found, None)


def _patiently(settings: Settings, write: Callable[[Engine], T], *, until: float = math.inf) -> T:
    """Give what `write` gives; a store that is away, locked or full is asked again for a while."""
    until = min(until, time.monotonic() + AWAY_S)
    while True:
        try:
            with opened_store(settings.store_url) as store:
                return write(store)
        except AWAY as error:
            if time.monotonic() > until:
                raise CycleError(f"the store is away: {type(error).__name__}: {error}") from error
            time.sleep(ASK_AGAIN_S)


def heartbeat_file(settings: Settings, city_id: str) -> Path:
    """Give the file that tells of the last complete cycle."""
    return settings.home / "heartbeats" / f"{city_id}.json"


@contextmanager
def locked(path: Path, *, limit_s: float) -> Iterator[None]:
    """Hold the lock of a city's cycle.

    A holder that is over its time (its own watchdog is stuck too) is killed and the lock taken.

    Raises
    ------
    CycleBusyError
        If a holder is within its time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _taken(file.fileno()):
            holder, since = _holder(path)
            over = timedelta(seconds=limit_s) + GRACE
            if holder is None or since is None or datetime.now(UTC) - since < over:
                raise CycleBusyError(f"another cycle is at work (process {holder}, since {since})")
            os.kill(holder, signal.SIGKILL)
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go when that process is gone
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat()}))
        file.flush()
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> tuple[int | None, datetime | None]:
    """Give process and beginning of who holds the lock; None where it has not written them yet."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return int(told["pid"]), datetime.fromisoformat(told["since"])
    except (ValueError, KeyError, TypeError):
        return None, None


def _in_child(work: Work, limit_s: float) -> Answer:
    """Give what a child process answers within a time."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=True)
    child = fork.Process(target=_child, args=(work, theirs, ours), daemon=False)
    child.start()
    theirs.close()
    try:
        if not ours.poll(limit_s):
            return Answer(None, (), f"it took longer than {limit_s / 60:.2g} min")
        answer: Answer = ours.recv()
    except EOFError:
        child.join(10)
        return Answer(None, (), f"its process ended with code {child.exitcode}")
    else:
        child.join(10)
        return answer
    finally:
        if child.is_alive():
            child.kill()
            child.join()
        ours.close()


def _child(work: Work, pipe: Connection, guards: Connection) -> None:
    guards.close()  # else this process would hold the other end of its own pipe
    threading.Thread(target=_end_with_guard, args=(pipe,), daemon=True).start()
    try:
        run_id, said = work()
        answer = Answer(run_id, tuple(said))
    except Exception as error:  # noqa: BLE001 - told by the guard, which raises it again
        text = f"{type(error).__name__}: {error}"
        answer = Answer(None, (text,), text, isinstance(error, AWAY))
    pipe.send(answer)


def _end_with_guard(pipe: Connection) -> None:
    """End this process when the guard is gone: the next guard must not meet it at work."""
    try:
        pipe.poll(None)
    finally:
        os._exit(1)
