"""A stored run as a city's platform reads it: places, orders in force, shelters open now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kawamori.cityos.ngsi import Entity, public_entities
from kawamori.console.api.decisions import Decision, decisions, in_force
from kawamori.console.api.public import open_shelters
from kawamori.console.desk import Desk
from kawamori.console.layers import collection
from kawamori.console.situation_records import Record


def features(record: Record, layer: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """Give the GeoJSON features of a map layer, kept as long as the record is."""
    moment = at or record.run.issued_at
    key = ("features", layer, moment)
    if key not in record.packed:
        record.packed[key] = json.loads(collection(record, layer, moment))["features"]
    found: list[dict[str, Any]] = record.packed[key]
    return found


def shelter_places(record: Record) -> dict[str, tuple[float, float]]:
    """Give lon and lat of each shelter by shelter_id, from the map of the run."""
    known = record.run.city.shelters
    drawn = features(record, "shelters")
    if known is None or len(known) != len(drawn):  # not the map of this record
        return {}
    return {
        str(key): tuple(one["geometry"]["coordinates"])
        for key, name, one in zip(known.index, known["name"], drawn, strict=True)
        if one["properties"]["name"] == name
    }


def district_areas(record: Record) -> dict[str, Any]:
    """Give the GeoJSON geometry of each district by district_id."""
    return {
        one["properties"]["district_id"]: one["geometry"] for one in features(record, "districts")
    }


def orders(desk: Desk, record: Record) -> list[Decision]:
    """Give the orders in force of this run's city; of a drill, those of the drill itself."""
    if record.run.drill:
        return list(decisions(desk.engine, record.run.run_id).values())
    known = set(map(str, record.run.city.districts.index))
    return [one for one in in_force(desk.engine, desk.now()) if one.district_id in known]


def published(desk: Desk, record: Record) -> Iterator[Entity]:
    """Give the entities for everybody."""
    return public_entities(
        record.run,
        at=desk.now(),
        orders=orders(desk, record),
        shelters=shelter_places(record),
        opened=open_shelters(desk, record),
        areas=district_areas(record),
    )
