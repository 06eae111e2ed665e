"""A city: bundle, official files, policy, model, roster, last cycle, telegrams."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from alerts.duty.roster import on_watch
from forecasting.registry import load
from kawamori.champion import champion_folder
from kawamori.city import read_city
from kawamori.cycle_log import cycles
from kawamori.doctor.finding import Finding, Found, Patient, age, ok, red, unknown
from kawamori.feeds.config import read_feeds
from kawamori.feeds.facts import FeedFact, feed_facts
from kawamori.official_files import official_files
from kawamori.policies import read_policy
from kawamori.rosters import city_roster

FILES = {
    "official": "official",
    "stand_in": "stand-ins",
    "missing": "missing",
    "unreadable": "unreadable",
}
FEED_REMEDY = (
    "kawamori feed CITY NAME asks it again; docs/operations.md (赤くなったら) names each fault."
)
AHEAD = timedelta(minutes=2)
CYCLE_MAX = timedelta(minutes=90)  # where no policy can be read


def bundle(patient: Patient, city_id: str) -> Found:
    """Read the bundle, and tell which official files are there and which are stand-ins."""
    check, folder = f"{city_id} bundle", patient.settings.cities / city_id
    if not folder.is_dir():
        yield red(check, "the city is not built", f"kawamori city build {city_id}")
        return
    try:
        city = read_city(folder)
        rows = official_files(folder)
    except (ValueError, OSError) as error:
        yield red(check, str(error), f"kawamori city build {city_id}")
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


def model(patient: Patient, city_id: str) -> Found:
    """See that a trained model of the city is kept and of this version's feature layout."""
    yield from _champion(patient, city_id)
    check, home = f"{city_id} model", patient.settings.models
    folders = [path for path in _model_folders(home) if _title(path) == _name(patient, city_id)]
    if not folders:
        yield red(
            check,
            "none is kept: the next cycle trains first, which takes minutes",
            f"kawamori run {city_id} --observations FILE",
        )
        return
    faults = []
    for folder in folders:
        try:
            load(folder)
        except (ValueError, OSError) as error:
            faults.append(str(error))
        else:
            yield ok(check, f"{folder.name[:12]}, of this version and feature layout")
            return
    yield red(check, faults[0], f"Train it again: kawamori run {city_id} --observations FILE")


def _champion(patient: Patient, city_id: str) -> Found:
    """Tell whether the promoted model can be read, and whether the newest cycle used it."""
    check, remedy = (
        f"{city_id} champion",
        ("kawamori promote a new one, or remove champions/CITY.json: the default then forecasts."),
    )
    try:
        folder = champion_folder(city_id, patient.settings)
        if folder is None:
            return
        load(folder)
    except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
        yield red(check, f"it cannot be used: {type(error).__name__}: {error}", remedy)
        return
    run = patient.newest(city_id)
    told = (_record(None if run is None else run.folder).get("forecaster") or {}).get("why_not")
    if told:
        yield red(check, f"the newest cycle could not use it: {told}", remedy)
    else:
        yield ok(check, f"{folder.name[:12]} can be used")


def roster(patient: Patient, city_id: str) -> Found:
    """See that there is a duty roster and that somebody is on watch now."""
    check = f"{city_id} roster"
    try:
        people = city_roster(patient.settings, city_id)
    except FileNotFoundError:
        yield red(check, "there is none: nobody is alerted", "Write it as in docs/duty.md.")
        return
    except (ValueError, OSError) as error:
        yield red(check, str(error), f"kawamori duty roster {city_id}")
        return
    watch = on_watch(people, patient.now)
    if watch.off_shift:
        yield red(
            check,
            f"nobody of {len(people)} is on shift now, so everybody is told",
            "Close the gap in the shifts.",
        )
    else:
        yield ok(check, f"on watch: {', '.join(one.person_id for one in watch.people)}")


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
            f"kawamori run {city_id} --observations FILE, every ten minutes",
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
    yield _telegrams(f"{city_id} telegrams", run.folder, patient.now, telegram_max)


