"""OGC API Features, parts Core and GeoJSON, over the newest run that is no drill."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.openapi.utils import get_openapi

from kawamori.cityos.collections import Box, Collection, Feature, chosen, collections
from kawamori.console.access import ROLES_OF, Officer, SignedIn
from kawamori.console.api.answers import PRIVATE, answer, etag_of
from kawamori.console.api.public import CACHE, newest_real
from kawamori.console.api.tokens import reader
from kawamori.console.desk import desk_of
from kawamori.console.errors import BadQueryError, NotStoredError
from kawamori.console.situation_records import Record, Stored
from kawamori.map_layers import times

CONFORMS = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
MOST = 10_000
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
PARAMETERS = {"bbox", "datetime", "limit", "offset"}
FORMAT = "f"  # only f=json: there is no other form
WHOLE: Any = {"type": "integer"}


def visitor(request: Request, officer: SignedIn) -> Officer | None:
    """Admit anybody; give who it is if a session or a token says so.

    Raises
    ------
    BadQueryError
        If a parameter is not one of the interface: a misspelt one would give everything.
    """
    known = {FORMAT, *(PARAMETERS if request.url.path.endswith("/items") else ())}
    if strange := sorted(set(request.query_params) - known):
        raise BadQueryError(f"parameters must be some of {sorted(known)}, got {strange}.")
    if (form := request.query_params.get(FORMAT, "json")) not in ("json", "geojson"):
        raise BadQueryError(f"f must be json, got {form!r}.")
    if request.headers.get("authorization"):
        return reader(request, officer)
    return officer


ROLES_OF[visitor] = ()
Visitor = Annotated[Officer | None, Depends(visitor)]
features = APIRouter(prefix="/ogc")  # /ogc/api tells of these


@dataclass(frozen=True)
class Asked:
    """What of a collection is wanted."""

    bbox: Annotated[str, Query(description="west,south,east,north in degrees")] = ""
    at: Annotated[str, Query(alias="datetime", description="RFC 3339, or START/END")] = ""
    limit: Annotated[
        str, Query(json_schema_extra={**WHOLE, "minimum": 1, "maximum": MOST, "default": 100})
    ] = "100"
    offset: Annotated[str, Query(json_schema_extra={**WHOLE, "minimum": 0, "default": 0})] = "0"

    def page(self) -> tuple[int, int]:
        """Give first and end of the page; a limit above `MOST` gives `MOST`."""
        first = _whole("offset", self.offset, fewest=0)
        return first, first + min(_whole("limit", self.limit, fewest=1), MOST)


@features.get("/")
def landing(request: Request, officer: Visitor) -> Response:
    """Give the landing page."""
    made = {
        "title": "川守 Kawamori",
        "description": "観測値と市の避難情報。予測は職員だけに示す(気象業務法第17条)。",
        "links": [
            _link("self", "/ogc/"),
            _link("service-desc", "/ogc/api", OPENAPI),
            _link("conformance", "/ogc/conformance"),
            _link("data", "/ogc/collections"),
        ],
    }
    return _answer(request, made, officer)


@features.get("/api")
def definition(request: Request, officer: Visitor) -> Response:
    """Give the definition of this interface (OpenAPI)."""
    made = get_openapi(title="川守 Kawamori: OGC API Features", version="1", routes=features.routes)
    return _answer(request, made, officer, OPENAPI)


@features.get("/conformance")
def conformance(request: Request, officer: Visitor) -> Response:
    """Say which parts of the standard are kept."""
    return _answer(request, {"conformsTo": CONFORMS}, officer)


@features.get("/collections")
def list_collections(request: Request, officer: Visitor) -> Response:
    """Give the collections that this visitor may read."""
    known = collections(staff=officer is not None)
    made = {
        "links": [_link("self", "/ogc/collections")],
        "collections": [_described(name, one) for name, one in known.items()],
    }
    return _answer(request, made, officer)


@features.get("/collections/{name}")
def read_collection(name: str, request: Request, officer: Visitor) -> Response:
    """Describe one collection."""
    return _answer(request, _described(name, _find(name, officer)), officer)


@features.get("/collections/{name}/items")
def list_items(
    *, name: str, request: Request, stored: Stored, officer: Visitor,
    asked: Annotated[Asked, Depends()],
) -> Response:  # fmt: skip
    """Give features of a collection, a page at a time."""
    first, end = asked.page()
    found = _found(request, _find(name, officer), newest_real(stored), asked)
    base = f"/ogc/collections/{name}/items"
    query = f"?{request.url.query}" if request.url.query else ""
    links = [_link("self", f"{base}{query}", GEOJSON)]
    if end < len(found):
        following = request.url.include_query_params(offset=end, limit=end - first)
        links.append(_link("next", f"{base}?{following.query}", GEOJSON))
    page = found[first:end]
    made = {
        "type": "FeatureCollection",
        "features": page,
        "links": links,
        "numberMatched": len(found),
        "numberReturned": len(page),
        "timeStamp": desk_of(request).now().astimezone(UTC).isoformat(),
    }
    return _answer(request, made, officer, GEOJSON)


@features.get("/collections/{name}/items/{key}")
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


def _whole(name: str, text: str, *, fewest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= fewest):
        raise BadQueryError(f"{name} must be a whole number from {fewest}, got {text[:40]!r}.")
    return int(text)


def _box(text: str) -> Box | None:
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # with heights, which no layer has
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)) or numbers[1] > numbers[3]:
        raise BadQueryError(
            "bbox must be west,south,east,north in degrees, south not above north; west above east "
            f"= across the antimeridian, got {text[:80]!r}."
        )
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
        raise BadQueryError(
            f"datetime must be a time or START/END (RFC 3339, .. = open), got {text[:80]!r}."
        ) from error
    if any(each is not None and each.tzinfo is None for each in (start, end)):
        raise BadQueryError("datetime must have a zone, such as Z.")
    if start is not None and end is not None and start > end:
        raise BadQueryError("datetime must begin before it ends.")
    return start, end


def _lead(record: Record, span: tuple[datetime | None, datetime | None]) -> datetime:
    """Give the first time of the run's forecast in a span."""
    start, end = span
    for at in times(record.run):
        if (start is None or at >= start) and (end is None or at <= end):
            return at
    known = times(record.run)
    told = f"{known[0].isoformat()} to {known[-1].isoformat()}"
    raise BadQueryError(f"datetime must hold a time of the forecast ({told}).")


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


router = APIRouter(include_in_schema=False)  # the API of the desk has a definition of its own
router.include_router(features)
