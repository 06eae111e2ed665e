"""Official telegrams from the Atom feeds of 気象庁 (PULL type), into the folder that is read.

Rules of its owner: one poller, not more often than each minute, no body fetched twice. The feeds
that are renewed each minute reach back about ten minutes; after a longer silence the long ones
(`extra_l`, `regular_l`) are read too. `last_poll.txt` is written only if every list was read and
every wanted body lies in the folder: else the desk must not believe that it has heard everything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

from advisory.telegrams import LIMIT_BYTES, TelegramError, parse_telegram
from advisory.telegrams.document import read_document
from kawamori.feeds.fetch import Page, fetch, fetched, on_host, remembered
from kawamori.feeds.types import Feed, FeedError, Polled, Polling
from kawamori.telegrams import LAST_POLL

REACH = timedelta(minutes=10)
NAME = re.compile(r"^[0-9]+_[0-9]+_([A-Z]{4}[0-9A-Za-z]{2})_[0-9A-Za-z_]+\.xml$")


def poll(feed: Feed, polling: Polling) -> Polled:
    """Fetch what is new and wanted; say how much.

    Raises
    ------
    FeedError
        If a list or a wanted body could not be read; bodies that came stay, it is tried again.
    """
    polling.folder.mkdir(parents=True, exist_ok=True)
    silent = polling.last_good is None or polling.now - polling.last_good > REACH
    lists = [*feed.lists, *(f"{name}_l" for name in feed.lists if silent)]
    validators: dict[str, Any] = {}
    links: dict[str, str] = {}
    for name in lists:
        url = f"{feed.url}/{name}.xml"
        headers = remembered(polling, url)
        answer = fetch(polling, url, partial(_links, own=url), headers=headers)
        validators[url] = headers if answer is None else answer[1].validators
        links |= {} if answer is None else answer[0]
    count = _bodies(feed, polling, links)
    _write(polling.folder / LAST_POLL, polling.now.isoformat().encode())
    return Polled(memory={"validators": validators}, said=f"{count} telegrams")


def _bodies(feed: Feed, polling: Polling, links: dict[str, str]) -> int:
    """Fetch the bodies that are wanted and not here yet; a fault ends the poll after all others."""
    faults, count = [], 0
    for name, url in sorted(links.items()):
        path = polling.folder / name
        if not _wanted(feed, name) or path.exists():
            continue
        try:
            body = fetched(polling, on_host(url, feed.url), _whole, limit_bytes=LIMIT_BYTES)
        except FeedError as fault:
            faults.append(fault)
            continue
        _write(path, body)
        count += 1
    if faults:
        raise FeedError(faults[0].kind, "; ".join(map(str, faults[:3])))
    return count


def _wanted(feed: Feed, name: str) -> bool:
    found = NAME.match(name)
    return found is not None and found.group(1).startswith(feed.types)


def _links(page: Page, *, own: str) -> dict[str, str]:
    """Give the names of the bodies that an Atom list links to, and where they lie.

    A page of anything else that is good XML, such as a notice of maintenance, is no empty list.
    """
    root = read_document(page.body)
    if root.tag != "feed":
        raise ValueError(f"list of telegrams must be an Atom feed, got <{root.tag[:20]}>.")
    return dict(_entries(root.findall("entry"), own))


def _entries(entries: list[Any], own: str) -> Iterator[tuple[str, str]]:
    for entry in entries:
        told = [link.get("href", "") for link in entry.findall("link")]
        for url in (*told, entry.findtext("id") or ""):
            name = PurePosixPath(urlsplit(url).path).name
            if NAME.match(name):
                yield name, urljoin(own, url)
                break


def _whole(page: Page) -> bytes:
    """Give a body that reads as a telegram, or that came whole and will never read better.

    Such a one is kept too: the desk then takes it as a warning of unknown level.
    """
    try:
        parse_telegram(page.body)
    except TelegramError:
        if not page.measured:
            raise
    return page.body


def last_poll(folder: Path) -> datetime | None:
    """Give what `last_poll.txt` says; None = it is not there or says nothing."""
    path = folder / LAST_POLL
    try:
        return datetime.fromisoformat(path.read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, also when the power fails."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
