"""A city's terrain and surveyed rivers, read from its bundle: what inundation is reckoned from.

`terrain.nc` (elevation_m (y, x), attribute crs) or `terrain.tif`; `streams.parquet` with one line
a river, upstream first: river, joins (the river it flows into) and, where surveyed, a number for
every corner of the line in ground_m, bed_m, left_crest_m, right_crest_m [m above T.P.]; and
`ratings.toml` with `[[rating]]` gauge_id, a, h0_m, b of Q = a (level - h0)^b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazard.geotiff import read_geotiff
from hazard.rating import RatingCurve
from hazard.storage import Storage, make_storage
from hazard.stream import Floodplain, make_floodplain, make_stream
from hazard.terrain import Terrain, read_netcdf_terrain
from hazard.types import JGD2011

STREAMS, RATINGS = "streams.parquet", "ratings.toml"
READERS = {"terrain.nc": read_netcdf_terrain, "terrain.tif": read_geotiff}
SURVEYED = ("ground_m", "bed_m", "left_crest_m", "right_crest_m")


@dataclass(frozen=True, eq=False)
class Land:
    """The land beside a city's rivers; `storage` None = not every river has levees."""

    plain: Floodplain
    storage: Storage | None
    ratings: Mapping[str, RatingCurve]  # by gauge_id
    streams: Any  # the lines as read
    terrain: Terrain


def read_land(folder: Path, ratings: Sequence[Mapping[str, Any]]) -> Land | None:
    """Give the land of a bundle; None where it has no terrain.

    Raises
    ------
    FileNotFoundError, ValueError
        If the terrain comes without streams, or a stream's survey does not fit its line.
    """
    found = [name for name in READERS if (folder / name).exists()]
    if not found:
        return None
    if not (folder / STREAMS).exists():
        raise FileNotFoundError(
            f"{folder / found[0]} must come with {STREAMS}, the lines of the rivers. Add it."
        )
    terrain = READERS[found[0]](folder / found[0])
    lines = gpd.read_parquet(folder / STREAMS)
    plain = lay_streams(terrain, lines)
    leveed = all(stream.crest_m is not None for stream in plain.streams)
    return Land(
        plain=plain,
        storage=make_storage(plain) if leveed else None,
        ratings={row["gauge_id"]: _curve(row) for row in ratings},
        streams=lines,
        terrain=terrain,
    )


def lay_streams(terrain: Terrain, lines: Any) -> Floodplain:
    """Give the land beside the rivers of `streams.parquet`."""
    faults = [fault for _, row in lines.iterrows() if (fault := _fault(row))]
    if faults or not len(lines):
        raise ValueError(
            f"{STREAMS} must hold a line a river and a number for each of its corners in"
            f" {list(SURVEYED)} where surveyed, got {'; '.join(faults) or 'no line'}. Correct it."
        )
    placed = lines.set_crs(JGD2011, allow_override=lines.crs is None).to_crs(terrain.attrs["crs"])
    streams = []
    for _, row in placed.iterrows():
        survey = {name: _numbers(row.get(name)) for name in SURVEYED}
        crests = [survey["left_crest_m"], survey["right_crest_m"]]
        stream = make_stream(
            terrain,
            str(row["river"]),
            shapely.get_coordinates(row.geometry),
            joins=None if pd.isna(row.get("joins")) else str(row["joins"]),
            ground_m=survey["ground_m"],
            crest_m=None if any(crest is None for crest in crests) else np.column_stack(crests),
            bed_m=survey["bed_m"],
        )
        streams.append(stream)
    return make_floodplain(terrain, streams)


def _fault(row: Any) -> str:
    if row.geometry is None or row.geometry.geom_type != "LineString":
        return f"{row.get('river')}: not a single line"
    corners = len(shapely.get_coordinates(row.geometry))
    wrong = [
        f"{name} of {len(values)}"
        for name in SURVEYED
        if (values := _numbers(row.get(name))) is not None and len(values) != corners
    ]
    return f"{row['river']}: {corners} corners, {', '.join(wrong)}" if wrong else ""


def _numbers(values: Any) -> Any:
    """Give a survey's numbers; None where the river was not surveyed."""
    array = np.atleast_1d(np.asarray(values, dtype=float))  # None gives NaN
    return None if array.size == 1 and np.isnan(array[0]) else array


def _curve(row: Mapping[str, Any]) -> RatingCurve:
    return RatingCurve(float(row["a"]), float(row["h0_m"]), float(row.get("b", 2.0)))
