"""The citizens' map: official flood areas, districts by approved order, open shelters. No forecast.

Folium with constants only, as the staff's map: every text of a run becomes a text node in the one
script (templates/citizen_map.js).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from alerts.glossary import languages, term
from kawamori.console.access import public
from kawamori.console.api.answers import answer, etag_of
from kawamori.console.api.bodies import PublicShelter
from kawamori.console.api.decisions import in_force
from kawamori.console.api.public import CACHE, newest_real, open_shelters
from kawamori.console.citizen import TAGS
from kawamori.console.citizen_view import accepted, citizen_words
from kawamori.console.desk import desk_of
from kawamori.console.layers import drawn, map_facts
from kawamori.console.map_page import FACTS_SCRIPT, JAPAN, POLICY
from kawamori.console.situation_records import Record, Stored
from kawamori.map_layers import packed
from shelters.map_frame import framed_map
from shelters.maps import SCRIPT_ESCAPES
from shelters.symbols import LEVELS

TEMPLATES = Path(__file__).parent / "templates"
GEOJSON = "application/geo+json"
NONCE, FACTS, LANGUAGE, TITLE = "@nonce@", "@facts@", "@language@", "@title@"
router = APIRouter(dependencies=[Depends(public)])


@router.get("/public/map")
def citizen_map(
    request: Request, stored: Stored, lang: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    """Give the map in a language; it says so where there is nothing to draw."""
    header = request.headers.get("accept-language", "")
    language = lang if lang in languages() else accepted(header)
    said, record = citizen_words(language), newest_real(stored)
    facts = map_facts(record) if record else {}
    levels = {str(row["level"]): row for row in LEVELS}
    shown = {
        "words": said,
        "bounds": facts.get("bounds"),
        "notes": facts.get("notes", []),
        "credits": facts.get("credits", []),
        "levels": {
            str(level): levels[str(level)] | {"word": term(f"order_{level}", language)}
            for level in (3, 4, 5)
        },
        "layer": "/public/map.geojson",
        "back": f"/public?lang={language}",
    }
    nonce = request.state.nonce
    html = (
        _page()
        .replace(NONCE, nonce)
        .replace(LANGUAGE, TAGS.get(language, language))
        .replace(TITLE, said["map"])
        .replace(FACTS, json.dumps(shown, ensure_ascii=False).translate(SCRIPT_ESCAPES))
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY.format(nonce=nonce)})


@router.get("/public/map.geojson")
def citizen_layer(request: Request, stored: Stored) -> Response:
    """Give all that the map draws, as GeoJSON; made once for the same orders and shelters."""
    desk, record = desk_of(request), newest_real(stored)
    if record is None:
        return answer(request, "empty", lambda: _collected([]), kind=GEOJSON, cache=CACHE)
    levels = {one.district_id: one.level for one in in_force(desk.engine, desk.now())}
    opened = open_shelters(desk, record)
    etag = etag_of(record.etag, levels, [one.shelter_id for one in opened])
    key = ("citizens", etag)
    if key not in record.packed:
        for old in [each for each in record.packed if each[0] == "citizens"]:
            record.packed.pop(old, None)
        record.packed[key] = packed(_collected(_features(record, levels, opened)))
    body: bytes = record.packed[key]
    return answer(
        request, etag, lambda: gzip.decompress(body), kind=GEOJSON, cache=CACHE,
        packed=lambda: body,
    )  # fmt: skip


def _collected(features: list[dict[str, Any]]) -> bytes:
    made = {"type": "FeatureCollection", "features": features}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _features(
    record: Record, levels: Mapping[str, int], opened: Sequence[PublicShelter]
) -> list[dict[str, Any]]:
    """Give areas, districts and shelters, each with named properties only: the rest is staff's."""
    places = record.run.city.shelters
    found = []
    drew = drawn(record)
    for area in drew.rows("water"):
        told = {"name": area["name"], "depth": area["lines"][0], "fill": area["fill"]}
        told |= {"kind": "flood", "stand_in": area["standIn"]}
        found.append(_feature(area["geometry"], told))
    ids = map(str, record.run.city.districts.index)
    for area, district_id in zip(drew.rows("districts"), ids, strict=False):
        kept = {name: area[name] for name in ("name", "lon", "lat")}
        told = kept | {"kind": "district", "level": levels.get(district_id)}
        found.append(_feature(area["geometry"], told))
    known = [] if places is None else list(map(str, places.index))
    marks = dict(zip(known, drew.rows("shelters"), strict=False))  # in the list's order
    for one in opened:
        place = marks.get(one.shelter_id)
        if place is None:
            continue
        geometry = {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
        told = {"kind": "shelter", "name": one.shelter_name, "address": one.address}
        found.append(_feature(geometry, told))
    return found


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@cache
def _page() -> str:
    """Give the page, the same for every run."""
    made = framed_map("citizens", TEMPLATES / "citizen_map", data=FACTS_SCRIPT, center=JAPAN)
    html: str = made.get_root().render()
    return html
