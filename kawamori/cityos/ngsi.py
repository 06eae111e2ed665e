"""NGSI-LD entities by Smart Data Models: WaterObserved, FloodMonitoring, Alert, PointOfInterest.

`public_entities` gives what was observed and what officers approved. Forecasts and advice are
for staff (気象業務法第17条): `staff_entities`, of two kinds of our own: none models them.
Entities are key-values; `normalized` gives the long form. What is unknown is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import numpy as np

from advisory.types import ORDERS, Level
from kawamori.console.api.bodies import PublicShelter
from kawamori.console.api.decisions import Decision
from kawamori.run import Run
from kawamori.situation import GaugeRow, gauge_rows

Entity = dict[str, Any]
CONTEXT = [
    "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld",
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Environment/master/context.jsonld",
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Alert/master/context.jsonld",
    "https://raw.githubusercontent.com/smart-data-models/dataModel.PointOfInterest/master/context.jsonld",
]
SEVERITY = {3: "medium", 4: "high", 5: "critical"}
METRES = {"waterLevel", "currentLevel", "alertLevel", "dangerLevel"}
DRILL = "【訓練】"
Places = Mapping[str, tuple[float, float]]


def public_entities(
    run: Run,
    *,
    at: datetime,
    orders: Iterable[Decision],
    shelters: Places,
    opened: Iterable[PublicShelter],
    areas: Mapping[str, Any],
) -> Iterator[Entity]:
    """Give the entities for everybody, gauges first.

    Parameters
    ----------
    at
        Readings older than an hour then are Unknown.
    shelters
        Where each shelter lies, by shelter_id.
    opened
        Shelters open now, with the people inside.
    areas
        GeoJSON geometry of districts, by district_id.
    """
    for row in gauge_rows(run, at=at):
        yield from _gauge(run, row)
    for order in orders:
        yield _order(run, order, areas.get(order.district_id))
    inside = {one.shelter_id: one for one in opened}
    yield from _shelters(run, shelters, inside)


def staff_entities(run: Run) -> Iterator[Entity]:
    """Give forecasts and advice, for staff only."""
    leads_h = (run.forecast["lead"].values / np.timedelta64(1, "h")).tolist()
    levels = run.forecast["level_m"].transpose("gauge", "lead", "quantile")
    for gauge, rows in zip(levels["gauge"].values.tolist(), levels.values, strict=True):
        yield {
            "id": _id(run, "WaterLevelForecast", gauge),
            "type": "WaterLevelForecast",
            "dateIssued": _utc(run.issued_at),
            "leadHours": leads_h,
            "quantiles": levels["quantile"].values.tolist(),
            "levelMetres": [[_number(value) for value in row] for row in rows.tolist()],
            "forStaffOnly": True,
        }
    for item in run.advice:
        entity: Entity = {
            "id": _id(run, "FloodAdvice", item.district_id),
            "type": "FloodAdvice",
            "name": _marked(run, item.name),
            "dateIssued": _utc(item.issued_at),
            "approved": False,
            "forStaffOnly": True,
        }
        yield entity if item.level is Level.UNKNOWN else entity | {"level": int(item.level)}


def normalized(entity: Mapping[str, Any]) -> Entity:
    """Give the long form: Property with unit and time, GeoProperty, Relationship."""
    seen = entity.get("dateObserved") or entity.get("observationDateTime")
    made: Entity = {"@context": CONTEXT}
    for name, value in entity.items():
        if name in ("id", "type"):
            made[name] = value
        elif name == "location":
            made[name] = {"type": "GeoProperty", "value": value}
        elif name == "refPointOfInterest":
            made[name] = {"type": "Relationship", "object": value}
        else:
            made[name] = {"type": "Property", "value": value}
            if name in METRES:
                made[name]["unitCode"] = "MTR"
                if seen and name in ("waterLevel", "currentLevel"):
                    made[name]["observedAt"] = seen
    return made


def _gauge(run: Run, row: GaugeRow) -> Iterator[Entity]:
    gauge, state = row.gauge, row.state
    name = _marked(run, f"{gauge.name}({gauge.river})")
    place = _point(gauge.lon, gauge.lat)
    level_m = state.level_m if state else None
    known = state is not None and level_m is not None and state.at is not None
    limits = dict(gauge.thresholds.items())
    entity: Entity = {
        "id": _id(run, "FloodMonitoring", gauge.gauge_id),
        "type": "FloodMonitoring",
        "name": name,
        "stationID": gauge.gauge_id,
        "floodLevelStatus": _status(row) if known else "Unknown",
        **place,
    }
    named = {"alertLevel": limits.get("caution"), "dangerLevel": limits.get("danger")}
    entity |= {key: value for key, value in named.items() if value is not None}
    if known:
        assert state is not None
        assert state.at is not None
        entity |= {"currentLevel": level_m, "observationDateTime": _utc(state.at)}
        # a level below the gauge's zero is a level, but the schema of WaterObserved has none
        if place and level_m is not None and level_m >= 0:
            yield {
                "id": _id(run, "WaterObserved", gauge.gauge_id),
                "type": "WaterObserved",
                "name": name,
                "dateObserved": _utc(state.at),
                "waterLevel": level_m,
                **place,
            }
    yield entity


def _status(row: GaugeRow) -> str:
    if row.old or row.level is Level.UNKNOWN:
        return "Unknown"
    return (row.reached or "normal").capitalize()


def _order(run: Run, one: Decision, area: Any) -> Entity:
    names = run.city.districts["name"]
    district = str(names.get(one.district_id, one.district_id))
    entity: Entity = {
        "id": _id(run, "Alert", one.approval_id),
        "type": "Alert",
        "name": _marked(run, f"{ORDERS[Level(one.level)]} {district}"),
        "category": "naturalDisaster",
        "subCategory": "flood",
        "severity": SEVERITY[one.level],
        "dateIssued": _utc(one.at),
        "validFrom": _utc(one.at),
        "validTo": _utc(one.expires),
        "alertSource": f"urn:kawamori:city:{run.city.code}",
        "description": _marked(
            run, f"警戒レベル{one.level} {ORDERS[Level(one.level)]}: {district}"
        ),
    }
    return entity if area is None else entity | {"location": area}


def _shelters(run: Run, places: Places, opened: Mapping[str, PublicShelter]) -> Iterator[Entity]:
    if run.city.shelters is None:
        return
    for key, row in run.city.shelters.iterrows():
        shelter_id = str(key)
        now = opened.get(shelter_id)
        entity: Entity = {
            "id": _id(run, "PointOfInterest", shelter_id),
            "type": "PointOfInterest",
            "name": _marked(run, str(row["name"])),
            "category": [f"shelter-{kind}" for kind in sorted(row["kinds"])],
            "description": "開設中" if now else "開設を確認していない",
            "address": {"addressCountry": "JP", "streetAddress": str(row["address"])},
        }
        if shelter_id in places:
            entity |= _point(*places[shelter_id])
        if now and now.capacity_people is not None and row["capacity_source"] == "listed":
            entity["capacity"] = now.capacity_people
        if now and now.occupied_people is not None:
            entity["occupancy"] = now.occupied_people
        yield entity


def _point(lon: float, lat: float) -> Entity:
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return {}
    return {"location": {"type": "Point", "coordinates": [float(lon), float(lat)]}}


def _id(run: Run, kind: str, key: str) -> str:
    return f"urn:ngsi-ld:{kind}:{quote(run.city.code, safe='')}:{quote(key, safe='')}"


def _marked(run: Run, text: str) -> str:
    return f"{DRILL}{text}" if run.drill else text


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def of_types(entities: Iterable[Entity], types: Sequence[str]) -> list[Entity]:
    """Give the entities of some types, all of them where none is named."""
    return [one for one in entities if not types or one["type"] in types]
