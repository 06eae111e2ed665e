"""What people on the ground have reported of shelters and roads: appended, never changed.

A report says what somebody saw or decided at a time; a later one overrides it, and both stay. What
is read for a time holds nothing that was reported after it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import shapely
from sqlalchemy import Connection, Engine, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from forecasting.types import utc64
from kawamori.store import ground_road, ground_shelter
from shelters.plane import in_metres
from shelters.stock import STOCK

Status = Literal["open", "closed", "opening"]
STATUSES = ("open", "closed", "opening")
SNAP_M = 50.0  # farthest that a point may lie from the road it is meant for
SAME_M = 1.0  # a road whose middle lies this near is the same road in a newer bundle
TRIES = 20  # of appending a report while others append to the same shelter
STORED_ONLY = ("report_id", "city_id", "revision")


class ReportedMeanwhileError(ValueError):
    """Somebody reported on the same shelter since the reporter looked: nothing was kept."""


@dataclass(frozen=True)
class ShelterReport:
    """One report about a shelter; None = not told."""

    shelter_id: str
    status: Status | None
    occupied: int | None  # people inside
    upstairs: bool | None  # the officer allows its upper floors, and only those
    stock: Mapping[str, float]  # of shelters.stock.STOCK
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class RoadReport:
    """One report about a road; `lon`, `lat` is where it was pointed at."""

    road: int  # position in the city's roads when it was reported
    middle_lon: float  # of that road: how it is found again when the bundle is rebuilt
    middle_lat: float
    lon: float
    lat: float
    closed: bool
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class ShelterState:
    """What holds of a shelter: each value as last told, None = nobody told.

    `by`, `at` and `note` are of the newest report; `told_by` says which report each value is from,
    by the names status, occupied, upstairs and those of the stock.
    """

    shelter_id: str
    status: Status | None
    occupied: int | None
    upstairs: bool | None
    stock: Mapping[str, float]
    note: str
    by: str
    at: datetime
    told_by: Mapping[str, ShelterReport]


@dataclass(frozen=True)
class Ground:
    """What was known from the ground at a time."""

    at: datetime
    shelters: tuple[ShelterState, ...] = ()  # sorted by shelter_id
    closed: tuple[RoadReport, ...] = ()  # roads that are closed now, oldest first
    history: tuple[ShelterReport | RoadReport, ...] = ()  # oldest first


def record_shelter(
    engine: Engine,
    city_id: str,
    shelter_id: str,
    *,
    known: Collection[str],
    status: Status | None = None,
    occupied: int | None = None,
    upstairs: bool | None = None,
    stock: Mapping[str, float] | None = None,
    note: str = "",
    by: str,
    at: datetime,
    seen: int | None = None,
) -> ShelterReport:
    """Append a report about a shelter; what is None stays as it was told before.

    Parameters
    ----------
    known
        The shelter_ids of the city.
    stock
        What is held by name of `shelters.stock.STOCK`.
    by, at
        Office or officer, and when; `at` must have a zone.
    seen
        The `shelter_revision` that the reporter looked at: of two reports on the same one, one is
        kept, whatever processes they come through. None = not checked.

    Raises
    ------
    ReportedMeanwhileError
        If another report came after `seen`.
    ValueError
        Naming every value that cannot be.
    """
    report = shelter_report(
        shelter_id, known=known, status=status, occupied=occupied, upstairs=upstairs, stock=stock,
        note=note, by=by, at=at,
    )  # fmt: skip
    _append_next(engine, city_id, report, seen)
    return report


def shelter_report(
    shelter_id: str,
    *,
    known: Collection[str],
    status: Status | None = None,
    occupied: int | None = None,
    upstairs: bool | None = None,
    stock: Mapping[str, float] | None = None,
    note: str = "",
    by: str,
    at: datetime,
) -> ShelterReport:
    """Give a report that could be stored; parameters and errors of values as `record_shelter`."""
    faults = _faults(by, at)
    if shelter_id not in known:
        faults.append(f"shelter_id must be one of the city's {len(known)}, got {shelter_id!r}")
    if status not in (None, *STATUSES):
        faults.append(f"status must be one of {sorted(STATUSES)}, got {status!r}")
    if occupied is not None and not (float(occupied).is_integer() and occupied >= 0):
        faults.append(f"occupied must be a whole number >= 0, got {occupied}")
    held = dict(stock or {})
    faults += [
        f"stock must be numbers >= 0 of {sorted(STOCK)}, got {name} {value}"
        for name, value in held.items()
        if name not in STOCK or not (math.isfinite(value) and value >= 0)
    ]
    if status is None and occupied is None and upstairs is None and not held and not note.strip():
        faults.append("a report must tell something, got none of status, occupied, upstairs, stock")
    _refuse(faults, f"shelter {shelter_id}")
    inside = None if occupied is None else int(occupied)
    return ShelterReport(shelter_id, status, inside, upstairs, held, note.strip(), by, at)


def shelter_revision(engine: Engine, city_id: str, shelter_id: str) -> int:
    """Give the number of the newest report on a shelter; 0 = there is none."""
    with engine.connect() as connection:
        return _revision(connection, city_id, shelter_id)


def record_road(
    engine: Engine,
    city_id: str,
    *,
    roads: Any,
    crs: str,
    road: int | None = None,
    lon: float | None = None,
    lat: float | None = None,
    closed: bool,
    note: str = "",
    by: str,
    at: datetime,
) -> RoadReport:
    """Append that a road is closed, or open again; the whole line of the city's roads counts.

    Parameters
    ----------
    roads, crs
        Of the city: lines (EPSG:6668) and its projected CRS; None = it has none.
    road
        Position in `roads`; or else the point `lon`, `lat`, taken to mean the nearest road within
        `SNAP_M`.

    Raises
    ------
    ValueError
        Naming every value that cannot be, or if no road is that near.
    """
    faults = _faults(by, at)
    if roads is None or not len(roads):
        faults.append(f"{city_id} must have roads, got none; add roads.parquet to its bundle")
    pointed = lon is not None and lat is not None and math.isfinite(lon) and math.isfinite(lat)
    if (road is None) != pointed:
        faults.append(f"give a road or a point lon, lat, got road {road}, lon {lon}, lat {lat}")
    _refuse(faults, f"road {road if road is not None else (lon, lat)}")
    at_row = _nearest(roads, crs, lon, lat) if road is None else _row(roads, road)
    middle = roads.geometry.iloc[at_row].interpolate(0.5, normalized=True)
    point = (lon, lat) if pointed else (middle.x, middle.y)
    report = RoadReport(
        at_row, middle.x, middle.y, float(point[0] or 0.0), float(point[1] or 0.0),
        closed, note.strip(), by, at,
    )  # fmt: skip
    _append(engine, ground_road, city_id, report)
    return report


def read_ground(engine: Engine, city_id: str, *, at: datetime) -> Ground:
    """Give what was reported of a city up to a time; later reports are not read."""
    utc64(at)  # refuses a time without a zone
    shelters = [ShelterReport(**row) for row in _rows(engine, ground_shelter, city_id, at)]
    roads = [RoadReport(**row) for row in _rows(engine, ground_road, city_id, at)]
    last = {(round(one.middle_lon, 6), round(one.middle_lat, 6)): one for one in roads}
    closed = [one for one in roads if one.closed and one in last.values()]
    history: list[ShelterReport | RoadReport] = [*shelters, *roads]
    ids = sorted({one.shelter_id for one in shelters})
    return Ground(
        at=at,
        shelters=tuple(_state([one for one in shelters if one.shelter_id == key]) for key in ids),
        closed=tuple(closed),
        history=tuple(sorted(history, key=lambda one: one.at)),
    )


def with_report(ground: Ground, report: ShelterReport) -> Ground:
    """Give the ground as it would be with one more report on a shelter, the newest."""
    told = [one for one in ground.history if isinstance(one, ShelterReport)]
    state = _state([*(one for one in told if one.shelter_id == report.shelter_id), report])
    others = [one for one in ground.shelters if one.shelter_id != report.shelter_id]
    return Ground(
        at=max(ground.at, report.at),
        shelters=tuple(sorted([*others, state], key=lambda one: one.shelter_id)),
        closed=ground.closed,
        history=(*ground.history, report),
    )


def _state(reports: list[ShelterReport]) -> ShelterState:
    """Give what holds after the reports of one shelter, oldest first."""
    told: dict[str, ShelterReport] = {}
    stock: dict[str, float] = {}
    for one in reports:
        values = {"status": one.status, "occupied": one.occupied, "upstairs": one.upstairs}
        stock.update(one.stock)
        told.update({name: one for name, value in values.items() if value is not None})
        told.update(dict.fromkeys(one.stock, one))
    last = reports[-1]
    return ShelterState(
        shelter_id=last.shelter_id,
        status=told["status"].status if "status" in told else None,
        occupied=told["occupied"].occupied if "occupied" in told else None,
        upstairs=told["upstairs"].upstairs if "upstairs" in told else None,
        stock=stock,
        note=last.note,
        by=last.by,
        at=last.at,
        told_by=told,
    )


def _nearest(roads: Any, crs: str, lon: float | None, lat: float | None) -> int:
    """Give the position of the road nearest to a point, within `SNAP_M`."""
    near = 2 * SNAP_M / 111_000 / max(0.2, math.cos(math.radians(float(lat or 0.0))))
    window = shapely.Point(lon, lat).buffer(near)
    rows = np.flatnonzero(shapely.intersects(roads.geometry.array, window))
    point = shapely.points(in_metres(np.array([lon]), np.array([lat]), crs)[0])
    lines = [shapely.transform(roads.geometry.iloc[row], lambda c: in_metres(c[:, 0], c[:, 1], crs))
             for row in rows]  # fmt: skip
    apart = shapely.distance(np.array(lines, dtype=object), point)
    if not len(rows) or not float(np.nanmin(apart)) <= SNAP_M:
        raise ValueError(
            f"a point must lie within {SNAP_M:.0f} m of a road, got lon {lon}, lat {lat} with none"
            " that near. Point at the road itself; the order is lon, lat."
        )
    return int(rows[int(np.nanargmin(apart))])


def _row(roads: Any, road: int) -> int:
    if not 0 <= road < len(roads):
        raise ValueError(f"road must be 0 to {len(roads) - 1}, got {road}. Use the city's roads.")
    return int(road)


def _faults(by: str, at: datetime) -> list[str]:
    faults = [] if by.strip() else ["by must name who reports, got nothing"]
    return faults if at.tzinfo is not None else [*faults, f"at must have a zone, got {at}"]


def _refuse(faults: list[str], what: str) -> None:
    if faults:
        raise ValueError(f"report about {what}: {'; '.join(faults)}. Correct it; nothing is kept.")


def _append(engine: Engine, table: Table, city_id: str, report: Any) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table).values(city_id=city_id, **vars(report)))


def _append_next(engine: Engine, city_id: str, report: ShelterReport, seen: int | None) -> None:
    """Append a report under the next revision; the store lets only one of two at the same in."""
    for _ in range(TRIES):
        try:
            with engine.begin() as connection:
                newest = _revision(connection, city_id, report.shelter_id)
                if seen is not None and newest != seen:
                    break
                connection.execute(
                    insert(ground_shelter).values(
                        city_id=city_id, revision=newest + 1, **vars(report)
                    )
                )
            return
        except IntegrityError:  # another process appended between looking and writing: look again
            continue
    raise ReportedMeanwhileError(
        f"shelter {report.shelter_id}: somebody reported after revision {seen}. "
        "Look at what they told, then report again."
    )


def _revision(connection: Connection, city_id: str, shelter_id: str) -> int:
    table = ground_shelter.c
    query = select(func.max(table.revision)).where(
        table.city_id == city_id, table.shelter_id == shelter_id
    )
    return int(connection.execute(query).scalar() or 0)


def _rows(engine: Engine, table: Table, city_id: str, at: datetime) -> list[dict[str, Any]]:
    query = (
        select(table)
        .where(table.c.city_id == city_id, table.c.at <= at)
        .order_by(table.c.at, table.c.report_id)
    )
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    return [{k: v for k, v in row.items() if k not in STORED_ONLY} for row in rows]
