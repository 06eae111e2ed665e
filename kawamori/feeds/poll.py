"""A round of polling: who is due is asked, what came is kept, what went wrong is written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2
import pandas as pd
from sqlalchemy import Engine

from kawamori.archive import Archive
from kawamori.city import City
from kawamori.feeds import amedas, csv_files, levels, rain, telegrams
from kawamori.feeds.config import TELEGRAMS, feed_id, kinds_of
from kawamori.feeds.state import FeedState, claim, feed_states, record_fault, record_good
from kawamori.feeds.types import POLL_S, Feed, Polled, Polling
from kawamori.rain_store import RainStore, rain_folder

ROUND_S = 180.0  # for all feeds of a round: the cycle has to compute after it
EARLIEST = pd.Timestamp("1900-01-01", tz="UTC")
POLLERS: dict[str, Callable[[Feed, Polling], Polled]] = {
    "amedas": amedas.poll,
    TELEGRAMS: telegrams.poll,
    "kawabou": levels.poll_kawabou,
    "crisis": levels.poll_crisis,
    "suimon": levels.poll_suimon,
    "table": csv_files.poll_table,
    "drop": csv_files.poll_drop,
    "jma-nowcast": rain.poll_nowcast,
    "jma-rasrf": rain.poll_short_range,
    "gpv": rain.poll_gpv,
}


@dataclass(frozen=True)
class Outcome:
    """What became of one poll; `fault` "" = it was good."""

    name: str
    readings: int
    fault: str
    refused: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class Round:
    """What a round of polling needs: the store, where things are kept, the network, the time."""

    engine: Engine
    home: Path
    client: httpx2.Client
    now: datetime
    tokens: Mapping[str, str]  # by name of the feed
    wait: Callable[[float], None] = time.sleep
    begun: float = field(default_factory=time.monotonic)  # when it was `now`

    def archive(self, city: City) -> Archive:
        """Give the city's archive of readings."""
        return Archive(archive_folder(self.home, city.city_id))

    def rain_store(self, city: City, feed: Feed) -> RainStore:
        """Give the rain forecasts of a feed."""
        return RainStore(rain_folder(self.home, city.city_id, feed.name))

    def folder(self, city: City, feed: Feed) -> Path:
        """Give where a feed keeps bodies as they came."""
        if feed.folder is not None:
            return feed.folder
        if feed.kind == TELEGRAMS:
            return telegram_folder(self.home)
        return self.home / "feeds" / city.city_id / feed.name


def telegram_folder(home: Path) -> Path:
    """Give the folder of official telegrams: one for all cities of a desk."""
    return home / "telegrams"


def archive_folder(home: Path, city_id: str) -> Path:
    """Give the folder of a city's readings."""
    return home / "archive" / city_id


def poll_due(city: City, feeds: Sequence[Feed], round_: Round) -> list[Outcome]:
    """Poll every feed that is due, never one on demand; give what became of each.

    Those that answered last time are asked first. Those left share what is left of `ROUND_S`, so
    that many silent servers cost the cycle no more time than a few.
    """
    asked = sorted((feed for feed in feeds if not feed.on_demand), key=_failures(city, round_))
    until, done = time.monotonic() + ROUND_S, []
    for number, feed in enumerate(asked):
        share_s = max(0.0, until - time.monotonic()) / (len(asked) - number)
        done.append(poll_one(city, feed, round_, within_s=min(POLL_S, share_s)))
    return [outcome for outcome in done if outcome is not None]


def _failures(city: City, round_: Round) -> Callable[[Feed], int]:
    known = {state.feed_id: state.failures for state in feed_states(round_.engine)}
    return lambda feed: known.get(feed_id(city, feed), 0)


def poll_one(city: City, feed: Feed, round_: Round, *, within_s: float = POLL_S) -> Outcome | None:
    """Poll a feed if its interval is over, else give None; its pages have `within_s` together.

    Whatever a feed sends, the fault is written down and others are polled: only the store's own
    faults are raised.
    """
    key = feed_id(city, feed)
    state = claim(round_.engine, key, feed.kind, every_s=feed.every_s, now=round_.now)
    if state is None:
        return None
    try:
        outcome, newest, polled = _asked(city, feed, round_, state, within_s)
    except Exception as error:  # noqa: BLE001 - a strange body of one feed must not stop the rest
        fault = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        record_fault(round_.engine, key, now=round_.now, fault=fault)
        return Outcome(feed.name, 0, fault)
    record_good(
        round_.engine, key, now=round_.now, newest=newest, memory=polled.memory,
        faults=outcome.refused,
    )  # fmt: skip
    return outcome


def _asked(
    city: City, feed: Feed, round_: Round, state: FeedState, within_s: float
) -> tuple[Outcome, datetime | None, Polled]:
    """Poll, keep and settle; give the outcome and the time of the newest reading."""
    polling = Polling(
        client=round_.client, now=round_.now, memory=state.memory, kinds=kinds_of(city),
        folder=round_.folder(city, feed), last_good=state.last_good,
        token=round_.tokens.get(feed.name, ""), wait=round_.wait,
        rain_gauges=city.rain_gauges, begun=round_.begun,
        until=time.monotonic() + within_s,
    )  # fmt: skip
    polled = POLLERS[feed.kind](feed, polling)
    kept, newest, faults = 0, None, polled.faults
    if polled.readings is not None and len(polled.readings):
        good, ahead = until(polled.readings, round_.now)
        archive = round_.archive(city)
        kept = archive.append(archive.unknown(good), received_at=round_.now)
        known = good[good["value"].notna()]
        newest = None if known.empty else known["at"].max().to_pydatetime()
        faults = (*faults, *ahead)
    if polled.rain:
        round_.rain_store(city, feed).keep(polled.rain, received_at=round_.now)
        newest = max(told.issued_at for told in polled.rain)
    polled.settle()
    return Outcome(feed.name, kept, "", faults, polled.said), newest, polled


def until(readings: pd.DataFrame, now: datetime) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give the readings up to now, and a named fault for those of a time that cannot be."""
    ahead, past = readings["at"] > pd.Timestamp(now), readings["at"] < EARLIEST
    faults = []
    for kind, wrong, limit in (("future", ahead, f"later than {now.isoformat()}"),
                               ("past", past, f"earlier than {EARLIEST:%Y}")):  # fmt: skip
        if wrong.any():
            first = readings[wrong].iloc[0]
            faults.append(
                f"{kind}: {int(wrong.sum())} readings are {limit}, the first "
                f"{first['at'].isoformat()} of {first['station_id']}"
            )
    return readings[~(ahead | past)], tuple(faults)
