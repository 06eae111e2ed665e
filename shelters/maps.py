"""The shelter map: districts by level, water, gauges and shelters, drawn without any network.

No text from data passes through Folium, whose popups and tooltips run what a hostile name says.
`map_data` gives plain values; `data_script` writes them as a script of their own; `build_map` gives
a Folium page that holds constants only and one script (`templates/map.js`) that puts every text
into a text node. A content security policy in the page lets nothing else run or load.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hazard.types import FloodLayer
from shelters.features import (
    bounds_of,
    district_features,
    gauge_features,
    shelter_features,
    water_features,
)
from shelters.map_frame import framed_map
from shelters.symbols import GAUGE_STATES, LEVELS, SHELTER_STATES
from shelters.types import Allocation, Shelters
from shelters.way_features import (
    closed_features,
    road_features,
    route_features,
    stranded_features,
)

if TYPE_CHECKING:
    import folium

TEMPLATES = Path(__file__).parent / "templates"
# What may not stand inside a script: what could end it, and separators of old engines.
SCRIPT_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class MapWater:
    """Areas that are drawn beside the official flood: `name` on the switch, `shown` at first."""

    name: str
    layer: FloodLayer
    shown: bool = False


def build_map(
    center: tuple[float, float],
    *,
    zoom_start: int = 11,
    data_file: str = "map-data.js",
    assets: str = "assets/",
) -> folium.Map:
    """Give the page that draws `data_file`; it is the same for every run but for the centre.

    Parameters
    ----------
    center
        lon, lat of the first view; the extent of the data replaces it.
    data_file
        Where the page finds what `data_script` gave, relative to the page.
    assets
        Folder with leaflet.js and leaflet.css, relative to the page.

    Returns
    -------
        A map whose `get_root().render()` is the page; nothing is written.
    """
    desk = framed_map(
        "desk", TEMPLATES / "map", data="window.kawamoriMap", center=center, zoom_start=zoom_start
    )
    page: Any = desk.get_root()
    page.title = "避難所地図"
    page.assets, page.data_file = assets, data_file
    code = (TEMPLATES / "map.js").read_bytes()
    page.nonce = base64.urlsafe_b64encode(hashlib.sha256(code).digest()).decode()[:22]
    return desk


def data_script(data: dict[str, Any]) -> str:
    """Give the script that hands `map_data` to the page; no text in it can end the script."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'"use strict";\nwindow.kawamoriMap = {text.translate(SCRIPT_ESCAPES)};\n'


def map_data(
    *,
    title: str,
    issued: str,
    districts: Any,
    layer: FloodLayer | None = None,
    others: Sequence[MapWater] = (),
    gauges: pd.DataFrame | None = None,
    shelters: Shelters | None = None,
    allocation: Allocation | None = None,
    routes: Any | None = None,
    roads: Any | None = None,
    closed: pd.DataFrame | None = None,
    reported: Sequence[int] = (),
    stranded: Any | None = None,
    out_of_reach: Sequence[tuple[str, Any]] = (),
    notes: Sequence[str] = (),
    credits: Sequence[str] = (),
) -> dict[str, Any]:
    """Give everything the page shows as plain values.

    Parameters
    ----------
    districts
        GeoDataFrame with name, level (-1 = UNKNOWN, 0 to 5), geometry; `lines` (texts) if any.
    layer, others
        The selected flood layer (a stand-in is dashed and named 模式), and water beside it.
    gauges
        Columns name, river, lon, lat, state (of `GAUGE_STATES`); `lines` if any.
    shelters, allocation
        All shelters of the city. Without an allocation nothing is known about their use.
    routes
        The main ways: district_id, shelter_id, traveller, people, minutes, on_roads, geometry.
    roads, closed, reported
        Lines; which of them (position) are closed to which traveller, and which by a report.
    stranded, out_of_reach, notes
        Points of `shelters.stranded` now and, by name, in planned floods; what is assumed.
    """
    water = [] if layer is None else water_features(layer)
    return {
        "title": title,
        "issued": issued,
        "notes": list(notes),
        "credits": list(credits),
        "levels": LEVELS,
        "states": GAUGE_STATES,
        "kinds": SHELTER_STATES,
        "districts": district_features(districts),
        "water": water,
        "standIn": any(area["standIn"] for area in water),
        "others": [_other(one) for one in others],
        "gauges": [] if gauges is None else gauge_features(gauges),
        "shelters": [] if shelters is None else shelter_features(shelters, allocation),
        **_ways(routes, roads, _Closed(closed, reported), districts, shelters),
        "stranded": [] if stranded is None else stranded_features(stranded),
        "outOfReach": [
            {"name": name, "places": stranded_features(table)} for name, table in out_of_reach
        ],
        "bounds": bounds_of(districts.geometry.array),
    }


def _other(one: MapWater) -> dict[str, Any]:
    return {"name": one.name, "shown": one.shown, "areas": water_features(one.layer)}


@dataclass(frozen=True, eq=False)
class _Closed:
    """Which roads are closed to whom, and which of them somebody reported."""

    table: pd.DataFrame | None
    reported: Sequence[int]


def _ways(
    routes: Any | None, roads: Any | None, closed: _Closed, districts: Any, shelters: Any | None
) -> dict[str, Any]:
    """Give routes, roads and what is closed of them."""
    known = routes is not None and shelters is not None
    return {
        "routes": route_features(routes, districts, shelters) if known else [],
        "roads": None if roads is None else road_features(roads),
        "closed": []
        if roads is None or closed.table is None
        else closed_features(roads, closed.table, closed.reported),
    }
