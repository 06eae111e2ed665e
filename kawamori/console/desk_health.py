"""How the desk itself is: who is on duty, what its channels did, which alerts of staff stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from advisory.types import ORDERS
from alerts.breaker import read_breakers
from alerts.duty.roster import on_watch, read_roster
from alerts.duty.tables import staff_acknowledgement, staff_alert
from alerts.preflight import last_checks
from alerts.schema import outbox
from alerts.types import Preflight
from kawamori.city import read_toml
from kawamori.policies import read_policy
from kawamori.settings import Settings


@dataclass(frozen=True)
class ChannelHealth:
    """What one channel has done and whether it pauses now."""

    name: str
    counts: Mapping[str, int]  # batches by state
    paused_until: datetime | None
    checked_at: datetime | None = None  # when the service was last asked before sending
    check: Preflight | None = None

    @property
    def well(self) -> bool:
        """Tell whether nothing is dead, nothing pauses, and the last check found no fault."""
        check = self.check
        fit = check is None or (check.enough and not check.refused and not check.unanswered)
        return fit and self.paused_until is None and not self.counts.get("dead")


@dataclass(frozen=True)
class OpenAlert:
    """An alert of staff that stands, and who said that they know; "" = nobody yet."""

    kind: str
    title: str
    districts: tuple[str, ...]
    at: datetime
    known_by: str
    known_at: datetime | None


def channel_health(engine: Engine, at: datetime) -> list[ChannelHealth]:
    """Give each channel that has anything in the outbox or was checked, worst first."""
    query = select(outbox.c.channel, outbox.c.state, func.count().label("batches"))
    counts: dict[str, dict[str, int]] = {}
    with engine.connect() as connection:
        for row in connection.execute(query.group_by(outbox.c.channel, outbox.c.state)):
            counts.setdefault(row.channel, {})[row.state] = row.batches
        breakers, checks = read_breakers(connection, counts), last_checks(connection)
    found = []
    for name in dict.fromkeys((*counts, *checks)):
        until = breakers[name].paused_until if name in breakers else None
        paused = until if until and until > at else None
        found.append(
            ChannelHealth(name, counts.get(name, {}), paused, *checks.get(name, (None, None)))
        )
    return sorted(found, key=lambda one: (one.well, one.name))


def on_duty(settings: Settings, city_id: str, at: datetime) -> Sequence[str] | None:
    """Give who is on shift by the roster; [] = nobody, None = there is no usable roster."""
    path = settings.rosters / f"{city_id}.toml"
    try:
        watch = on_watch(read_roster(read_toml(path)), at)
    except (OSError, ValueError):
        return None
    return [] if watch.off_shift else [person.name for person in watch.people]


def automatic_levels(settings: Settings, city_id: str) -> list[int] | None:
    """Give the levels that citizens are told without an officer; None = no policy can be read."""
    try:
        switch = read_policy(settings, settings.cities / city_id).automatic
    except (OSError, ValueError):
        return None
    return [int(level) for level in ORDERS if switch.names(int(level))]


def standing_alerts(engine: Engine, city_id: str, *, drill: bool) -> list[OpenAlert]:
    """Give the open alerts of a city, what nobody has acknowledged first, then the most urgent."""
    book, known = staff_alert.c, staff_acknowledgement.c
    query = (
        select(book.kind, book.title, book.districts, book.at, known.person_id,
               known.at.label("known_at"))
        .outerjoin(staff_acknowledgement)
        .where(book.city_id == city_id, book.drill.is_(drill), book.closed_at.is_(None))
        .order_by(known.at.is_not(None), book.level.desc(), book.at, book.topic)
    )  # fmt: skip
    with engine.connect() as connection:
        return [
            OpenAlert(row.kind, row.title, tuple(row.districts), row.at, row.person_id or "",
                      row.known_at)
            for row in connection.execute(query)
        ]  # fmt: skip
