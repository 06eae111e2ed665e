"""Ways on the map as plain values: routes, closed roads, and people without a way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from shelters.features import DECIMALS, plain_geometry, plain_point

ROUTE_TOLERANCE_DEG, ROAD_TOLERANCE_DEG = 0.00003, 0.00005  # about 3 m and 5 m
BASE_TOLERANCE_DEG = 0.0002  # about 20 m
FEW_ROADS = 2000
MAIN_KINDS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
TRAVELLER_WORDS = {
    "general": "徒歩", "elderly": "徒歩 (高齢者等)",
    "assisted": "徒歩 (支援が必要な人)", "car": "車",
}  # fmt: skip
# Key -> what the officer reads, in the order in which they are drawn.
CLOSED_WORDS = {
    "some": "車・高齢者等は通れない道路",
    "all": "誰も通れない道路",
    "bridge": "通れない橋",
    "reported": "通行止めの報告がある道路",
}


def route_features(routes: Any, districts: Any, shelters: Any) -> list[dict[str, Any]]:
    """Give the main ways; `district` and `shelter` are positions in the frames of the map."""
    at_district = districts.index.get_indexer(routes["district_id"])
    at_shelter = shelters.index.get_indexer(routes["shelter_id"])
    lines = shapely.simplify(routes.geometry.array, ROUTE_TOLERANCE_DEG)
    return [
        {
            "district": int(district),
            "shelter": int(shelter),
            "words": _way_words(row),
            "onRoads": bool(row["on_roads"]),
            "car": row["traveller"] == "car",
            "at": np.round(shapely.get_coordinates(line)[:, ::-1], DECIMALS).tolist(),
        }
        for (_, row), district, shelter, line in zip(
            routes.iterrows(), at_district, at_shelter, lines, strict=True
        )
        if district >= 0 and shelter >= 0
    ]


def road_features(roads: Any) -> dict[str, Any] | None:
    """Give the roads that help to find one's way, joined; None = there are none to show.

    A city whose roads tell no class shows all of them, if they are few.
    """
    kinds = roads["kind"].isin(MAIN_KINDS).to_numpy() if "kind" in roads else np.zeros(len(roads))
    some = roads.geometry.array[kinds.astype(bool)]
    if len(roads) <= FEW_ROADS:
        some = roads.geometry.array
    if not len(some):
        return None
    joined = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(some)))
    return plain_geometry(shapely.simplify(joined, BASE_TOLERANCE_DEG))


def closed_features(
    roads: Any, closed: pd.DataFrame, reported: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Give the closed roads joined by whom they are closed to, bridges and reported ones apart."""
    shut = closed[closed.any(axis=1)]
    rows = roads.iloc[shut.index.to_numpy(dtype=int)]
    key = np.where(shut["general"].to_numpy(dtype=bool), "all", "some")
    if "bridge" in rows:
        key = np.where(rows["bridge"].eq(True).to_numpy(dtype=bool), "bridge", key)
    key = np.where(np.isin(shut.index.to_numpy(), list(reported)), "reported", key)
    lines = rows.geometry.array
    found = []
    for name, words in CLOSED_WORDS.items():
        some = lines[key == name]
        if not len(some):
            continue
        joined = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(some)))
        shape = shapely.simplify(joined, ROAD_TOLERANCE_DEG)
        found.append(
            {"key": name, "name": words, "count": len(some), "geometry": plain_geometry(shape)}
        )
    return found


def stranded_features(stranded: Any) -> list[dict[str, Any]]:
    """Give the places of people who cannot come to a usable shelter in time, each place once."""
    points = np.asarray(stranded.geometry.array, dtype=object)
    placed = stranded[~shapely.is_missing(points) & ~shapely.is_empty(points)]
    placed = placed[placed["people"] > 0]
    at = pd.DataFrame({"block": placed["block"].astype(str), "x": placed.geometry.x,
                       "y": placed.geometry.y}, index=placed.index)  # fmt: skip
    found = []
    for rows in at.groupby(["block", "x", "y"], sort=False).indices.values():
        here = placed.iloc[rows].sort_values("people", ascending=False)
        name, lon, lat = at.iloc[rows[0]]
        people = int(here["people"].sum())
        reasons = list(dict.fromkeys(map(str, here["reason"])))
        lines = [f"{people:,}人", *reasons]
        found.append({"name": name, "people": people, "lines": lines, **plain_point(lon, lat)})
    return sorted(found, key=lambda place: -int(place["people"]))


def _way_words(row: Any) -> str:
    """Give people and minutes of a way, as an officer reads them."""
    how = TRAVELLER_WORDS[row["traveller"]]
    straight = "" if row["on_roads"] else " (直線距離から)"
    return f"{int(row['people']):,}人 {how} 約{round(row['minutes'])}分{straight}"
