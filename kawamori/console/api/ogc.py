"""OGC API Features, parts Core and GeoJSON, over the newest run that is no drill."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from kawamori.cityos.collections import Collection, Feature, chosen, collections
from kawamori.console.access import ROLES_OF, Officer, SignedIn
from kawamori.console.api.answers import PRIVATE, answer, etag_of
from kawamori.console.api.public import CACHE, newest_real
from kawamori.console.api.tokens import reader
from kawamori.console.desk import desk_of
from kawamori.console.errors import NotStoredError, RefusedError
from kawamori.console.situation_records import Record, Stored
from kawamori.map_layers import times

CONFORMS = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
MOST = 10_000
GEOJSON = "application/geo+json"
PARAMETERS = {"bbox", "datetime", "limit", "offset"}


def visitor(request: Request, officer: SignedIn) -> Officer | None:
    """Admit anybody; give who it is if a session or a token says so."""
    if request.headers.get("authorization"):
        return reader(request, officer)
    return officer


ROLES_OF[visitor] = ()
Visitor = Annotated[Officer | None, Depends(visitor)]
router = APIRouter(prefix="/ogc", include_in_schema=False)


@dataclass(frozen=True)
class Asked:
    """What of a collection is wanted."""

    bbox: Annotated[str, Query(max_length=200)] = ""
    at: Annotated[str, Query(alias="datetime", max_length=80)] = ""
    limit: Annotated[int, Query(ge=1)] = 100  # more than MOST gives MOST, as the standard says
    offset: Annotated[int, Query(ge=0)] = 0


@router.get("/")
def landing(request: Request, officer: Visitor) -> Response:
    """Give the landing page."""
    made = {
        "title": "川守 Kawamori",
        "description": "観測値と市の避難情報。予測は職員だけに示す(気象業務法第17条)。",
        "links": [
            _link("self", "/ogc/"),
            _link("service-desc", "/api/v1/openapi.json"),
            _link("conformance", "/ogc/conformance"),
            _link("data", "/ogc/collections"),
        ],
    }
    return _answer(request, made, officer)


@router.get("/conformance")
def conformance(request: Request, officer: Visitor) -> Response:
    """Say which parts of the standard are kept."""
    return _answer(request, {"conformsTo": CONFORMS}, officer)


@router.get("/collections")
def list_collections(request: Request, officer: Visitor) -> Response:
    """Give the collections that this visitor may read."""
    known = collections(staff=officer is not None)
    made = {
        "links": [_link("self", "/ogc/collections")],
        "collections": [_described(name, one) for name, one in known.items()],
    }
    return _answer(request, made, officer)


@router.get("/collections/{name}")
def read_collection(name: str, request: Request, officer: Visitor) -> Response:
    """Describe one collection."""
    return _answer(request, _described(name, _find(name, officer)), officer)


@router.get("/collections/{name}/items")
def list_items(
    *, name: str, request: Request, stored: Stored, officer: Visitor,
    asked: Annotated[Asked, Depends()],
) -> Response:  # fmt: skip
    """Give features of a collection, a page at a time."""
    strange = sorted(set(request.query_params) - PARAMETERS)
    if strange:
        raise RefusedError(f"parameters must be some of {sorted(PARAMETERS)}, got {strange}.")
    found = _found(request, _find(name, officer), newest_real(stored), asked)
    end = asked.offset + min(asked.limit, MOST)
    base = f"/ogc/collections/{name}/items"
    links = [_link("self", base, GEOJSON)]
    if end < len(found):
        following = request.url.include_query_params(offset=end, limit=asked.limit)
        links.append(_link("next", f"{base}?{following.query}", GEOJSON))
    page = found[asked.offset : end]
    made = {
        "type": "FeatureCollection",
        "features": page,
        "links": links,
        "numberMatched": len(found),
        "numberReturned": len(page),
        "timeStamp": desk_of(request).now().astimezone(UTC).isoformat(),
    }
    return _answer(request, made, officer, GEOJSON)


@router.get("/collections/{name}/items/{key}")
def read_item(
    name: str, key: str, request: Request, stored: Stored, officer: Visitor
) -> Response:  # fmt: skip
    """Give one feature by its id."""
    for one in _found(request, _find(name, officer), newest_real(stored), Asked()):
        if str(one["id"]) == key:
            links = [_link("self", f"/ogc/collections/{name}/items/{key}", GEOJSON),
                     _link("collection", f"/ogc/collections/{name}")]  # fmt: skip
            return _answer(request, one | {"links": links}, officer, GEOJSON)
    raise NotStoredError(f"no feature {key!r} in {name!r}")


def _found(
    request: Request, one: Collection, record: Record | None, asked: Asked
) -> list[Feature]:  # fmt: skip
    """Give the features asked for; none where no live run is stored."""
    area = _box(asked.bbox)
    span = _span(asked.at)
    if record is None:
        return []
    lead = None
    if one.timed and span is not None:
        lead, span = _lead(record, span), None
    return chosen(one.features(desk_of(request), record, lead), box_lonlat=area, span=span)


def _find(name: str, officer: Officer | None) -> Collection:
    known = collections(staff=officer is not None)
    if name not in known:
        raise NotStoredError(f"collection must be one of {list(known)}, got {name!r}")
    return known[name]


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # with heights, which no layer has
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not (numbers[0] <= numbers[2] and numbers[1] <= numbers[3]):
        raise RefusedError("bbox must be west,south,east,north in degrees.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _span(text: str) -> tuple[datetime | None, datetime | None] | None:
    """Give start and end of an instant or interval of RFC 3339; None = open."""
    if not text:
        return None
    first, slash, last = text.partition("/")
    try:
        start, end = (None if part in ("", "..") else datetime.fromisoformat(part)
                      for part in (first, last if slash else first))  # fmt: skip
    except ValueError as error:
        raise RefusedError("datetime must be a time or START/END (RFC 3339, .. = open).") from error
    if any(each is not None and each.tzinfo is None for each in (start, end)):
        raise RefusedError("datetime must have a zone, such as Z.")
    return start, end


def _lead(record: Record, span: tuple[datetime | None, datetime | None]) -> datetime:
    """Give the first time of the run's forecast in a span."""
    start, end = span
    for at in times(record.run):
        if (start is None or at >= start) and (end is None or at <= end):
            return at
    known = times(record.run)
    told = f"{known[0].isoformat()} to {known[-1].isoformat()}"
    raise RefusedError(f"datetime must hold a time of the forecast ({told}).")


def _described(name: str, one: Collection) -> dict[str, Any]:
    return {
        "id": name,
        "title": one.title,
        "description": one.told,
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            _link("self", f"/ogc/collections/{name}"),
            _link("items", f"/ogc/collections/{name}/items", GEOJSON),
        ],
    }


def _link(relation: str, path: str, kind: str = "application/json") -> dict[str, str]:
    return {"rel": relation, "href": path, "type": kind}


def _answer(
    request: Request, made: Any, officer: Officer | None, kind: str = "application/json"
) -> Response:
    body = json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    facts = {key: value for key, value in made.items() if key != "timeStamp"}
    cache = CACHE if officer is None else PRIVATE
    told = answer(request, etag_of(facts), lambda: body, kind=kind, cache=cache)
    told.headers["Vary"] = "Accept-Encoding, Authorization, Cookie"
    return told
