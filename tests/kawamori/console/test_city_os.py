"""NGSI-LD and OGC API Features over HTTP: who sees what, boxes, times, pages."""

from __future__ import annotations

from typing import Any

import pytest
from shapely import LinearRing

STAFF_WORDS = ("probability", "forStaffOnly", "quantile", "issue_by", "割り当て")
API = "/api/v1/openapi.json"
ITEMS = "/ogc/collections/{}/items"


@pytest.fixture
def public(console: Any) -> Any:
    browser = console.browser()
    browser.headers["accept"] = "application/json"
    return browser


@pytest.fixture
def viewer(console: Any) -> Any:
    browser = console.browser("viewer")
    browser.headers["accept"] = "application/json"
    return browser


def test_everybody_reads_entities_without_forecasts(public: Any) -> None:
    told = public.get("/public/api/v1/ngsi-ld/entities?limit=1000")
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/ld+json"
    assert int(told.headers["NGSILD-Results-Count"]) == len(told.json()) > 0
    assert not any(word in told.text for word in STAFF_WORDS)


def test_forecasts_need_staff(public: Any, viewer: Any) -> None:
    assert public.get("/api/v1/ngsi-ld/entities").status_code == 401
    told = viewer.get("/api/v1/ngsi-ld/entities?type=WaterLevelForecast&options=keyValues")
    assert {one["type"] for one in told.json()} == {"WaterLevelForecast"}
    assert told.headers["cache-control"] == "private, no-cache"


def test_one_entity_is_found_by_its_id(public: Any) -> None:
    path = "/public/api/v1/ngsi-ld/entities"
    (one, *_) = public.get(f"{path}?type=FloodMonitoring&options=keyValues").json()
    assert public.get(f"{path}/{one['id']}?options=keyValues").json() == one
    assert public.get(f"{path}/urn:none").status_code == 404


