"""How each feed of a city is, as its polls have told: for records, pages, duty and doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from kawamori.city import City
from kawamori.feeds.config import feed_id
from kawamori.feeds.state import feed_states
from kawamori.feeds.types import Feed

CYCLE_S = 600.0  # polls are made by cycles: no feed is younger
INTERVALS = 2.25  # since the last good poll: two were missed, and a little


@dataclass(frozen=True)
class FeedFact:
    """One feed that is polled at intervals."""

    name: str
    kind: str
    every_s: float
    last_good: datetime | None  # poll; None = never
    newest: datetime | None  # reading; None = none ever, or it gives no readings
    failures: int  # polls in a row; 0 = the last one was good
    fault: str  # of the last failed one

    def silent(self, at: datetime) -> bool:
        """Tell whether no poll was good for two intervals before a time."""
        limit = timedelta(seconds=INTERVALS * max(self.every_s, CYCLE_S))
        return self.last_good is None or at - self.last_good > limit

    def late(self, at: datetime) -> bool:
        """Tell whether the feed is silent at a time, or its last poll failed."""
        return self.failures > 0 or self.silent(at)


def feed_facts(store: Engine, city: City, feeds: Sequence[Feed]) -> tuple[FeedFact, ...]:
    """Give how each feed is; those that may be looked at on demand only are left out."""
    polled = [feed for feed in feeds if not feed.on_demand]
    known = {
        state.feed_id: state
        for state in feed_states(store, [feed_id(city, feed) for feed in polled])
    }
    found = []
    for feed in polled:
        state = known.get(feed_id(city, feed))
        if state is None:
            found.append(FeedFact(feed.name, feed.kind, feed.every_s, None, None, 0, ""))
        else:
            fault = state.last_fault if state.failures else ""
            found.append(FeedFact(feed.name, feed.kind, feed.every_s, state.last_good,
                                  state.newest, state.failures, fault))  # fmt: skip
    return tuple(found)
