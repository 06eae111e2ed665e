"""Levels (and rain) by station: 川の防災情報 on demand, 水文水質データベース, 危機管理型水位計."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pandas as pd

from forecasting.sources.crisis import crisis_readings
from forecasting.sources.kawabou import station_readings
from forecasting.sources.readings import JST, json_of, readings_of
from forecasting.sources.suimon import ENCODING, text_link, text_readings
from kawamori.feeds.fetch import Page, fetch, fetched, on_host, remembered
from kawamori.feeds.stations import Told, each_station
from kawamori.feeds.types import Feed, Polled, Polling

STEP = timedelta(minutes=10)
LATE = timedelta(minutes=10)  # a file of a time is there so much later at most


def poll_kawabou(feed: Feed, polling: Polling) -> Polled:
    """Look once at each station; the url has {date}, {time} (JST) and {station}."""
    local = (polling.now - LATE).astimezone(JST)
    local -= timedelta(minutes=local.minute % 10)

    def ask(station: str, house: str) -> list[pd.DataFrame]:
        url = feed.url.format(date=f"{local:%Y%m%d}", time=f"{local:%H%M}", station=station)
        return [fetched(polling, url, lambda page: station_readings(page.body, house))]

    return _polled(each_station(feed, polling, ask))


def poll_suimon(feed: Feed, polling: Polling) -> Polled:
    """Read each station's text by way of its page; the url has {station}."""

    def ask(station: str, house: str) -> list[pd.DataFrame]:
        page_url = feed.url.format(station=station)
        link = fetched(polling, page_url, lambda page: text_link(page.body))
        url = on_host(urljoin(page_url, link), page_url)

        def read(page: Page) -> pd.DataFrame:
            text = page.whole_lines(ENCODING)
            return text_readings(text, station, house, polling.kinds[house])

        return [fetched(polling, url, read)]

    return _polled(each_station(feed, polling, ask))


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
        readings, refused = crisis_readings(page.body)
    except ValueError as error:
        return Polled(memory=memory, faults=(f"form: {error}",), said=path.name)
    readings = readings.assign(station_id=readings["station_id"].replace(dict(feed.stations)))
    ours = readings[readings["station_id"].isin(polling.kinds)]
    return Polled(ours, memory, faults=refused, said=path.name)


def _polled(told: Told) -> Polled:
    frames = pd.concat([readings_of([]), *told.frames])
    return Polled(frames, {"failed": told.failed}, faults=told.said)


def _json(page: Page) -> Any:
    return json_of(page.body, "area_info of 危機管理型水位計")
