"""A stored run as a city's platform reads it: places, orders in force, shelters open now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from shapely import orient_polygons
from shapely.geometry import mapping, shape

from kawamori.cityos.anonymity import told_shelter
from kawamori.cityos.ngsi import Entity, normalized, public_entities, staff_entities
from kawamori.cityos.open_data import order_csv, shelter_csv
from kawamori.console.api.decisions import Decision, decisions, in_force
from kawamori.console.api.public import open_shelters
from kawamori.console.desk import Desk, utc_now
from kawamori.console.layers import layer as layer_of
from kawamori.console.runs import Shelf
from kawamori.console.situation_records import Record, Records
from kawamori.settings import Settings
from kawamori.store import opened_store


def features(record: Record, layer: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """Give the GeoJSON features of a map layer, kept as long as the record is."""
    moment = at or record.run.issued_at
    key = ("features", layer, moment)
    if key not in record.packed:
        told = json.loads(layer_of(record, layer, moment))["features"]
        record.packed[key] = [one | {"geometry": _wound(one["geometry"])} for one in told]
    found: list[dict[str, Any]] = record.packed[key]
    return found


def _wound(geometry: Any) -> Any:
    """Give an area with its outer ring counter-clockwise, as RFC 7946 asks; all else as it is."""
    if geometry is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
        return geometry
    return mapping(orient_polygons(shape(geometry)))


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
        told = decisions(desk.engine, record.run.run_id).values()
        return [one for one in told if not one.ends]
    known = set(map(str, record.run.city.districts.index))
    return [one for one in in_force(desk.engine, desk.now()) if one.district_id in known]


def published(desk: Desk, record: Record) -> Iterator[Entity]:
    """Give the entities for everybody."""
    return public_entities(
        record.run,
        at=desk.now(),
        orders=orders(desk, record),
        shelters=shelter_places(record),
        opened=[told_shelter(one) for one in open_shelters(desk, record)],
        areas=district_areas(record),
    )


def export(run_id: str, settings: Settings, folder: Path, *, staff: bool) -> list[Path]:
    """Write what the city's platform takes of a stored run; give the files.

    Parameters
    ----------
    staff
        Add forecasts and advice: the file must not leave the staff.
    """
    with opened_store(settings.store_url) as engine:
        desk = Desk(settings, engine, utc_now)
        record = Records(Shelf(settings.out)).read(run_id)
        entities = list(published(desk, record))
        tables = {
            "shelters.csv": shelter_csv(record.run, shelter_places(record)),
            "orders.csv": order_csv(record.run, orders(desk, record)),
        }
    name = "entities.jsonld"
    if staff:
        entities, name = [*entities, *staff_entities(record.run)], "entities-staff.jsonld"
    text = json.dumps([normalized(one) for one in entities], ensure_ascii=False, indent=1)
    target = folder / record.name
    target.mkdir(parents=True, exist_ok=True)
    for file, content in {name: text.encode(), **tables}.items():
        (target / file).write_bytes(content)
    return [target / file for file in (name, *tables)]
