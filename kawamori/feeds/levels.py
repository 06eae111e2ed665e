"""Levels (and rain) by station: 川の防災情報 on demand, 水文水質データベース, 危機管理型水位計."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pandas as pd

from forecasting.sources.crisis import crisis_readings
from forecasting.sources.kawabou import station_readings
from forecasting.sources.readings import JST, json_of, readings_of
from forecasting.sources.suimon import text_link, text_readings
from kawamori.feeds.fetch import Page, fetch, remembered
from kawamori.feeds.types import Feed, Polled, Polling

STEP = timedelta(minutes=10)
LATE = timedelta(minutes=10)  # a file of a time is there so much later at most


def poll_kawabou(feed: Feed, polling: Polling) -> Polled:
    """Look once at each station; the url has {date}, {time} (JST) and {station}."""
    local = (polling.now - LATE).astimezone(JST)
    local -= timedelta(minutes=local.minute % 10)
    frames = []
    for station, house in feed.stations.items():
        url = feed.url.format(date=f"{local:%Y%m%d}", time=f"{local:%H%M}", station=station)

        def read(page: Page, house: str = house) -> pd.DataFrame:
            return station_readings(page.body, house)

        answer = fetch(polling, url, read, headers={})
        frames += [] if answer is None else [answer[0]]
    return Polled(pd.concat([readings_of([]), *frames]))


def poll_suimon(feed: Feed, polling: Polling) -> Polled:
    """Read each station's text by way of its page; the url has {station}."""
    frames = []
    for station, house in feed.stations.items():
        page_url = feed.url.format(station=station)
        page = fetch(polling, page_url, lambda page: text_link(page.body), headers={})
        if page is None:
            continue

        def read(page: Page, station: str = station, house: str = house) -> pd.DataFrame:
            return text_readings(page.body, station, house, polling.kinds[house])

        answer = fetch(polling, urljoin(page_url, page[0]), read, headers={})
        frames += [] if answer is None else [answer[0]]
    return Polled(pd.concat([readings_of([]), *frames]))


def poll_crisis(feed: Feed, polling: Polling) -> Polled:
    """Read 危機管理型水位計 of an area, and keep each report that brought something new as it came.

    A form that is not known is kept too and told as a fault: nothing of it is read.
    """
    headers = remembered(polling, feed.url)
    answer = fetch(polling, feed.url, _json, headers=headers)
    memory: dict[str, Any] = {"validators": {feed.url: headers}}
    if answer is None:
        return Polled(memory=memory)
    _, page = answer
    polling.folder.mkdir(parents=True, exist_ok=True)
    path = polling.folder / f"{polling.now:%Y%m%dT%H%M%SZ}.json"
    part = path.with_suffix(".part")
    part.write_bytes(page.body)
    part.replace(path)
    memory = {"validators": {feed.url: page.validators}}
    try:
        readings = crisis_readings(page.body)
    except ValueError as error:
        return Polled(memory=memory, faults=(f"form: {error}",), said=path.name)
    readings = readings.assign(station_id=readings["station_id"].replace(dict(feed.stations)))
    return Polled(readings[readings["station_id"].isin(polling.kinds)], memory, said=path.name)


def _json(page: Page) -> Any:
    return json_of(page.body, "area_info of 危機管理型水位計")
