"""Iwaki's districts, buildings and roads from the census, the building list and the road map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazard.types import JGD2011

# Foreign names -> house names.
BLOCK_COLUMNS = {"KEY_CODE": "code", "MOJI": "block", "JINKO": "population", "SETAI": "households"}
BLOCK_FILE = "census_chome_2015/iwaki_chome_h27.geojson"
BUILDING_FILE = "roads_osm/iwaki_osm_buildings_centroids.csv"
ROAD_FILE = "roads_osm/iwaki_osm_roads_z14.geojson"
SEAM_M = 1.0  # blocks of a district that miss each other by less are joined
NOT_ROADS = ("abandoned", "narrow_gauge", "yard")
# The building list writes 3.7 m (one storey of 3.66 m) where it knows neither height nor storeys.
STOREY_M, UNKNOWN_HEIGHTS_M = 3.66, (0.0, 3.7)
# Larger buildings are seldom homes: beyond this, floor area draws no more people. Assumed.
HOME_AREA_M2 = 400.0


def read_blocks(folder: Path, facts: Mapping[str, Any]) -> Any:
    """Give the 町丁字 with the district of each.

    Raises
    ------
    ValueError
        If a block belongs to no district; the message names every such block.
    """
    raw = gpd.read_file(folder / BLOCK_FILE)
    blocks = raw[[*BLOCK_COLUMNS, "geometry"]].rename(columns=BLOCK_COLUMNS)
    blocks = blocks.set_crs(JGD2011, allow_override=True)  # WGS 84 within 1 m
    blocks["geometry"] = shapely.make_valid(blocks.geometry.array)
    districts = [district_of(name, facts) for name in blocks["block"]]
    lost = sorted({n for n, d in zip(blocks["block"], districts, strict=True) if d is None})
    if lost:
        raise ValueError(f"every 町丁字 must have a district, got none for {lost}. Add prefixes.")
    return blocks.assign(district_id=districts)


def district_of(block: str, facts: Mapping[str, Any]) -> str | None:
    """Give the district with the longest prefix that begins the block's name."""
    matches = [
        (len(prefix), row["district_id"])
        for row in facts["district"]
        for prefix in row["prefixes"]
        if block.startswith(prefix)
    ]
    return str(max(matches)[1]) if matches else None


def make_districts(blocks: Any, facts: Mapping[str, Any]) -> Any:
    """Give the districts dissolved from their blocks; `assisted` is <NA>: the list is private."""
    sums = {"population": "sum", "households": "sum"}
    found = blocks.drop(columns=["code", "block"]).dissolve("district_id", aggfunc=sums)
    rows = pd.DataFrame(facts["district"]).set_index("district_id")
    districts = found.loc[rows.index]
    metres = districts.geometry.to_crs(facts["crs"])
    districts["geometry"] = metres.buffer(SEAM_M).buffer(-SEAM_M).to_crs(JGD2011)
    districts.insert(0, "name", rows["name"])
    districts["assisted"] = pd.array([pd.NA] * len(districts), dtype="Int64")
    districts["gauge_ids"] = rows["gauge_ids"]
    return districts


def make_buildings(folder: Path, blocks: Any) -> Any:
    """Give buildings with the people of their block, shared out by floor area.

    A block with people and no listed building gets one building of unknown area at a point inside
    it, so that nobody is lost. Buildings outside every block are left out.
    """
    listed = pd.read_csv(folder / BUILDING_FILE)
    points = gpd.points_from_xy(listed["lon"], listed["lat"], crs=JGD2011)
    block, point = shapely.STRtree(points).query(blocks.geometry.array, predicate="intersects")
    point, first = np.unique(point, return_index=True)  # on a border: the first block
    of_block = block[first]
    height_m = listed["render_height_m"].to_numpy()[point]
    buildings = gpd.GeoDataFrame(
        {
            "area_m2": listed["area_m2"].to_numpy()[point],
            "floors": floors_of(height_m),
            "row": of_block,
        },
        geometry=points[point],
        crs=JGD2011,
    )
    buildings = pd.concat([buildings, _unlisted(blocks, set(of_block))], ignore_index=True)
    buildings["people"] = shared_people(buildings, blocks["population"].to_numpy())
    for name in ("district_id", "block"):
        buildings[name] = blocks[name].to_numpy()[buildings["row"]]
    return buildings.drop(columns="row").rename_axis("building_id")


def floors_of(height_m: Any) -> Any:
    """Give storeys from a drawn height; NaN where the height is only the list's default."""
    known = ~np.isin(height_m, UNKNOWN_HEIGHTS_M)
    return np.where(known, np.maximum(1, np.round(height_m / STOREY_M)), np.nan)


def shared_people(buildings: pd.DataFrame, population: Any) -> Any:
    """Give each building's share of its block's people, by area x floors (unknown = 1)."""
    area_m2 = buildings["area_m2"].fillna(1.0).clip(1.0, HOME_AREA_M2)
    weight = area_m2 * buildings["floors"].fillna(1.0)
    total = weight.groupby(buildings["row"]).transform("sum")
    return population[buildings["row"]] * (weight / total)


def make_roads(folder: Path) -> Any:
    """Give roads as single lines with their kind; bridge, tunnel, oneway (as drawn) true or not."""
    raw = gpd.read_file(folder / ROAD_FILE, columns=["class", "brunnel", "oneway"])
    roads = raw.rename(columns={"class": "kind"}).set_crs(JGD2011, allow_override=True)
    for name in ("bridge", "tunnel"):
        roads[name] = roads["brunnel"] == name
    roads["oneway"] = roads["oneway"] == 1
    roads = roads[~roads["kind"].isin(NOT_ROADS)]
    return roads[["kind", "bridge", "tunnel", "oneway", "geometry"]].explode(ignore_index=True)


def _unlisted(blocks: Any, listed: set[int]) -> Any:
    rows = [
        row for row, people in enumerate(blocks["population"]) if people > 0 and row not in listed
    ]
    return gpd.GeoDataFrame(
        {"area_m2": np.nan, "floors": np.nan, "row": rows},
        geometry=shapely.point_on_surface(blocks.geometry.array[rows]),
        crs=JGD2011,
    )
