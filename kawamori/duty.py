"""The duty roster's watch: what stands is told, and told again to the next until somebody knows.

`kawamori run` and `kawamori dispatch` make a pass when they end, `kawamori duty watch` makes one
each minute. Passes of one city never overlap, and one that is killed leaves nothing half done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, update
from sqlalchemy.exc import SQLAlchemyError

from advisory.policy import Policy
from advisory.types import Level
from alerts.channels.line import LineChannel
from alerts.duty.book import admit, advance, take
from alerts.duty.post import StaffMail, send_due
from alerts.duty.tables import staff_watch
from alerts.duty.triggers import triggers
from alerts.duty.types import Officer, RunFacts, Trigger
from alerts.types import Channel
from kawamori.automatic import approve_automatically
from kawamori.district_pages import PAGES, page_stem
from kawamori.duty_facts import Record, health, run_facts
from kawamori.duty_links import links_of
from kawamori.mail import connect
from kawamori.policies import read_policy
from kawamori.rosters import city_roster, roster_file, rostered
from kawamori.settings import Settings
from kawamori.store import StoredRun, newest_run, opened_store

OF_A_RUN = ("advice", "likely", "feed")  # kinds that only a fresh run can tell
OF_THE_DESK = ("cycle", "channel")


@dataclass(frozen=True)
class Seen:
    """The newest complete run of a city, as far as it can be read."""

    run: StoredRun | None
    record: Record | None
    facts: RunFacts | None  # None = no run, unreadable, or too old to speak of now
    fault: str = ""


@contextmanager
def alerting(
    settings: Settings, say: Callable[[str], None], *, city_id: str | None = None
) -> Iterator[None]:
    """Make a pass when the block ends; a fault of a city's cycle alerts, and is raised again.

    After a cycle, what the policy switches to automatic is approved first.

    Parameters
    ----------
    city_id
        Whose cycle the block computes; None = none, then every city with a roster is looked at.
    """
    try:
        yield
        for line in () if city_id is None else approve_automatically(settings, city_id):
            say(line)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
        try:
            _say_pass(settings, say, city_id, failure)
        except (ValueError, OSError, SQLAlchemyError) as other:
            error.add_note(f"and the duty could not be alerted: {type(other).__name__}: {other}")
        raise
    _say_pass(settings, say, city_id, "")


def _say_pass(
    settings: Settings, say: Callable[[str], None], city_id: str | None, failure: str
) -> None:
    one = None if city_id is None else watch_city(settings, city_id, failure=failure)
    for line in watch(settings) if one is None else one:
        say(line)


def watch(settings: Settings, *, now: datetime | None = None) -> Iterator[str]:
    """Make one pass over every city with a roster; say what was sent.

    Raises
    ------
    ValueError
        If a roster or the policy cannot be used; other cities are done first.
    """
    faults = []
    for city_id in rostered(settings):
        try:
            yield from watch_city(settings, city_id, now=now)
        except (ValueError, OSError) as error:
            faults.append(f"{city_id}: {error}")
    if faults:
        raise ValueError("; ".join(faults))


def watch_city(
    settings: Settings,
    city_id: str,
    *,
    now: datetime | None = None,
    failure: str | None = None,
    channels: Mapping[str, Channel] | None = None,
) -> Iterator[str]:
    """Make one pass over a city: find what stands, tell who is due, send; say what was sent.

    Parameters
    ----------
    now
        None = this moment.
    failure
        Why the cycle that just ended failed, "" = it did not; None = none ended just now.
    channels
        By name; None = those of the settings.
    """
    if city_id not in rostered(settings):
        yield f"{city_id}: no roster at {roster_file(settings, city_id)}, nobody is alerted"
        return
    roster = city_roster(settings, city_id)
    now = now or datetime.now(UTC)
    ways = staff_channels(settings) if channels is None else channels
    if not ways:
        yield f"{city_id}: nobody can be reached. Set KAWAMORI_SMTP_HOST or KAWAMORI_LINE_TOKEN."
    try:
        policy = read_policy(settings, settings.cities / city_id)
        with opened_store(settings.store_url) as engine:
            new, told = _look(engine, settings, city_id, policy=policy, roster=roster,
                              channels=ways, failure=failure, now=now)  # fmt: skip
            if new or told:
                yield f"{city_id}: {new} new alerts, {told} messages to the duty"
            links = partial(links_of, settings)
            for person_id, channel, said in send_due(engine, ways, roster, links=links, now=now):
                yield f"{city_id}: {person_id} {channel}: {said}"
    finally:
        for way in ways.values() if channels is None else ():
            way.close()


def send_test(settings: Settings, city_id: str, *, now: datetime | None = None) -> Iterator[str]:
    """Send a 【訓練】 alert to whoever is on duty; it escalates like any other.

    Raises
    ------
    FileNotFoundError, ValueError
        If the city has no roster, or none that can be used.
    """
    city_roster(settings, city_id)
    now = now or datetime.now(UTC)
    policy = read_policy(settings, settings.cities / city_id)
    trigger = Trigger(
        topic="test", kind="test", state=now.isoformat(), severity=1, level=5, drill=True,
        title="通報の試験(実際の災害ではありません)", any_change=True,
        reasons=("当番への通報の試験です。「確認しました」を押してください。",),
        deadline=now + timedelta(minutes=policy.staff.escalate_min),
        deadline_of="確認の期限(過ぎると次の人へ)",
    )  # fmt: skip
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        take(connection, city_id, now)
        admit(connection, [trigger], city_id=city_id, city_name=city_id, run_name="", notes=(),
              kinds=("test",), staff=policy.staff, now=now)  # fmt: skip
    yield from watch_city(settings, city_id, now=now)


def staff_channels(settings: Settings) -> dict[str, Channel]:
    """Give the ways to the staff that the settings name."""
    channels: dict[str, Channel] = {}
    if settings.smtp_host:
        channels["email"] = StaffMail(
            partial(connect, settings), sender=settings.mail_from, clock=lambda: datetime.now(UTC)
        )
    token = settings.line_token.get_secret_value()
    if token:
        from linebot.v3.messaging import Configuration

        configuration = Configuration(host=settings.line_host, access_token=token)
        channels["line"] = LineChannel(configuration, timeout_s=settings.line_timeout_s)
    return channels


def _look(
    engine: Engine,
    settings: Settings,
    city_id: str,
    *,
    policy: Policy,
    roster: Sequence[Officer],
    channels: Mapping[str, Channel],
    failure: str | None,
    now: datetime,
) -> tuple[int, int]:
    """Open what is new and enqueue what is due, in one transaction; give both counts."""
    newest = newest_run(engine, city_id=city_id, drill=False)
    with engine.begin() as connection:
        before = take(connection, city_id, now)
        seen = _seen(newest, policy, now)
        failed = before.failure if failure is None else failure
        state = health(
            connection, newest=seen.run, failure=failed or seen.fault, now=now,
            channels=("line", "email", "webpush"),
        )  # fmt: skip
        name = seen.facts.city_name if seen.facts else city_id
        new = admit(
            connection,
            triggers(_levels(before), seen.facts, state, policy.staff),
            city_id=city_id,
            city_name=name,
            run_name=seen.run.name if seen.run else "",
            notes=seen.facts.notes if seen.facts else (),
            kinds=OF_THE_DESK if seen.facts is None else (*OF_A_RUN, *OF_THE_DESK),
            staff=policy.staff,
            now=now,
            picture=partial(_picture, seen),
        )
        _remember(connection, city_id, seen.facts, failed)
        told = advance(connection, city_id, roster, channels=channels, staff=policy.staff, now=now)
    return len(new), told


def _seen(run: StoredRun | None, policy: Policy, now: datetime) -> Seen:
    if run is None:
        return Seen(None, None, None)
    try:
        record = _record(run)
        facts = run_facts(record, run.name, policy)
    except (ValueError, OSError) as error:
        return Seen(run, None, None, f"{type(error).__name__}: {error}")
    fresh = now - run.issued_at <= timedelta(minutes=policy.staff.old_min)
    return Seen(run, record, facts if fresh else None)


def _record(run: StoredRun) -> dict[str, Any]:
    path = Path() if run.folder is None else run.folder / "run.json"
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if record.get("run_id") != run.run_id:
        raise ValueError(f"{path} must hold run {run.run_id}, got {record.get('run_id')}.")
    return record


def _levels(before: Row[Any]) -> dict[str, Level]:
    return {key: Level[name] for key, name in (before.facts or {}).items() if name in LEVEL_NAMES}


LEVEL_NAMES = frozenset(Level.__members__)


def _remember(connection: Connection, city_id: str, facts: RunFacts | None, failure: str) -> None:
    values: dict[str, Any] = {"failure": failure[:300]}
    if facts is not None:
        values["run_id"] = facts.run_id
        values["facts"] = {each.district_id: each.level.name for each in facts.advice}
    connection.execute(update(staff_watch).where(staff_watch.c.city_id == city_id).values(values))


def _picture(seen: Seen, trigger: Trigger) -> bytes | None:
    """Give the shelter map of the first of a trigger's districts that has one."""
    if seen.run is None or seen.run.folder is None or seen.record is None:
        return None
    ids = [row["district_id"] for row in seen.record["city"]["districts"]]
    for district_id in trigger.district_ids:
        if district_id in ids:
            stem = page_stem(ids.index(district_id) + 1)
            path = seen.run.folder / PAGES / f"{stem}.png"
            if path.is_file():
                return path.read_bytes()
    return None
