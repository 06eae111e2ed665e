"""A city: bundle, official files, policy, model, roster, last cycle, telegrams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine

from alerts.duty.roster import on_watch
from alerts.duty.types import Officer
from alerts.wording import JST
from kawamori.cycle_log import last_cycle
from kawamori.doctor.finding import Finding, Found, Patient, age, ok, red
from kawamori.official_files import official_files
from kawamori.policies import read_policy
from kawamori.rosters import city_roster

FILES = {
    "official": "official",
    "stand_in": "stand-ins",
    "missing": "missing",
    "unreadable": "unreadable",
}
AHEAD = timedelta(minutes=2)
WAYS = {"email": "smtp_host", "line": "line_token"}  # of staff: by which setting
QUARTER, WEEK = timedelta(minutes=15), timedelta(days=7)
CYCLE_MAX = timedelta(minutes=90)  # where no policy can be read


def bundle(patient: Patient, city_id: str) -> Found:
    """Read the bundle, and tell which official files are there and which are stand-ins."""
    check, folder = f"{city_id} bundle", patient.settings.cities / city_id
    if not folder.is_dir():
        yield red(
            check,
            f"there is no folder {folder}",
            f"Make it (docs/city.md), build it "
            f"(kawamori city build {city_id}), or correct the name of its roster.",
        )
        return
    try:
        city = patient.city(city_id)
        rows = official_files(folder)
    except (ValueError, OSError) as error:
        yield red(check, str(error), "Correct what it names (docs/city.md, data/README.md).")
        return
    yield ok(check, f"{len(city.gauges)} gauges, {len(city.districts)} districts")
    states: list[str] = [row.state for row in rows]
    told = ", ".join(f"{states.count(state)} {word}" for state, word in FILES.items())
    if set(states) & {"stand_in", "missing", "unreadable"}:
        yield red(
            f"{city_id} official files",
            told,
            "kawamori city check FOLDER names each; put the published files there.",
        )
    else:
        yield ok(f"{city_id} official files", told)


def policy(patient: Patient, city_id: str) -> Found:
    """Read the policy."""
    check = f"{city_id} policy"
    try:
        rules = read_policy(patient.settings, patient.settings.cities / city_id)
    except (ValueError, OSError, KeyError, TypeError) as error:
        yield red(check, str(error), "Correct policy.toml as data/README.md says.")
        return
    yield ok(check, f"version {rules.version}")


def roster(patient: Patient, city_id: str) -> Found:
    """See that somebody is on watch now and in the week to come, and can be reached."""
    check = f"{city_id} roster"
    try:
        people = city_roster(patient.settings, city_id)
    except FileNotFoundError:
        yield red(check, "there is none: nobody is alerted", "Write it as in docs/duty.md.")
        return
    except (ValueError, OSError) as error:
        yield red(check, str(error), f"Correct it (docs/duty.md): kawamori duty roster {city_id}")
        return
    watch = on_watch(people, patient.now)
    told = f"on watch: {', '.join(one.person_id for one in watch.people)}"
    if watch.off_shift:
        told = f"nobody of {len(people)} is on shift now, so everybody is told"
        yield red(check, told, "Close the gap in the shifts.")
    elif gap := _gap(people, patient.now):
        told = f"nobody is on shift from {gap[0]:%m-%d %H:%M} to {gap[1]:%m-%d %H:%M} in Japan"
        yield red(check, f"{told}: everybody is told then", "Close the gap in the shifts.")
    ways = {name for name, key in WAYS.items() if _set_up(patient, key)}
    mute = sorted(one.person_id for one in people if not any(map(one.address, ways)))
    if mute:
        told = "cannot be reached by mail or LINE as they are set up"
        yield red(
            check,
            f"{', '.join(mute)} {told}",
            "Set KAWAMORI_SMTP_HOST or KAWAMORI_LINE_TOKEN, or give another address.",
        )
    elif not watch.off_shift and not gap:
        yield ok(check, told)


def _gap(people: Sequence[Officer], now: datetime) -> tuple[datetime, datetime] | None:
    """Give the first time of the coming week with nobody on shift, in Japan; None = there is none.

    Looked at each quarter of an hour, as shifts begin and end.
    """
    times = [now + number * QUARTER for number in range(WEEK // QUARTER)]
    bare = [at for at in times if on_watch(people, at).off_shift]
    if not bare:
        return None
    end = next((at for at in times if at > bare[0] and at not in bare), times[-1])
    return bare[0].astimezone(JST), end.astimezone(JST)


def _set_up(patient: Patient, key: str) -> bool:
    told = getattr(patient.settings, key)
    return bool(told.get_secret_value() if isinstance(told, SecretStr) else told)


def cycle(patient: Patient, city_id: str) -> Found:
    """Tell how old the newest cycle is, and the telegrams that it read."""
    check = f"{city_id} cycle"
    if patient.engine is None:
        return
    yield from _last_cycle(patient.engine, city_id)
    run = patient.newest(city_id)
    if run is None:
        yield red(
            check,
            "no cycle has run (drills do not count)",
            f"kawamori cycle {city_id}, then enable its timer (docs/operations.md)",
        )
        return
    cycle_max, telegram_max = _limits(patient, city_id)
    old = patient.now - run.issued_at
    if old < -AHEAD:
        yield red(
            check,
            f"the newest is of {run.issued_at:%Y-%m-%d %H:%M} UTC, which is yet to come",
            "Set the clock (timedatectl set-ntp true), then run a cycle.",
        )
    elif old > cycle_max:
        yield red(
            check,
            f"the newest is {age(old)} old, at most {age(cycle_max)}",
            "See why the timer does not run it: its log, the disk, the series.",
        )
    else:
        yield ok(check, f"the newest is {age(old)} old")
    heard = _heard(patient.record(run))
    yield _telegrams(f"{city_id} telegrams", heard, patient.now, telegram_max)


def _last_cycle(engine: Engine, city_id: str) -> Found:
    """Say it if the last cycle of the timer did not end well."""
    last = last_cycle(engine, city_id)
    if last is not None and last.state in ("failed", "killed"):
        yield red(
            f"{city_id} last cycle",
            f"{last.due:%m-%d %H:%M} UTC {last.state}: {last.note}",
            f"journalctl -u kawamori-cycle@{city_id} -n 50; then: kawamori cycle {city_id}",
        )


def _telegrams(check: str, heard: datetime | None, now: datetime, most: timedelta) -> Finding:
    if heard is None:
        return red(
            check,
            "no feed is connected: official warnings are not read",
            "Write a [[feed]] of kind jma-xml (docs/operations.md), or: kawamori run --telegrams "
            "FOLDER, with a receiver that fills it.",
        )
    if now - heard > most:
        return red(
            check,
            f"last heard {age(now - heard)} ago, at most {age(most)}",
            "See whether the receiver runs and writes last_poll.txt.",
        )
    return ok(check, f"last heard {age(now - heard)} ago")


def _heard(record: Mapping[str, Any]) -> datetime | None:
    """Give when the telegram feed last lived, as the newest run read it."""
    try:
        told = record["warnings"]["received_at"]
        return None if told is None else datetime.fromisoformat(told)
    except (ValueError, KeyError, TypeError):
        return None


def _limits(patient: Patient, city_id: str) -> tuple[timedelta, timedelta]:
    """Give how old a cycle and the telegrams may be; a broken policy is told by its own check."""
    try:
        rules = read_policy(patient.settings, patient.settings.cities / city_id)
    except (ValueError, OSError, KeyError, TypeError):
        return CYCLE_MAX, CYCLE_MAX
    minutes = rules.staff.old_min, rules.staleness.telegram_min
    return timedelta(minutes=minutes[0]), timedelta(minutes=minutes[1])
