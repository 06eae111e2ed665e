"""Feeds with a page for each station: one that cannot be read does not silence the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from kawamori.feeds.types import Feed, FeedError, Polling


@dataclass(frozen=True)
class Told:
    """What the stations of a feed told."""

    frames: list[pd.DataFrame]
    faults: list[FeedError]
    failed: list[str]  # stations

    @property
    def said(self) -> tuple[str, ...]:
        """Give the fault of each station that failed."""
        pairs = zip(self.failed, self.faults, strict=True)
        return tuple(f"{station}: {fault}" for station, fault in pairs)


def each_station(
    feed: Feed, polling: Polling, ask: Callable[[str, str], list[pd.DataFrame]]
) -> Told:
    """Ask each station, those that failed the last time (memory `failed`) after the others.

    Parameters
    ----------
    ask
        Gives the readings of a station by the feed's own id and the house id.

    Raises
    ------
    FeedError
        Of the first station, if none could be read.
    """
    late = polling.memory.get("failed", ())
    told = Told([], [], [])
    for station in sorted(feed.stations, key=lambda one: one in late):
        try:
            told.frames.extend(ask(station, feed.stations[station]))
        except FeedError as fault:
            told.faults.append(fault)
            told.failed.append(station)
    if told.faults and len(told.faults) == len(feed.stations):
        raise told.faults[0]
    return told