def test_the_landing_page_leads_to_everything(public: Any) -> None:
    links = {one["rel"]: one["href"] for one in public.get("/ogc/").json()["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    for href in links.values():
        assert public.get(href).status_code == 200
    assert len(public.get("/ogc/conformance").json()["conformsTo"]) == 2


def test_the_definition_tells_every_path_and_parameter(public: Any) -> None:
    told = public.get("/ogc/api")
    assert told.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    paths = told.json()["paths"]
    below = {path.removeprefix("/ogc/collections") for path in paths}
    assert {"/ogc/", "/ogc/conformance", "", "/{name}", "/{name}/items",
            "/{name}/items/{key}"} <= below  # fmt: skip
    asked = paths["/ogc/collections/{name}/items"]["get"]["parameters"]
    known = {one["name"]: one["schema"] for one in asked}
    assert {"bbox", "datetime", "limit", "offset"} <= set(known)
    assert (known["limit"]["type"], known["limit"]["minimum"]) == ("integer", 1)
    assert not any(path.startswith("/ogc") for path in public.get(API).json()["paths"])


def test_areas_are_wound_as_geojson_asks(public: Any) -> None:
    """RFC 7946: outer rings counter-clockwise, holes clockwise."""
    areas = [one["geometry"] for one in public.get(ITEMS.format("flood-areas")).json()["features"]]
    assert areas
    for area in areas:
        parts = [area["coordinates"]] if area["type"] == "Polygon" else area["coordinates"]
        for outer, *holes in parts:
            assert LinearRing(outer).is_ccw
            assert not any(LinearRing(hole).is_ccw for hole in holes)


def test_each_public_collection_gives_features_and_nothing_of_staffs(public: Any) -> None:
    known = public.get("/ogc/collections").json()["collections"]
    assert [one["id"] for one in known] == ["gauges", "shelters", "orders", "flood-areas"]
    for one in known:
        told = public.get(ITEMS.format(one["id"]))
        assert told.status_code == 200
        assert told.json()["numberReturned"] == len(told.json()["features"])
        assert not any(word in told.text for word in STAFF_WORDS)


def test_staff_also_read_the_layers_of_the_forecast(public: Any, viewer: Any) -> None:
    assert public.get(ITEMS.format("staff-flood")).status_code == 404
    ids = [one["id"] for one in viewer.get("/ogc/collections").json()["collections"]]
    assert "staff-flood" in ids
    told = viewer.get(ITEMS.format("staff-gauges"))
    assert told.status_code == 200
    assert told.headers["cache-control"] == "private, no-cache"


def test_a_wrong_token_is_refused_even_where_everybody_may_read(public: Any) -> None:
    told = public.get("/ogc/collections", headers={"authorization": "Bearer no"})
    assert told.status_code == 401


def test_a_box_keeps_what_it_touches(public: Any) -> None:
    path = ITEMS.format("gauges")
    everything = public.get(path).json()["features"]
    placed = [one for one in everything if one["geometry"]]
    lon, lat = placed[0]["geometry"]["coordinates"]
    near = public.get(f"{path}?bbox={lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}").json()
    assert placed[0]["id"] in [one["id"] for one in near["features"]]
    assert public.get(f"{path}?bbox=0,0,1,1").json()["features"] == []
    for wrong in ("1,2,3", "a,b,c,d", "0,2,1,1", "nan,0,1,1", "0,0,inf,1", "1," * 300):
        assert public.get(f"{path}?bbox={wrong}").status_code == 400


def test_a_box_across_the_antimeridian_reaches_both_sides(public: Any) -> None:
    """From 100°E over the Pacific to 100°W; its complement, 100°W to 100°E, holds no Japan."""
    path = ITEMS.format("gauges")
    across = public.get(f"{path}?bbox=100,-90,-100,90").json()["features"]
    assert {one["id"] for one in across} == {
        one["id"] for one in public.get(path).json()["features"] if one["geometry"]
    }
    assert public.get(f"{path}?bbox=-100,-90,100,90").json()["features"] == []


def test_a_time_keeps_what_lies_in_it(public: Any) -> None:
    path = ITEMS.format("gauges")
    # gauge up was read at 14:50 UTC; gauge down never, and what has no time lies in every span
    inside = public.get(f"{path}?datetime=2026-06-30T14:00:00Z/..").json()["features"]
    before = public.get(f"{path}?datetime=../2026-06-30T14:00:00Z").json()["features"]
    assert {one["id"] for one in inside} == {"up", "down"}
    assert {one["id"] for one in before} == {"down"}
    backward = "2026-06-30T15:00:00Z/2026-06-30T14:00:00Z"
    for wrong in ("yesterday", "2026-06-30T14:00:00", backward, "1/2/3"):
        assert public.get(f"{path}?datetime={wrong}").status_code == 400


def test_a_time_chooses_the_lead_of_a_forecast_layer(viewer: Any) -> None:
    path = ITEMS.format("staff-gauges")
    now = viewer.get(path).json()["features"]
    later = viewer.get(f"{path}?datetime=2026-06-30T15:30:00Z/..").json()["features"]
    assert now != later
    assert viewer.get(f"{path}?datetime=2030-01-01T00:00:00Z").status_code == 400


def test_pages_follow_one_another_to_the_end(public: Any) -> None:
    first = public.get(ITEMS.format("gauges") + "?limit=1").json()
    assert (first["numberMatched"], first["numberReturned"]) == (2, 1)
    following = next(one["href"] for one in first["links"] if one["rel"] == "next")
    second = public.get(following).json()
    assert {first["features"][0]["id"], second["features"][0]["id"]} == {"up", "down"}
    assert all(one["rel"] != "next" for one in second["links"])


def test_an_unknown_parameter_is_refused_and_an_item_is_found(public: Any) -> None:
    for path in ("/ogc/", "/ogc/conformance", "/ogc/collections", ITEMS.format("gauges")):
        assert public.get(f"{path}?colour=red").status_code == 400
        assert public.get(f"{path}?f=html").status_code == 400
        assert public.get(f"{path}?f=json").status_code == 200
    for wrong in ("limit=0", "limit=-1", "limit=x", "limit=", "offset=-1", "limit=1e3"):
        assert public.get(f"{ITEMS.format('gauges')}?{wrong}").status_code == 400
    assert public.get(ITEMS.format("gauges") + "?limit=99999999").status_code == 200
    assert public.get(ITEMS.format("gauges") + "/up").json()["properties"]["level_m"] == 3.6
    assert public.get(ITEMS.format("gauges") + "/none").status_code == 404
