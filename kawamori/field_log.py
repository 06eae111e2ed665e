"""Reports of patrols, gates and dams as the desk enters them: appended, never changed.

A row is a report, or the end of one that was entered before. What is read for a time holds nothing
that was entered after it, whatever time it tells of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from advisory.types import Report
from kawamori.city import City
from kawamori.store import field_report

MEMORY = timedelta(hours=72)  # the longest that a policy may let a report count
MOST_AHEAD = timedelta(minutes=10)  # a clock on the ground may run this much ahead of the desk's


@dataclass(frozen=True)
class Entered:
    """A report with its number, who entered it at the desk, and when."""

    report_id: int
    report: Report
    entered_by: str
    entered_at: datetime


def enter_reports(
    engine: Engine,
    city: City,
    reports: Sequence[Report],
    *,
    kinds: Collection[str],
    entered_by: str,
    entered_at: datetime,
) -> None:
    """Append reports, all or none; an end that one tells is kept with it.

    Parameters
    ----------
    kinds
        Those that the policy has a rule for.

    Raises
    ------
    ValueError
        Naming every report that cannot be, and why.
    """
    faults = [
        f"report {number} ({one.kind}, {one.text[:40]}): {fault}"
        for number, one in enumerate(reports, 1)
        for fault in _faults(one, city, kinds, entered_at)
    ]
    if faults:
        raise ValueError(f"{'; '.join(faults)}. Correct it; nothing is kept.")
    rows = [
        {
            **vars(one),
            "city_id": city.city_id,
            "district_ids": list(one.district_ids),
            "gauge_ids": list(one.gauge_ids),
            "entered_by": entered_by,
            "entered_at": entered_at,
        }
        for one in reports
    ]
    with engine.begin() as connection:
        connection.execute(insert(field_report), rows)


def end_report(engine: Engine, city_id: str, report_id: int, *, by: str, at: datetime) -> Entered:
    """Append that what a report told is over, and give the report.

    Raises
    ------
    LookupError, ValueError
        If there is no such report of the city; if it has ended already.
    """
    with engine.begin() as connection:
        known = {one.report_id: one for one in _entered(connection, city_id, at)}
        if report_id not in known:
            raise LookupError(f"report_id must be one of {sorted(known)}, got {report_id}.")
        found = known[report_id]
        if found.report.ended is not None:
            over = f"{found.report.ended:%Y-%m-%d %H:%M} UTC"
            raise ValueError(f"report {report_id} must be one in force, it ended at {over}.")
        row = {
            **vars(found.report), "city_id": city_id, "ends": report_id, "ended": at,
            "district_ids": list(found.report.district_ids),
            "gauge_ids": list(found.report.gauge_ids), "entered_by": by, "entered_at": at,
        }  # fmt: skip
        try:
            connection.execute(insert(field_report).values(row))
        except IntegrityError as error:
            raise ValueError(f"report {report_id} was ended by somebody else just now.") from error
    return replace(found, report=replace(found.report, ended=at))


def read_field_log(engine: Engine, city_id: str, *, at: datetime) -> tuple[Entered, ...]:
    """Give every report of a city entered up to a time, the newest first, with its end if told."""
    with engine.connect() as connection:
        return tuple(_entered(connection, city_id, at))[::-1]


def reports_at(engine: Engine, city_id: str, *, at: datetime) -> tuple[Report, ...]:
    """Give what a cycle reads: what was entered and seen within `MEMORY`, oldest first."""
    log = read_field_log(engine, city_id, at=at)
    return tuple(one.report for one in log if at - one.report.at <= MEMORY)[::-1]


def _entered(connection: Connection, city_id: str, at: datetime) -> list[Entered]:
    rows = connection.execute(
        select(field_report)
        .where(field_report.c.city_id == city_id, field_report.c.entered_at <= at)
        .order_by(field_report.c.report_id)
    ).all()
    ends = {row.ends: row.ended for row in rows if row.ends is not None}
    return [
        Entered(
            row.report_id,
            Report(
                row.kind, row.at, row.by, row.text, tuple(row.district_ids), tuple(row.gauge_ids),
                ends.get(row.report_id, row.ended),
            ),
            row.entered_by,
            row.entered_at,
        )
        for row in rows
        if row.ends is None
    ]  # fmt: skip


def _faults(report: Report, city: City, kinds: Collection[str], now: datetime) -> list[str]:
    """Give everything that keeps a report from being used."""
    faults = []
    if report.kind not in kinds:
        faults.append(f"kind must be one of {sorted(kinds)}, got {report.kind!r}")
    if not report.by.strip() or not report.text.strip():
        faults.append("by and text must say who reports what, one is empty")
    if report.at > now + MOST_AHEAD:
        faults.append(f"at must not lie ahead of {now:%Y-%m-%d %H:%M} UTC, got {report.at}")
    if report.ended is not None and report.ended < report.at:
        faults.append(f"ended must not be before at, got {report.ended}")
    strange = sorted(set(report.district_ids) - set(map(str, city.districts.index)))
    strange += sorted(set(report.gauge_ids) - {gauge.gauge_id for gauge in city.gauges})
    return [*faults, *([f"districts and gauges must be the city's, got {strange}"] * bool(strange))]
