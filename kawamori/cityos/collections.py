"""Collections of OGC API Features: for everybody what is observed and approved, for staff all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from advisory.types import ORDERS, Level
from kawamori.cityos.anonymity import told_shelter
from kawamori.cityos.publication import district_areas, features, orders, shelter_places
from kawamori.console.api.public import open_shelters
from kawamori.console.desk import Desk
from kawamori.console.situation_records import Record
from kawamori.map_layers import LAYERS
from kawamori.situation import gauge_rows

Box = tuple[float, float, float, float]  # west, south, east, north
Feature = dict[str, Any]
Make = Callable[[Desk, Record, datetime | None], list[Feature]]
STAFF = "staff-"  # begins the name of a collection that only staff sees


@dataclass(frozen=True)
class Collection:
    """One collection: its title, what it tells, and how its features are made."""

    title: str
    told: str
    features: Make
    timed: bool = False  # a time chooses the lead; else it filters by the property `time`


def collections(*, staff: bool) -> dict[str, Collection]:
    """Give the collections by id."""
    return PUBLIC | FOR_STAFF if staff else PUBLIC


def chosen(
    rows: Sequence[Feature],
    *,
    box_lonlat: Box | None = None,
    span: tuple[datetime | None, datetime | None] | None = None,
) -> list[Feature]:
    """Give the features that touch a box (west, south, east, north) and lie in a span of time.

    A box whose west is greater than its east lies across the antimeridian. A feature without
    geometry touches no box; one without time lies in every span, as OGC asks.
    """
    area = None if box_lonlat is None else _area(box_lonlat)
    found = []
    for row in rows:
        there = row["geometry"]
        if area is not None and (there is None or not shape(there).intersects(area)):
            continue
        if span is not None and not _within(row["properties"].get("time"), span):
            continue
        found.append(row)
    return found


def _area(lonlat: Box) -> BaseGeometry:
    west, south, east, north = lonlat
    if west <= east:
        return box(west, south, east, north)
    return unary_union([box(west, south, 180, north), box(-180, south, east, north)])


def _within(text: str | None, span: tuple[datetime | None, datetime | None]) -> bool:
    if text is None:
        return True
    at, (start, end) = datetime.fromisoformat(text), span
    return (start is None or at >= start) and (end is None or at <= end)


def _gauges(desk: Desk, record: Record, _at: datetime | None) -> list[Feature]:
    found = []
    for row in gauge_rows(record.run, at=desk.now()):
        gauge, state = row.gauge, row.state
        heard = state.at if state else None
        known = heard is not None and not row.old
        told = {
            "name": gauge.name,
            "river": gauge.river,
            "level_m": state.level_m if state else None,
            "time": None if heard is None else heard.isoformat(),
            "state": (row.reached or "normal") if known else "unknown",
        }
        place = {"type": "Point", "coordinates": [gauge.lon, gauge.lat]}
        finite = gauge.lon == gauge.lon and gauge.lat == gauge.lat  # NaN differs from itself
        found.append(_feature(gauge.gauge_id, place if finite else None, told))
    return found


def _shelters(desk: Desk, record: Record, _at: datetime | None) -> list[Feature]:
    known, places = record.run.city.shelters, shelter_places(record)
    opened = {one.shelter_id: told_shelter(one) for one in open_shelters(desk, record)}
    found = []
    for key, row in () if known is None else known.iterrows():
        shelter_id = str(key)
        now = opened.get(shelter_id)
        told = {
            "name": str(row["name"]),
            "address": str(row["address"]),
            "kinds": sorted(row["kinds"]),
            "open": True if now else None,  # not told to be open is not known to be shut
            "occupied_people": now.occupied_people if now else None,
            "room_people": now.room_people if now else None,
        }
        at = places.get(shelter_id)
        place = None if at is None else {"type": "Point", "coordinates": list(at)}
        found.append(_feature(shelter_id, place, told))
    return found


def _orders(desk: Desk, record: Record, _at: datetime | None) -> list[Feature]:
    areas, names = district_areas(record), record.run.city.districts["name"]
    found = []
    for one in orders(desk, record):
        told = {
            "name": str(names.get(one.district_id, one.district_id)),
            "level": one.level,
            "order": ORDERS[Level(one.level)],
            "time": one.at.isoformat(),
            "expires": one.expires.isoformat(),
        }
        found.append(_feature(one.district_id, areas.get(one.district_id), told))
    return found


def _areas(desk: Desk, record: Record, _at: datetime | None) -> list[Feature]:
    """Give the mapped flood areas without what the forecast says of them."""
    return [
        _feature(number, one["geometry"], {"name": one["properties"]["name"],
                                           "stand_in": one["properties"]["stand_in"]})
        for number, one in enumerate(features(record, "flood"))
    ]  # fmt: skip


def _layer(name: str) -> Make:
    def made(desk: Desk, record: Record, at: datetime | None) -> list[Feature]:
        return features(record, name, at)

    return made


def _feature(key: str | int, geometry: Any, properties: Mapping[str, Any]) -> Feature:
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": dict(properties)}


PUBLIC = {
    "gauges": Collection("水位観測所", "観測水位と基準水位の状態", _gauges),
    "shelters": Collection("避難所", "位置と、開設の報告があるもの", _shelters),
    "orders": Collection("避難情報", "市が発令し、いま有効なもの", _orders),
    "flood-areas": Collection("浸水想定", "公式の図、または模式 (stand_in)", _areas),
}
FOR_STAFF = {
    f"{STAFF}{name}": Collection(layer.word, "職員用: 予測を含む", _layer(name), timed=True)
    for name, layer in LAYERS.items()
}
