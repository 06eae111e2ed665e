"""What alerts staff, read from a stored run's record and from the store."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from advisory.policy import Policy
from advisory.types import Level
from alerts.breaker import read_breakers
from alerts.duty.tables import staff_delivery
from alerts.duty.types import Chance, Health, RunFacts, Silence, Told
from alerts.schema import outbox
from kawamori.store import StoredRun
from kawamori.stored_run import feed_of

Record = Mapping[str, Any]
RECENT = timedelta(hours=24)  # how long rows that were not sent concern the duty
EARLIEST, MEDIAN = 0.0, 0.5


def run_facts(record: Record, name: str, policy: Policy) -> RunFacts:
    """Give what of run.json alerts staff.

    Parameters
    ----------
    name
        Of the report, for links.
    policy
        Says how far ahead a threshold counts and when an input is stale.

    Raises
    ------
    ValueError
        If the record is not one of a run.
    """
    try:
        issued_at = datetime.fromisoformat(record["issued_at"])
        listeners = _listeners(record)
        return RunFacts(
            run_id=record["run_id"],
            name=name,
            city_id=record["city"]["city_id"],
            city_name=record["city"]["name"],
            issued_at=issued_at,
            drill=record["drill"],
            advice=tuple(_told(row) for row in record["advice"]),
            chances=tuple(_chances(record, listeners, policy.staff.lead_h)),
            silences=tuple(_silences(record, listeners, policy, issued_at)),
            notes=tuple(record["city"]["notes"]),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"run.json must be the record of a run, got {type(error).__name__}: {error}. "
            "Compute the run again."
        ) from error


def health(
    connection: Connection, *, newest: StoredRun | None, failure: str, channels: Sequence[str],
    now: datetime,
) -> Health:  # fmt: skip
    """Give how cycles and channels are, for what happened within a day."""
    breakers = read_breakers(connection, channels)
    paused = [name for name, each in sorted(breakers.items()) if each.paused_until is not None]
    return Health(
        at=now,
        failure=failure,
        newest=None if newest is None else newest.issued_at,
        paused=tuple(paused),
        dead=tuple(_dead(connection, now)),
    )


def _dead(connection: Connection, now: datetime) -> Iterator[tuple[str, int]]:
    """Give rows that will not be sent: citizens' by channel, then staff's own."""
    since = now - RECENT
    for table, mark in ((outbox, ""), (staff_delivery, "(職員)")):
        query = (
            select(table.c.channel, func.count())
            .where(table.c.state == "dead", table.c.expires > since)
            .group_by(table.c.channel)
            .order_by(table.c.channel)
        )
        for channel, count in connection.execute(query):
            yield f"{channel}{mark}", int(count)


def _told(row: Record) -> Told:
    level = Level.UNKNOWN if row["level"] is None else Level(row["level"])
    weighty = [
        each["text"]
        for each in row["reasons"]
        if each["level"] is None or each["level"] >= int(level)
    ]
    return Told(
        district_id=row["district_id"],
        name=row["name"],
        level=level,
        issue_by=_time(row["issue_by"]),
        reasons=tuple(weighty or [each["text"] for each in row["reasons"]]),
        must_leave=row["people"]["must_leave"],
    )


def _listeners(record: Record) -> dict[str, tuple[str, ...]]:
    """Give the districts that listen to each gauge."""
    found: dict[str, list[str]] = {}
    for row in record["city"]["districts"]:
        for gauge_id in row["gauge_ids"]:
            found.setdefault(gauge_id, []).append(row["district_id"])
    return {gauge_id: tuple(ids) for gauge_id, ids in found.items()}


def _chances(
    record: Record, listeners: Mapping[str, tuple[str, ...]], lead_h: float
) -> Iterator[Chance]:
    table = record["exceedance"]
    names, thresholds, leads, quantiles = (
        table["coords"][name]["data"] for name in ("gauge", "threshold", "lead", "quantile")
    )
    near = [number for number, lead_s in enumerate(leads) if lead_s <= lead_h * 3600 + 1]
    levels = {row["gauge_id"]: row["level_m"] for row in record["states"]}
    gauges = {row["gauge_id"]: row for row in record["city"]["gauges"]}
    for g, gauge_id in enumerate(names):
        gauge = gauges.get(gauge_id)
        if gauge is None:
            continue
        for t, threshold in enumerate(thresholds):
            level_m = gauge["thresholds"].get(threshold)
            if level_m is None:
                continue
            row = table["data_vars"]["probability"]["data"][g][t]
            known = [row[number] for number in near if row[number] is not None]
            passages = table["data_vars"]["first_passage_h"]["data"][g][t]
            observed_m = levels.get(gauge_id)
            yield Chance(
                gauge_id=gauge_id,
                gauge_name=gauge["name"],
                river=gauge["river"],
                threshold=threshold,
                level_m=level_m,
                probability=max(known, default=None),
                reached=observed_m is not None and observed_m >= level_m,
                earliest_h=_passage(passages, quantiles, EARLIEST),
                median_h=_passage(passages, quantiles, MEDIAN),
                district_ids=listeners.get(gauge_id, ()),
            )


def _passage(passages: Sequence[Any], quantiles: Sequence[float], wanted: float) -> float | None:
    """Give the first passage at the first stored quantile >= `wanted`; null is unknown."""
    for quantile, hours in zip(quantiles, passages, strict=True):
        if quantile >= wanted - 1e-9:
            return None if hours is None else float(hours)
    return None


def _silences(
    record: Record, listeners: Mapping[str, tuple[str, ...]], policy: Policy, issued_at: datetime
) -> Iterator[Silence]:
    limit = timedelta(minutes=policy.staleness.stage_min)
    names = {row["gauge_id"]: row["name"] for row in record["city"]["gauges"]}
    for row in record["states"]:
        since = _time(row["at"]) if row["level_m"] is not None else None
        if since is None or issued_at - since > limit:
            gauge_id = row["gauge_id"]
            districts = listeners.get(gauge_id, ())
            yield Silence(gauge_id, names.get(gauge_id, gauge_id), since, districts)
    rain = _last_rain(record["observations"])
    if record["city"]["rain_gauges"] and (rain is None or issued_at - rain > limit):
        yield Silence("feed:rain", "雨量(全局)", rain)
    heard = _time(record["warnings"]["received_at"])
    old = heard is not None and issued_at - heard > timedelta(minutes=policy.staleness.telegram_min)
    if old or (heard is None and policy.telegrams.required):
        yield Silence("feed:telegrams", "警報電文", heard)
    for feed in map(feed_of, record.get("feeds", ())):
        if feed.failures > 1 or feed.silent(issued_at):  # one that fails once is asked again
            yield Silence(f"feed:{feed.name}", f"受信 {feed.name}", feed.last_good)


def _last_rain(observations: Record) -> datetime | None:
    """Give the time of the last value of any rain gauge."""
    times = observations["coords"]["time"]["data"]
    rows = observations["data_vars"]["rain_mm"]["data"]
    for moment, row in zip(reversed(times), reversed(rows), strict=True):
        if any(value is not None and not math.isnan(value) for value in row):
            return datetime.fromisoformat(moment)
    return None


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
