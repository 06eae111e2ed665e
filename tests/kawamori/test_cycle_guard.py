"""The guard: one cycle at a time, none without an account, staff told of what ended badly."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from kawamori.cycle_guard import (
    CycleBusyError,
    CycleError,
    guarded_cycle,
    heartbeat_file,
    locked,
)
from kawamori.cycle_log import account, begin, cycles, due_at, end, read_heartbeat
from kawamori.settings import Settings
from kawamori.store import complete, open_store, start

NOON = datetime(2026, 6, 1, 12, 3, 20, tzinfo=UTC)
TEN = timedelta(minutes=10)
fork = multiprocessing.get_context("fork")


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, out=tmp_path / "out")


@pytest.fixture
def store(settings):
    engine = open_store(settings.store_url)
    yield engine
    engine.dispose()


def good():
    return "run-1", ["said"]


def states(store):
    return [(row.due.strftime("%H:%M"), row.state) for row in cycles(store, "town")]


def test_a_good_cycle_is_complete_and_its_heart_beats(settings, store):
    ended = guarded_cycle(settings, "town", good, now=NOON)
    assert (ended.run_id, ended.lines, ended.missed) == ("run-1", ("said",), 0)
    assert states(store) == [("12:00", "complete")]
    assert read_heartbeat(heartbeat_file(settings, "town")) == due_at(NOON)


def test_a_cycle_that_is_complete_is_not_run_again(settings, store):
    guarded_cycle(settings, "town", good, now=NOON)
    again = guarded_cycle(settings, "town", lambda: 1 / 0, now=NOON + timedelta(minutes=6))
    assert again.run_id is None
    assert states(store) == [("12:00", "complete")]


def test_a_failed_cycle_says_why_and_may_be_tried_again(settings, store):
    def bad():
        raise ValueError("no gauges")

    with pytest.raises(CycleError, match="failed: ValueError: no gauges"):
        guarded_cycle(settings, "town", bad, now=NOON)
    assert states(store) == [("12:00", "failed")]
    assert read_heartbeat(heartbeat_file(settings, "town")) is None
    guarded_cycle(settings, "town", good, now=NOON)
    assert states(store) == [("12:00", "complete")]


@pytest.fixture
def tries():
    """Give a count that the processes of all tries share."""
    return fork.Value("i", 0)


def away(tries, times, then=good):
    """Give work whose store is away for the first `times` tries."""

    def work():
        tries.value += 1
        if tries.value <= times:
            raise OperationalError("SELECT 1", {}, RuntimeError("the server is starting up"))
        return then()

    return work


def test_a_cycle_whose_store_was_away_is_tried_again_and_has_one_row(settings, store, tries):
    ended = guarded_cycle(settings, "town", away(tries, 2), now=NOON)
    assert (ended.run_id, tries.value) == ("run-1", 3)
    assert ended.lines[-1] == "said"
    assert [line.partition(" (")[0] for line in ended.lines[:-1]] == [
        "the store was away, the cycle was tried again"
    ] * 2
    assert states(store) == [("12:00", "complete")]


def test_a_store_that_stays_away_ends_the_cycle_once_after_three_tries(settings, store, tries):
    with pytest.raises(CycleError, match=r"failed: OperationalError: .*starting up"):
        guarded_cycle(settings, "town", away(tries, 9), now=NOON)
    assert tries.value == 3
    assert states(store) == [("12:00", "failed")]


def test_a_store_that_is_away_for_good_is_told_as_a_fault_of_the_cycle(settings, monkeypatch):
    monkeypatch.setattr("kawamori.cycle_guard.AWAY_S", 0.0)
    nowhere = SecretStr(f"postgresql+psycopg://x@/x?host={settings.home}")
    away = settings.model_copy(update={"database_url": nowhere})
    with pytest.raises(CycleError, match="the store is away: NoAnswerError"):
        guarded_cycle(away, "town", good, now=NOON)


def test_only_a_store_that_was_away_is_a_reason_to_try_again(settings, tries):
    def bad():
        tries.value += 1
        raise ValueError("no gauges")

    with pytest.raises(CycleError, match="no gauges"):
        guarded_cycle(settings, "town", bad, now=NOON)
    assert tries.value == 1


def test_a_run_that_was_stored_although_its_answer_was_lost_is_not_made_twice(
    settings, store, tries
):
    at = NOON.replace(microsecond=0)
    start(store, run_id="run-0", name="n", city_id="town", issued_at=at, drill=False)
    complete(store, "run-0", input_digest="0", folder=settings.out, advice=[])
    ended = guarded_cycle(settings, "town", away(tries, 9), now=NOON + timedelta(microseconds=7))
    assert (ended.run_id, tries.value) == ("run-0", 1)
    assert states(store) == [("12:00", "complete")]


def test_a_killed_cycle_is_told(settings, store):
    with pytest.raises(CycleError, match="ended with code -9"):
        guarded_cycle(settings, "town", lambda: os.kill(os.getpid(), signal.SIGKILL), now=NOON)
    assert states(store) == [("12:00", "killed")]


def test_a_cycle_over_its_time_is_killed(settings, store):
    short = settings.model_copy(update={"cycle_max_min": 0.2 / 60})
    with pytest.raises(CycleError, match="took longer"):
        guarded_cycle(short, "town", lambda: time.sleep(600), now=NOON)
    assert states(store) == [("12:00", "killed")]


def test_after_an_outage_the_present_is_run_and_the_missed_are_written_down(settings, store):
    guarded_cycle(settings, "town", good, now=NOON)
    assert guarded_cycle(settings, "town", good, now=NOON + 4 * TEN).missed == 3
    assert states(store) == [
        ("12:00", "complete"), ("12:10", "missed"), ("12:20", "missed"), ("12:30", "missed"),
        ("12:40", "complete"),
    ]  # fmt: skip


def test_a_cycle_that_never_ended_was_killed_and_a_year_is_one_row(store):
    due = begin(store, "town", now=NOON)
    assert account(store, "town", due + timedelta(days=365), now=NOON) == 1
    assert [row.state for row in cycles(store, "town")] == ["killed", "missed"]
    assert account(store, "town", due, now=NOON) == 0  # nothing before the first
    end(store, "town", due, state="complete", now=NOON)


def hold(path, ready):
    with locked(path, limit_s=60.0):
        ready.set()
        time.sleep(600)


@pytest.fixture
def holder(tmp_path):
    """Give a lock and a process that holds it."""
    path, ready = tmp_path / "x.lock", fork.Event()
    process = fork.Process(target=hold, args=(path, ready))
    process.start()
    assert ready.wait(60)
    yield path, process
    process.kill()
    process.join()


def test_a_lock_within_its_time_is_respected_and_one_of_the_dead_taken_over(holder):
    path, process = holder
    with pytest.raises(CycleBusyError, match=f"process {process.pid}"), locked(path, limit_s=60.0):
        pass
    process.kill()
    process.join()
    with locked(path, limit_s=60.0):
        pass


def test_a_holder_over_its_time_is_killed(holder):
    path, process = holder
    with locked(path, limit_s=-1000.0):  # its time was over before it began
        process.join(60)
        assert process.exitcode == -9


def guard(settings, pid):
    def work():
        pid.value = os.getpid()
        time.sleep(600)
        return "late", []

    guarded_cycle(settings, "town", work, now=NOON)


def test_a_child_ends_with_its_guard_and_the_next_guard_accounts_for_it(settings, store):
    pid = fork.Value("i", 0)
    process = fork.Process(target=guard, args=(settings, pid))
    process.start()
    while not pid.value:
        time.sleep(0.01)
    process.kill()
    process.join()
    for _ in range(6000):  # the child notices that the pipe is closed
        if not os.path.exists(f"/proc/{pid.value}"):
            break
        time.sleep(0.01)
    else:
        pytest.fail("the child outlived its guard")
    guarded_cycle(settings, "town", good, now=NOON + TEN)
    assert states(store) == [("12:00", "killed"), ("12:10", "complete")]


@pytest.mark.parametrize("text", ["", "{", '{"due": "2026-06-01"}', "[]", '{"due": 3}'])
def test_a_heartbeat_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "h.json").write_text(text)
    assert read_heartbeat(tmp_path / "h.json") is None
