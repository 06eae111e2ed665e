"""Rain of AMeDAS: the newest maps, and after an outage the stations' own files."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from forecasting.sources.amedas_json import latest_time, map_readings, point_readings
from forecasting.sources.readings import JST, readings_of
from kawamori.feeds.fetch import PASSING, Page, fetch, fetched, remembered
from kawamori.feeds.stations import Told, each_station
from kawamori.feeds.types import Feed, FeedError, Polled, Polling

STEP = timedelta(minutes=10)
MAPS_MAX = 3  # a longer gap is filled from point files
BACK = timedelta(hours=24)  # so much is filled at most
BLOCK_H = 3  # of a point file


def poll(feed: Feed, polling: Polling) -> Polled:
    """Give the rain since the last good poll.

    The time until which it is known goes on only if all was read, or what was not never will be.
    """
    url = f"{feed.url}/latest_time.txt"
    newest = fetched(polling, url, lambda page: latest_time(page.body))
    if newest > polling.now:
        raise FeedError("future", f"{url} tells of {newest}, it is {polling.now}")
    wanted = _times(polling.memory.get("newest"), newest)
    if len(wanted) <= MAPS_MAX:
        frames = [_map(feed, polling, at) for at in wanted]
        return Polled(_together(frames), {"newest": newest.isoformat(), "validators": {}})
    validators: dict[str, Any] = {}
    told = _points(feed, polling, wanted, validators)
    again = any(fault.kind in PASSING for fault in told.faults)
    memory = {
        "newest": polling.memory.get("newest") if again else newest.isoformat(),
        "validators": validators,
        "failed": told.failed,
    }
    return Polled(_together(told.frames), memory, faults=told.said)


def _times(last: str | None, newest: datetime) -> list[datetime]:
    """Give the times after the last one known; the newest again, it may be corrected."""
    start = newest - BACK if last is None else max(datetime.fromisoformat(last), newest - BACK)
    count = max(int((newest - start) / STEP), 1)
    return [newest - number * STEP for number in reversed(range(count))]


def _map(feed: Feed, polling: Polling, at: datetime) -> pd.DataFrame:
    url = f"{feed.url}/map/{at.astimezone(JST):%Y%m%d%H%M}00.json"
    return fetched(polling, url, lambda page: map_readings(page.body, at, feed.stations))


def _points(
    feed: Feed, polling: Polling, wanted: list[datetime], validators: dict[str, Any]
) -> Told:
    blocks = sorted({_block(at) for at in wanted}, reverse=True)

    def ask(number: str, house: str) -> list[pd.DataFrame]:
        """Give the blocks of a station, the newest first; an older one may be gone."""
        frames: list[pd.DataFrame] = []
        seen: dict[str, Any] = {}
        for block in blocks:
            url = f"{feed.url}/point/{number}/{block}.json"
            headers = remembered(polling, url)
            try:
                answer = fetch(polling, url, partial(_read_point, house=house), headers=headers)
            except FeedError as fault:
                if fault.kind != "refused" or not seen:
                    raise
                continue
            frames += [] if answer is None else [answer[0]]
            seen[url] = headers if answer is None else answer[1].validators
        validators.update(seen)  # not of a station that failed: its other blocks are lost
        return frames

    return each_station(feed, polling, ask)


def _read_point(page: Page, *, house: str) -> pd.DataFrame:
    return point_readings(page.body, house)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([readings_of([]), *frames])


def _block(at: datetime) -> str:
    local = at.astimezone(JST)
    return f"{local:%Y%m%d}_{local.hour // BLOCK_H * BLOCK_H:02d}"
