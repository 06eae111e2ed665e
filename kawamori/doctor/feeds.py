"""The feeds of a city: each by its own interval, what they bring, and what nothing brings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from kawamori.city import City
from kawamori.doctor.finding import Finding, Found, Patient, age, ok, red, unknown
from kawamori.feeds.config import BY_FOLDER, RAIN, TELEGRAMS, kinds_of, read_feeds
from kawamori.feeds.csv_files import REFUSED
from kawamori.feeds.facts import FeedFact, feed_facts
from kawamori.feeds.poll import telegram_folder
from kawamori.feeds.telegrams import last_poll
from kawamori.feeds.types import Feed

FEED_REMEDY = (
    "kawamori feed CITY NAME asks it again; docs/operations.md (赤くなったら) names each fault."
)
CRISIS = "crisis"  # silent while its gauges are below their start levels: never late by readings
READ_MAX = timedelta(hours=3)  # so old may the newest reading be
OTHERS = timedelta(minutes=2)


def feeds(patient: Patient, city_id: str) -> Found:
    """Tell how each feed is by its own interval; one on demand is never late."""
    try:
        city = patient.city(city_id)
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
    if patient.engine is not None:
        for fact in feed_facts(patient.engine, city, known):
            yield from _polled(f"{city_id} feed {fact.name}", fact, patient)
    for feed in known:
        if feed.on_demand:
            yield ok(f"{city_id} feed {feed.name}", "on demand only, never polled by itself")
        else:
            yield from _folder(f"{city_id} feed {feed.name} folder", feed)
    yield from _uncovered(city, city_id, known)


def telegram_feeds(patient: Patient) -> Found:
    """See that cities of one desk ask for the same telegrams: whoever is first asks for all."""
    asked: dict[str, list[str]] = {}
    for city_id in patient.cities:
        try:
            known = read_feeds(patient.city(city_id))
        except (ValueError, OSError):
            continue  # its own check says it
        for feed in known:
            if feed.kind == TELEGRAMS:
                wish = f"{feed.url} {sorted(feed.types)} {sorted(feed.lists)} {feed.every_s:g} s"
                asked.setdefault(wish, []).append(city_id)
    if len(asked) > 1:
        told = "; ".join(", ".join(cities) for cities in asked.values())
        yield red(
            "telegram feeds",
            f"cities ask for other telegrams than each other: {told}",
            "Write the same url, types, lists and every_s for all: one poll serves them.",
        )


def _polled(check: str, fact: FeedFact, patient: Patient) -> Found:
    """Tell how old the last good poll is, and what it brought."""
    yield _feed(check, fact, patient.now)
    if fact.kind == TELEGRAMS:
        yield from _other_poller(f"{check} poller", telegram_folder(patient.settings.home), fact)
    elif fact.last_good is not None and not fact.failures:
        yield from _brought(f"{check} readings", fact, patient.now)


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


def _brought(check: str, fact: FeedFact, now: datetime) -> Found:
    """Tell a feed that answers and yet brings nothing of the city, or nothing new."""
    if fact.newest is None:
        told = "it answers and has brought no reading of the city yet"
        remedy = "Hold the ids under [feed.stations] or [feed.columns] against what it sends."
        if fact.kind == CRISIS:  # may be as it should be: the water is low
            yield unknown(check, told, f"{remedy} Its gauges speak above their start level only.")
        else:
            yield red(check, told, remedy)
    elif fact.kind not in {CRISIS, *RAIN} and now - fact.newest > READ_MAX:
        told = f"it answers, its newest reading is {age(now - fact.newest)} old"
        yield red(check, told, "Ask its owner; see utc_offset_h and the clock.")


def _folder(check: str, feed: Feed) -> Found:
    """Tell a folder that is not there, and files in it that were refused."""
    if feed.kind not in BY_FOLDER or feed.folder is None:
        return
    if not feed.folder.is_dir():
        yield red(check, f"{feed.folder} does not exist",
                  "Make it, for the service's user to read and write.")  # fmt: skip
        return
    told = sorted((feed.folder / REFUSED).glob("*.txt"), key=lambda path: path.stat().st_mtime)
    if told:
        why = told[-1].read_text(encoding="utf-8", errors="replace").strip()
        yield red(check, f"{len(told)} files were refused, the last: {why}",
                  f"Correct them, put them back into {feed.folder} and remove the .txt; or remove "
                  "both.")  # fmt: skip


def _other_poller(check: str, folder: Path, fact: FeedFact) -> Found:
    """Tell a poll of the same folder that this store knows nothing of: two desks ask 気象庁."""
    told = last_poll(folder)
    if told is not None and (fact.last_good is None or told - fact.last_good > OTHERS):
        yield red(check, "last_poll.txt is newer than the last poll of this store: "
                  "another store polls into the same folder", "One poller only (docs/operations.md,"
                  " 一つの住所から二つ以上の市を見るとき): one store for both cities.")  # fmt: skip


def _uncovered(city: City, city_id: str, feeds: Sequence[Feed]) -> Iterator[Finding]:
    """Tell stations that no feed brings: they are missing for ever, and their districts UNKNOWN."""
    if not feeds:
        return
    brought: set[str] = set()
    for feed in feeds:
        brought |= {*map(str, feed.stations.values()), *map(str, feed.columns)}
        if feed.kind == CRISIS and not feed.stations:
            brought |= {gauge.gauge_id for gauge in city.gauges if gauge.sensor == CRISIS}
    if lacking := [name for name in kinds_of(city) if name not in brought]:
        yield red(
            f"{city_id} stations without feed",
            ", ".join(lacking),
            "Name them under [feed.stations] or [feed.columns] of a feed in city.toml.",
        )
