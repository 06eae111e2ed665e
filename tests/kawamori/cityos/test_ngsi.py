"""NGSI-LD entities: valid by the published schemas, and nothing of staff's among the public's."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from advisory.types import GaugeState
from kawamori.cityos.ngsi import normalized, of_types, public_entities, staff_entities
from kawamori.console.api.bodies import PublicShelter
from kawamori.console.api.decisions import Decision
from kawamori.run import Run

AT = datetime(2026, 6, 30, 15, 5, tzinfo=UTC)
SQUARE = {"type": "Polygon", "coordinates": [[[140, 37], [141, 37], [141, 38], [140, 37]]]}


@pytest.fixture(scope="session")
def schema_of(real_data: Path) -> Any:
    """Give a validator by entity type, as Smart Data Models publish them."""
    folder = real_data.parent / "schemas" / "smart-data-models"
    if not folder.is_dir():
        pytest.skip("no schemas/smart-data-models beside the real data")
    kept = [json.loads(path.read_text()) for path in sorted(folder.glob("_commons/*.json"))]
    registry = Registry().with_resources(
        [(one["$id"], Resource.from_contents(one)) for one in kept]
    )

    def validator(kind: str) -> Draft202012Validator:
        schema = json.loads((folder / kind / "schema.json").read_text())
        return Draft202012Validator(schema, registry=registry)

    return validator


@pytest.fixture
def order() -> Decision:
    until = AT + timedelta(hours=1)
    return Decision("a-1", "r", "d1", 4, AT, until, ("one", "two"))


@pytest.fixture
def entities(made_run: Run, order: Decision) -> list[dict[str, Any]]:
    live = dataclasses.replace(made_run, drill=False)
    (shelter_id, *_) = live.city.shelters.index
    told = {"shelter_name": "x", "address": "y", "occupied_people": 12, "capacity_people": 80}
    opened = [PublicShelter(shelter_id=str(shelter_id), **told)]
    places = {str(shelter_id): (140.9, 37.0)}
    named = {"orders": [order], "opened": opened, "shelters": places, "areas": {"d1": SQUARE}}
    return list(public_entities(live, at=AT, **named))


def test_every_entity_is_valid_by_its_published_schema(entities: Any, schema_of: Any) -> None:
    kinds = {one["type"] for one in entities}
    assert kinds == {"WaterObserved", "FloodMonitoring", "Alert", "PointOfInterest"}
    for one in entities:
        faults = [fault.message for fault in schema_of(one["type"]).iter_errors(one)]
        assert faults == [], one["id"]


NAMES = ('"', "橋 <b>", "🌊" * 40, "x" * 5000, " ", "a/b?c#d", "=1+1")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_and_id_gives_valid_entities_of_an_own_id(
    made_run: Run, order: Decision, schema_of: Any, name: str
) -> None:
    """UNKNOWN levels, an area of two parts, a shelter with nothing known, a drill."""
    city = made_run.city
    assert city.shelters is not None
    gauges = tuple(dataclasses.replace(one, name=name, gauge_id=f"{name}{n}")
                   for n, one in enumerate(city.gauges))  # fmt: skip
    shelters = city.shelters.assign(name=name, address="", capacity=float("nan"))
    shelters.index = [f"{name}{n}" for n in range(len(shelters))]
    town = dataclasses.replace(city, gauges=gauges, shelters=shelters,
                               districts=city.districts.assign(name=name))  # fmt: skip
    run = dataclasses.replace(made_run, city=town)
    area = {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]] * 2}
    named = {"orders": [order], "opened": [], "shelters": {}, "areas": {"d1": area}}
    found = list(public_entities(run, at=AT, **named))
    for one in found:
        faults = [fault.message for fault in schema_of(one["type"]).iter_errors(one)]
        assert faults == [], one["id"][:80]
        assert one["id"].isascii()
        assert " " not in one["id"]
    assert len({one["id"] for one in found}) == len(found)


def test_no_entity_holds_null(made_run: Run, entities: Any) -> None:
    """NGSI-LD knows no null: what is unknown is left out."""
    for one in (*entities, *staff_entities(made_run)):
        assert None not in one.values(), one["id"]
        assert None not in [part.get("value", 0) for part in normalized(one).values()
                            if isinstance(part, dict)]  # fmt: skip


def test_the_level_observed_is_told_with_its_time(entities: Any) -> None:
    (water,) = of_types(entities, ["WaterObserved"])  # gauge down is silent: none is observed
    assert water["waterLevel"] == 3.6
    assert water["dateObserved"] == "2026-06-30T14:50:00Z"  # ten minutes before issue time


def test_a_silent_gauge_is_unknown_and_has_no_level(entities: Any) -> None:
    silent = next(one for one in of_types(entities, ["FloodMonitoring"])
                  if one["stationID"] == "down")  # fmt: skip
    assert silent["floodLevelStatus"] == "Unknown"
    assert "currentLevel" not in silent


def test_a_reading_of_yesterday_is_unknown(made_run: Run) -> None:
    none: dict[str, Any] = {"orders": [], "opened": [], "shelters": {}, "areas": {}}
    found = list(public_entities(made_run, at=AT + timedelta(days=1), **none))
    states = {one["floodLevelStatus"] for one in of_types(found, ["FloodMonitoring"])}
    assert states == {"Unknown"}


def test_a_level_below_gauge_zero_is_monitored_not_dropped(made_run: Run) -> None:
    below = (GaugeState("up", -0.2, AT), *made_run.states[1:])
    run = dataclasses.replace(made_run, states=below)
    none: dict[str, Any] = {"orders": [], "opened": [], "shelters": {}, "areas": {}}
    found = list(public_entities(run, at=AT, **none))
    assert of_types(found, ["WaterObserved"]) == []  # its schema starts at 0
    assert any(one.get("currentLevel") == -0.2 for one in found)


def test_an_order_is_an_alert_of_its_severity_and_area(entities: Any) -> None:
    (alert,) = of_types(entities, ["Alert"])
    assert alert["severity"] == "high"  # level 4 of 3 to 5
    assert alert["name"].startswith("避難指示")
    assert alert["location"] == SQUARE


def test_the_public_gets_no_forecast_and_no_advice(entities: Any) -> None:
    text = json.dumps(entities)
    assert "forStaffOnly" not in text
    assert "quantile" not in text


def test_staff_get_both_marked(made_run: Run) -> None:
    found = list(staff_entities(made_run))
    assert {one["type"] for one in found} == {"WaterLevelForecast", "FloodAdvice"}
    assert all(one["forStaffOnly"] for one in found)
    unknown = [one for one in of_types(found, ["FloodAdvice"]) if "level" not in one]
    assert len(unknown) == 1  # d2 is UNKNOWN
    json.dumps(found, allow_nan=False)


def test_a_drill_says_so_in_every_name(made_run: Run, order: Decision) -> None:
    found = public_entities(made_run, at=AT, orders=[order], opened=[], shelters={}, areas={})
    assert found
    assert all(one["name"].startswith("【訓練】") for one in found)


def test_the_long_form_names_unit_and_time(entities: Any) -> None:
    (water,) = of_types(entities, ["WaterObserved"])
    told = normalized(water)
    assert told["waterLevel"] == {
        "type": "Property", "value": 3.6, "unitCode": "MTR",
        "observedAt": "2026-06-30T14:50:00Z",
    }  # fmt: skip
    assert told["location"]["type"] == "GeoProperty"
