"""The main way of each district to each of its shelters: what the maps draw."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hazard.types import JGD2011
from kawamori.closures import Closures
from kawamori.ways import Ways
from shelters.paths import paths
from shelters.types import Allocation, Shelters

COLUMNS = ["district_id", "shelter_id", "block", "traveller", "people", "minutes"]


def main_routes(
    ways: Ways,
    people: pd.DataFrame,
    places: Shelters,
    allocation: Allocation,
    *,
    closed: Closures | None = None,
) -> Any:
    """Give the way of the largest group from each district to each shelter it is sent to.

    Returns
    -------
        GeoDataFrame, EPSG:6668: district_id, shelter_id, block, traveller; `people` of the district
        who go there, `minutes` of that group; `on_roads` False = a straight line, not a way.
    """
    placed = allocation.groups[allocation.groups["shelter_id"].notna()]
    pair = ["district_id", "shelter_id"]
    totals = placed.groupby(pair)["people"].sum()
    largest = placed.sort_values("people", ascending=False, kind="stable").drop_duplicates(pair)
    largest = largest.sort_values(pair).reset_index(drop=True)
    lines = _lines(ways, people, places, largest, closed)
    straight = [_straight(people, places, row) for row in largest.itertuples()]
    on_roads = [line is not None for line in lines]
    shown = [line or other for line, other in zip(lines, straight, strict=True)]
    table = largest[COLUMNS].assign(
        people=totals.reindex(pd.MultiIndex.from_frame(largest[pair])).to_numpy(),
        on_roads=on_roads,
    )
    return gpd.GeoDataFrame(table, geometry=shown, crs=JGD2011)


def _lines(
    ways: Ways,
    people: pd.DataFrame,
    places: Shelters,
    groups: pd.DataFrame,
    closed: Closures | None,
) -> list[Any]:
    found: list[Any] = [None] * len(groups)
    if ways.network is None:
        return found
    for traveller, rows in groups.groupby("traveller").groups.items():
        some = groups.loc[rows]
        pairs = list(zip(some["origin"], some["shelter_id"], strict=True))
        lines = paths(
            ways.network,
            people,
            places,
            pairs,
            speeds=ways.speeds,
            traveller=str(traveller),
            closed=None if closed is None else closed.table,
            barred=() if closed is None else closed.barred,
        )
        for row, line in zip(rows, lines, strict=True):
            found[row] = line
    return found


def _straight(people: pd.DataFrame, places: Any, row: Any) -> Any:
    home = people.loc[row.origin]
    end = places.geometry.loc[row.shelter_id]
    return shapely.LineString([(home["lon"], home["lat"]), (end.x, end.y)])