def _last_cycle(engine: Engine, city_id: str) -> Found:
    """Say it if the last cycle of the timer did not end well."""
    last = next(reversed(cycles(engine, city_id)), None)
    if last is not None and last.state in ("failed", "killed"):
        yield red(
            f"{city_id} last cycle",
            f"{last.due:%m-%d %H:%M} UTC {last.state}: {last.note}",
            f"journalctl -u kawamori-cycle@{city_id} -n 50; then: kawamori cycle {city_id}",
        )


def feeds(patient: Patient, city_id: str) -> Found:
    """Tell how each feed is by its own interval; one on demand is never late."""
    if patient.engine is None:
        return
    try:
        city = read_city(patient.settings.cities / city_id)
    except (ValueError, OSError):
        return  # its own check says it
    check = f"{city_id} feeds"
    try:
        known = read_feeds(city)
    except ValueError as error:
        yield red(check, str(error), "Correct the [[feed]] of city.toml (docs/operations.md).")
        return
    if not known:
        yield unknown(
            check,
            "none is set up: series come by hand alone",
            "Write [[feed]] into the city.toml of the built city (docs/operations.md).",
        )
    for fact in feed_facts(patient.engine, city, known):
        yield _feed(f"{city_id} feed {fact.name}", fact, patient.now)
    for feed in known:
        if feed.on_demand:
            yield ok(f"{city_id} feed {feed.name}", "on demand only, never polled by itself")


def _feed(check: str, fact: FeedFact, now: datetime) -> Finding:
    if fact.last_good is None:
        told = f"never good{f': {fact.fault}' if fact.fault else ', never polled'}"
        return red(check, told, FEED_REMEDY)
    told = f"last good {age(now - fact.last_good)} ago, every {age_s(fact.every_s)}"
    if fact.failures:
        return red(check, f"{told}; {fact.failures} failed since: {fact.fault}", FEED_REMEDY)
    if fact.silent(now):
        return red(check, told, "See why no cycle polls it: systemctl list-timers 'kawamori-*'")
    return ok(check, told)


def age_s(seconds: float) -> str:
    """Give an interval in words."""
    return age(timedelta(seconds=seconds)) if seconds >= 60 else f"{seconds:g} s"


def _telegrams(check: str, folder: Path | None, now: datetime, most: timedelta) -> Finding:
    heard = _heard(folder)
    if heard is None:
        return red(
            check,
            "no feed is connected: official warnings are not read",
            "kawamori run --telegrams FOLDER, with a receiver that fills it.",
        )
    if now - heard > most:
        return red(
            check,
            f"last heard {age(now - heard)} ago, at most {age(most)}",
            "See whether the receiver runs and writes last_poll.txt.",
        )
    return ok(check, f"last heard {age(now - heard)} ago")


def _heard(folder: Path | None) -> datetime | None:
    """Give when the telegram feed last lived, as the newest run read it."""
    try:
        told = _record(folder)["warnings"]["received_at"]
        return None if told is None else datetime.fromisoformat(told)
    except (ValueError, KeyError, TypeError):
        return None


def _record(folder: Path | None) -> dict[str, Any]:
    """Give run.json of a run; {} if it is not there or cannot be read."""
    try:
        told = json.loads((folder or Path()).joinpath("run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _limits(patient: Patient, city_id: str) -> tuple[timedelta, timedelta]:
    """Give how old a cycle and the telegrams may be; a broken policy is told by its own check."""
    try:
        rules = read_policy(patient.settings, patient.settings.cities / city_id)
    except (ValueError, OSError, KeyError, TypeError):
        return CYCLE_MAX, CYCLE_MAX
    minutes = rules.staff.old_min, rules.staleness.telegram_min
    return timedelta(minutes=minutes[0]), timedelta(minutes=minutes[1])


def _model_folders(home: Path) -> list[Path]:
    folders = [path.parent for path in home.glob("*/manifest.json")]
    return sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)


def _title(folder: Path) -> str:
    """Give the name of the city that a kept model was trained for."""
    try:
        facts: dict[str, Any] = json.loads((folder / "config.json").read_bytes())["facts"]
        return str(facts["title"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _name(patient: Patient, city_id: str) -> str:
    from kawamori.city import read_toml

    try:
        return str(read_toml(patient.settings.cities / city_id / "city.toml")["name"])
    except (OSError, ValueError, KeyError):
        return city_id
