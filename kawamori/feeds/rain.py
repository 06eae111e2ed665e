"""Rain forecasts: map tiles of 気象庁, and GRIB2 files that somebody delivers into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from forecasting.rain_periods import RainPeriods
from forecasting.sources.gpv import gpv_rain
from forecasting.sources.grib2 import LIMIT_BYTES
from forecasting.sources.nowcast import (
    NOWCAST,
    SHORT_RANGE,
    ZOOM,
    Frame,
    Pixel,
    Product,
    classes_at,
    frames_of,
    periods_of,
    pixel_of,
)
from kawamori.feeds.csv_files import dropped
from kawamori.feeds.fetch import SKEW, Page, fetch, fetched, remembered
from kawamori.feeds.types import Feed, FeedError, Polled, Polling

NOWCAST_TIMES, SHORT_RANGE_TIMES = "targetTimes_N2.json", "targetTimes.json"
TILE_BYTES = 1_000_000
PAUSE_S = 0.2  # between tiles: a page that people look at is not to be stormed
GRIB_ENDINGS = (".bin", ".grib2", ".grb2")


def poll_nowcast(feed: Feed, polling: Polling) -> Polled:
    """Read the rain of the hour ahead, in steps of five minutes."""
    return _tiles(feed, polling, NOWCAST, NOWCAST_TIMES)


def poll_short_range(feed: Feed, polling: Polling) -> Polled:
    """Read the rain of up to 15 hours ahead, hour by hour."""
    return _tiles(feed, polling, SHORT_RANGE, SHORT_RANGE_TIMES)


def poll_gpv(feed: Feed, polling: Polling) -> Polled:
    """Read each GRIB2 file of a folder once; see `kawamori.feeds.csv_files.dropped`."""
    gauges = polling.rain_gauges
    told, faults, settle = dropped(
        feed.folder, lambda path: gpv_rain(path.read_bytes(), gauges, path.name),
        GRIB_ENDINGS, LIMIT_BYTES,
    )  # fmt: skip
    kept = tuple(one for one in told if one.issued_at <= polling.now)
    late = tuple(f"future: {one.source} was issued at {one.issued_at.isoformat()}"
                 for one in told if one.issued_at > polling.now)  # fmt: skip
    return Polled(faults=(*faults, *late), settle=settle, said=f"{len(kept)} files", rain=kept)


def _tiles(feed: Feed, polling: Polling, product: Product, times: str) -> Polled:
    """Read the newest forecast of a list of times, unless it was read before.

    All tiles of it must be read: half a forecast is none, the one before stays until it is old.
    """
    url = f"{feed.url}/{times}"
    headers = remembered(polling, url)
    answer = fetch(polling, url, lambda page: frames_of(page.body, product), headers=headers)
    if answer is None:
        return Polled(memory=polling.memory, said="nothing new")
    frames, page = answer
    base = frames[0].base.isoformat() if frames else ""
    memory: dict[str, Any] = {"validators": {url: page.validators}, "base": base}
    if not frames:
        raise FeedError("form", f"{url} tells no forecast of {product.element}")
    if frames[0].base > polling.now + SKEW:
        raise FeedError("future", f"{url} tells of {base}, it is {polling.now.isoformat()}")
    if base == polling.memory.get("base") or frames[0].base > polling.now:
        return Polled(memory=dict(polling.memory), said="nothing new")
    told = _read(feed, polling, product, frames)
    return Polled(memory=memory, rain=(told,), said=f"{len(frames)} times of {base}")


def _read(feed: Feed, polling: Polling, product: Product, frames: Sequence[Frame]) -> RainPeriods:
    """Give the rain at each rain gauge: each tile that has one is fetched once a time."""
    places: dict[tuple[int, int], list[tuple[int, Pixel]]] = {}
    for place, gauge in enumerate(polling.rain_gauges):
        pixel = pixel_of(gauge.lon, gauge.lat)
        places.setdefault((pixel.x, pixel.y), []).append((place, pixel))
    told = []
    for frame in frames:
        low, high = (np.full(len(polling.rain_gauges), np.nan) for _ in range(2))
        for (x, y), there in places.items():
            stamps = f"{frame.base:%Y%m%d%H%M%S}/{frame.member}/{frame.valid:%Y%m%d%H%M%S}"
            url = f"{feed.url}/{stamps}/surf/{product.element}/{ZOOM}/{x}/{y}.png"
            pixels = [pixel for _, pixel in there]

            def read(page: Page, pixels: list[Pixel] = pixels) -> Any:
                return classes_at(page.body, pixels)

            numbers = [place for place, _ in there]
            low[numbers], high[numbers] = fetched(polling, url, read, limit_bytes=TILE_BYTES)
            polling.wait(PAUSE_S)
        told.append((frame, low, high))
    if all(np.isnan(low).all() for _, low, _ in told):
        raise FeedError(
            "form", f"{feed.url} tells nothing of {frames[0].base:%Y-%m-%d %H:%M} UTC at any rain "
            "gauge: outside its area, or its tiles have another form"
        )  # fmt: skip
    return periods_of(product, polling.rain_gauges, feed.kind, told)
