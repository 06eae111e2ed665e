"""Rain of AMeDAS: the newest maps, and after an outage the stations' own files."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from forecasting.sources.amedas_json import latest_time, map_readings, point_readings
from forecasting.sources.readings import JST, readings_of
from kawamori.feeds.fetch import Page, fetch, remembered
from kawamori.feeds.types import Feed, FeedError, Polled, Polling

STEP = timedelta(minutes=10)
MAPS_MAX = 3  # a longer gap is filled from point files
BACK = timedelta(hours=24)  # so much is filled at most
BLOCK_H = 3  # of a point file


def poll(feed: Feed, polling: Polling) -> Polled:
    """Give the rain since the last good poll."""
    url = f"{feed.url}/latest_time.txt"
    answer = fetch(polling, url, lambda page: latest_time(page.body), headers={})
    if answer is None:
        raise FeedError("form", f"{url} answered 304 to a request without conditions")
    newest, _ = answer
    if newest > polling.now:
        raise FeedError("future", f"{url} tells of {newest}, it is {polling.now}")
    wanted = _times(polling.memory.get("newest"), newest)
    memory: dict[str, Any] = {"newest": newest.isoformat(), "validators": {}}
    if len(wanted) <= MAPS_MAX:
        frames = [_map(feed, polling, at) for at in wanted]
    else:
        frames = _points(feed, polling, wanted, memory)
    return Polled(pd.concat([readings_of([]), *frames]) if frames else readings_of([]), memory)


def _times(last: str | None, newest: datetime) -> list[datetime]:
    """Give the times after the last one known; the newest again, it may be corrected."""
    start = newest - BACK if last is None else max(datetime.fromisoformat(last), newest - BACK)
    count = max(int((newest - start) / STEP), 1)
    return [newest - number * STEP for number in reversed(range(count))]


def _map(feed: Feed, polling: Polling, at: datetime) -> pd.DataFrame:
    url = f"{feed.url}/map/{at.astimezone(JST):%Y%m%d%H%M}00.json"

    def read(page: Page) -> pd.DataFrame:
        return map_readings(page.body, at, feed.stations)

    answer = fetch(polling, url, read, headers={})
    return readings_of([]) if answer is None else answer[0]


def _points(
    feed: Feed, polling: Polling, wanted: list[datetime], memory: dict[str, Any]
) -> list[pd.DataFrame]:
    blocks = sorted({_block(at) for at in wanted})
    frames = []
    for number, house in feed.stations.items():
        read = partial(_read_point, rain_gauge_id=house)
        for block in blocks:
            url = f"{feed.url}/point/{number}/{block}.json"
            answer = fetch(polling, url, read, headers=remembered(polling, url))
            if answer is not None:
                frames.append(answer[0])
                memory["validators"][url] = answer[1].validators
    return frames


def _read_point(page: Page, *, rain_gauge_id: str) -> pd.DataFrame:
    return point_readings(page.body, rain_gauge_id)


def _block(at: datetime) -> str:
    local = at.astimezone(JST)
    return f"{local:%Y%m%d}_{local.hour // BLOCK_H * BLOCK_H:02d}"
