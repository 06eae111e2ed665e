"""The registry of people as the command line works on it: files in, numbers out, no addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from alerts.enrolment import enrol
from alerts.recipients import REGISTRY_CHANNELS, counts, forget, opt_out
from kawamori.recipient_list import read_address, read_people
from kawamori.settings import Settings
from kawamori.store import opened_store


def import_people(
    file: Path, settings: Settings, *, city: str | None, now: datetime
) -> tuple[list[str], Sequence[str]]:
    """Take a list into the registry; give what became of it, and its bad rows.

    Good rows are taken in even where others are bad: a broken row must not leave a city untold.
    """
    districts = None if city is None else districts_of(settings, city)
    found = read_people(file.read_bytes(), now=now, districts=districts)
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        done = enrol(connection, found.people)
    lines = [
        f"{len(found.people)} rows read: {done.added} recipients added, {done.changed} changed, "
        f"{done.merged} rows merged, {done.silent} addresses stay silent (opted out or forgotten)"
    ]
    if found.ignored:
        lines.append(f"columns left aside: {', '.join(found.ignored)}")
    if districts is None:
        lines.append("districts were not checked: name the city with --city")
    return lines, found.faults


def count_lines(settings: Settings, *, by_segment: bool) -> Iterator[str]:
    """Give the number of addresses of each channel, before it that of each segment if asked."""
    with opened_store(settings.store_url) as engine, engine.connect() as connection:
        found = counts(connection)
    totals: Counter[str] = Counter()
    for each in found:
        totals[each.channel] += each.people
        if by_segment:
            yield (
                f"{each.district_id} {each.language} {each.household} {each.channel}: {each.people}"
            )
    for channel, people in sorted(totals.items()):
        yield f"{channel}: {people}"
    if not totals:
        yield "the registry is empty"


def forget_person(settings: Settings, channel: str, address: str, *, at: datetime) -> str:
    """Delete the owner of an address; give how many addresses went."""
    known = _address(channel, address)
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        gone = forget(connection, channel, known, at=at)
    return f"forgotten: {gone} addresses" if gone else "nobody in the registry has that address"


def stop_address(settings: Settings, channel: str, address: str, *, at: datetime) -> str:
    """Opt an address out; give whether it was in use."""
    known = _address(channel, address)
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        stopped = opt_out(connection, channel, known, at=at)
    return "opted out" if stopped else "nothing was sent to that address"


def _address(channel: str, text: str) -> str:
    known = read_address(channel, text) if channel in REGISTRY_CHANNELS else None
    if known is None:
        raise ValueError(
            f"channel must be one of {list(REGISTRY_CHANNELS)} and the address one of its kind. "
            "Correct them."
        )
    return known


def districts_of(settings: Settings, city: str) -> dict[str, str]:
    """Give the names of a built city's districts by id."""
    path = settings.cities / city / "districts.parquet"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing. Build the city first: kawamori city build {city}"
        )
    table = pd.read_parquet(path, columns=["name"])
    return {str(key): str(name) for key, name in table["name"].items()}
