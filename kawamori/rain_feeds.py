"""The rain forecast of a live cycle: what its feeds have told by now, and what is missing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from advisory.words import JST
from forecasting.rain_periods import RainPeriods, rain_ahead_of
from forecasting.types import RainForecast
from kawamori.city import City
from kawamori.degraded import BEGINNING
from kawamori.feeds.config import RAIN
from kawamori.feeds.types import Feed
from kawamori.rain_store import RainStore, rain_folder
from kawamori.simulated_rain import HOURS

LOOK_BACK = timedelta(days=3)  # an older issue is not looked for, only missed
LEARNED = "模擬: 予測は、実際に降った雨に誤差を加えた模擬の降雨予報で学んでいる"


@dataclass(frozen=True)
class RainAhead:
    """The forecast that a cycle reads, None = there is none; what to say of it."""

    forecast: RainForecast | None
    said: tuple[str, ...]  # where it comes from
    missing: tuple[str, ...]  # what the cycle has to do without


def rain_feeds(feeds: Sequence[Feed]) -> tuple[Feed, ...]:
    """Give the feeds that forecast rain, the one to be preferred first."""
    ours = (feed for feed in feeds if feed.kind in RAIN)
    return tuple(sorted(ours, key=lambda feed: list(RAIN).index(feed.kind)))


def rain_ahead_at(
    city: City,
    feeds: Sequence[Feed],
    home: Path,
    *,
    now: datetime,
    step: np.timedelta64,
    readable: bool,
) -> RainAhead:
    """Give the rain ahead of `now` as known by then, from issues that are not too old.

    Parameters
    ----------
    step
        Of the series that the model learned.
    readable
        Whether the model has learned to read rain forecasts; if not, none is given. The default
        one does after `kawamori learn`, a champion if it was trained so.
    """
    ours = rain_feeds(feeds)
    if not ours:
        return RainAhead(None, (), ())
    if not readable:
        why = f"予測の模型が降雨予報を読まない(kawamori learn {city.city_id}): 降った雨だけによる"
        return RainAhead(None, (), (BEGINNING + why,))
    fresh, newest = _issues(city, ours, home, now)
    names = [gauge.rain_gauge_id for gauge in city.rain_gauges]
    steps = round(np.timedelta64(HOURS, "h") / step)
    forecast = rain_ahead_of(fresh, names, issued_at=now, step=step, steps=steps)
    missing = tuple(BEGINNING + fault for fault in _missing(city, forecast, newest, now))
    if not np.isfinite(forecast.values).any():
        return RainAhead(None, (), missing)
    return RainAhead(forecast, (f"降雨予報: {_told(forecast)}", LEARNED), missing)


def _issues(
    city: City, feeds: Sequence[Feed], home: Path, now: datetime
) -> tuple[list[RainPeriods], datetime | None]:
    """Give the issues that may be read, by preference, and the time of the newest one of all."""
    fresh: list[RainPeriods] = []
    newest: datetime | None = None
    for feed in feeds:
        store = RainStore(rain_folder(home, city.city_id, feed.name))
        for told in store.known(known_at=now, since=now - LOOK_BACK):
            newest = told.issued_at if newest is None else max(newest, told.issued_at)
            if now - told.issued_at <= RAIN[feed.kind]:
                fresh.append(told)
    return fresh, newest


def _missing(
    city: City, forecast: RainForecast, newest: datetime | None, now: datetime
) -> Iterator[str]:
    known = np.isfinite(forecast.values[..., 0])  # lead, rain gauge
    if not known.any():
        last = "" if newest is None else f"、最後は{newest.astimezone(JST):%m-%d %H:%M}"
        yield f"降雨予報なし(未受信または古い{last}): 予測は降った雨だけによる"
        return
    names = {gauge.rain_gauge_id: gauge.name for gauge in city.rain_gauges}
    gone = [names[str(name)] or str(name) for name in forecast["rain_gauge"].values[~known.any(0)]]
    if gone:
        yield f"降雨予報なし: {'、'.join(gone)}"
    whole = np.logical_and.accumulate(known.any(1)).sum()
    reach_h = float(whole * forecast["lead"].values[0] / np.timedelta64(1, "s")) / 3600
    if reach_h < HOURS:
        yield f"降雨予報は{reach_h:.3g}時間先まで: その先の予測は雨を見ていない"


def _told(forecast: RainForecast) -> str:
    """Give the feeds and their times of issue in JST, as they stand in the forecast's source."""
    parts = []
    for one in str(forecast.attrs["source"]).split("; "):
        name, _, stamp = one.rpartition(" ")
        parts.append(f"{name} {datetime.fromisoformat(stamp).astimezone(JST):%H:%M}発表")
    return "、".join(parts)
