"""The fictional town's floodplain as a city would know it, and its inundation reckoned from levels.

Known to the reckoning (as a survey lists it): the terrain, the rivers' lines with crests, bed and
land beside them, the gauges, their rating curves. Not known: the flood cells and the flow over the
valley floor that `kawamori.town.flood` simulates the truth with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from hazard.inundate import depth_at
from hazard.levee import Ground, overtop
from hazard.rating import RatingCurve, reach_stage, spare_discharge
from hazard.storage import Storage, make_storage
from hazard.stream import Floodplain, Stream, make_floodplain, make_stream
from hazard.terrain import Terrain, make_terrain
from hazard.types import JGD2011
from kawamori.land import STREAMS
from kawamori.town.town import Town


def town_terrain(town: Town) -> Terrain:
    """Give the town's land as a terrain model in its plane CRS."""
    east, north = town.plan.corner_m()
    cell = town.plan.cell_m
    rows, columns = town.terrain.elevation_m.shape
    return make_terrain(
        town.terrain.elevation_m,
        east + (np.arange(columns) + 0.5) * cell,
        north + (np.arange(rows) + 0.5) * cell,
        town.plan.crs,
    )


def town_floodplain(town: Town, *, levees: bool = True, belonging: str = "nearest") -> Floodplain:
    """Give the land beside the town's rivers; `belonging` as in `make_floodplain`."""
    terrain = town_terrain(town)
    corner = np.array(town.plan.corner_m())
    names = {river.river_id: river.name for river in town.plan.rivers}
    streams: list[Stream] = []
    for index, river in enumerate(town.plan.rivers):
        rows = town.nodes.of(index)
        ground = town.nodes.floor_m[rows]
        bed = ground - town.nodes.incision_m[rows]
        crest = bed[:, None] + town.rivers.bank_m[rows]
        stream = make_stream(
            terrain,
            river.name,
            town.nodes.place_m[rows] + corner,
            joins=None if river.joins is None else names[river.joins],
            ground_m=ground,
            crest_m=crest if levees else None,
            bed_m=bed,
        )
        streams.append(stream)
    return make_floodplain(terrain, streams, belonging=belonging)


def town_ratings(town: Town) -> Mapping[str, RatingCurve]:
    """Give the rating curve of each gauge, by gauge_id."""
    return {
        basin.gauge_id: RatingCurve(basin.rating_a, basin.rating_h0_m, basin.rating_b)
        for basin in town.rivers.basins
    }


def write_land(town: Town, folder: Path) -> None:
    """Write terrain.nc and streams.parquet, the survey that the reckoning starts from."""
    plain = town_floodplain(town)
    packed: dict[str, Any] = {"elevation_m": {"zlib": True, "complevel": 4}}
    heights = plain.terrain.to_dataset()
    heights.to_netcdf(folder / "terrain.nc", engine="netcdf4", encoding=packed)
    surveys = [
        {
            "river": stream.river,
            "joins": stream.joins,
            "ground_m": stream.ground_m.tolist(),
            "bed_m": None if stream.bed_m is None else stream.bed_m.tolist(),
            "left_crest_m": None if stream.crest_m is None else stream.crest_m[:, 0].tolist(),
            "right_crest_m": None if stream.crest_m is None else stream.crest_m[:, 1].tolist(),
        }
        for stream in plain.streams
    ]
    lines = [shapely.linestrings(stream.x_m, stream.y_m) for stream in plain.streams]
    frame = gpd.GeoDataFrame(surveys, geometry=lines, crs=plain.terrain.attrs["crs"])
    frame.to_crs(JGD2011).to_parquet(folder / STREAMS)


def town_inundation(
    town: Town,
    levels_m: xr.DataArray,
    plain: Floodplain,
    storage: Storage | None = None,
    *,
    ground: Ground | None = None,
) -> xr.DataArray:
    """Give the greatest depth (y, x) that levels (time, gauge) over the levees leave. [m]"""
    gauges = town.rivers.gauges
    curves = town_ratings(town)
    stage = reach_stage(levels_m, gauges, plain)
    spare, section = spare_discharge(levels_m, gauges, curves, plain)
    ponds = make_storage(plain) if storage is None else storage
    behind = overtop(stage, plain, ponds, spare_m3s=spare, section=section, ground=ground)
    return depth_at(behind.max("time", skipna=False).values, plain)
