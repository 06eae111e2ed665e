"""Iwaki's stand-in for the inland map (模式), in the official A51 schema under the official name.

The city's inland map could not be had. Named streams that no gauge watches get a strip of water on
both sides; unnamed ditches and the drains of the town are not in it, nor is any terrain. An
official A51 file of the same name put beside it as a shapefile replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from hazard.types import JGD2011
from kawamori.iwaki.layers import GRID_M, STAND_IN

FILE_NAME = "A51-25_07204.geojson"
NAME_FIELD = "name:latin"  # the map writes the Japanese name there


def write_inland(facts: Mapping[str, Any], lines: Any, land: Any, folder: Path) -> None:
    """Write the stand-in inland map.

    Parameters
    ----------
    facts
        The tables of flood.toml; `[inland]` has strip_m, depth and streams that are drawn although
        a gauged river follows them.
    lines, land
        Named waterways and the city's area, projected in metres.

    Raises
    ------
    ValueError
        If no stream is left to draw.
    """
    inland = facts["inland"]
    gauged = {name for river in facts["river"] for name in river["lines"]}
    gauged -= set(inland["also"])
    named = lines[lines[NAME_FIELD].notna() & ~lines[NAME_FIELD].isin(gauged)]
    strips = named.assign(geometry=named.buffer(inland["strip_m"], quad_segs=4))
    streams = strips[[NAME_FIELD, "geometry"]].dissolve(NAME_FIELD)
    inside = shapely.intersection(streams.geometry.to_numpy(), land)
    streams["geometry"] = shapely.set_precision(inside, GRID_M)
    streams = streams[~streams.geometry.is_empty]
    if streams.empty:
        raise ValueError("a stand-in inland map needs named streams in the city, got none.")
    frame = gpd.GeoDataFrame(
        {
            "A51_001": "福島県",
            "A51_002": "07",
            "A51_003": "いわき市",
            "A51_004": "07204",
            "A51_005": inland["depth"],
            "area": streams.index,
            "stand_in": STAND_IN,
        },
        geometry=streams.geometry.to_numpy(),
        crs=lines.crs,
    ).to_crs(JGD2011)
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / FILE_NAME, engine="pyogrio", driver="GeoJSON", COORDINATE_PRECISION=6)
