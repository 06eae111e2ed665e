"""Districts of the fictional town: land nearest to a seed on the same side of every river."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hazard.types import JGD2011, Districts, check_districts
from kawamori.town.plan import Plan
from kawamori.town.terrain import Nodes

HOUSEHOLD = 2.4  # people in a household (assumed)
ASSISTED = 0.055  # share of people on the list of those who need help to leave (assumed)


def outline(plan: Plan) -> Any:
    """Give the town's outline as a smooth polygon. [m from the corner]"""
    rough = shapely.Polygon(np.array(plan.outline) * 1000)
    return rough.buffer(-400).buffer(800).buffer(-400)


def river_lines(plan: Plan, nodes: Nodes) -> list[Any]:
    """Give the rivers' middle lines. [m from the corner]"""
    return [shapely.LineString(nodes.place_m[nodes.of(i)]) for i in range(len(plan.rivers))]


def district_areas(plan: Plan, nodes: Nodes) -> Any:
    """Give the district polygons in plan order. [m from the corner]"""
    town = outline(plan)
    seeds = shapely.points(np.array([district.seed for district in plan.districts]) * 1000)
    lines = shapely.union_all([town.boundary, *river_lines(plan, nodes)])
    banks = [
        part.intersection(town)
        for part in shapely.get_parts(shapely.polygonize([lines]))
        if town.contains(part.representative_point())
    ]
    areas = [shapely.Polygon()] * len(seeds)
    for bank in banks:
        inside = [number for number, seed in enumerate(seeds) if bank.contains(seed)]
        if not inside:  # a sliver between river and outline goes to the nearest district
            inside = [int(np.argmin(shapely.distance(seeds, bank)))]
        if len(inside) == 1:
            areas[inside[0]] = areas[inside[0]].union(bank)
            continue
        diagram = shapely.voronoi_polygons(
            shapely.multipoints(seeds[inside]), extend_to=town, ordered=True
        )
        for number, zone in zip(inside, shapely.get_parts(diagram), strict=True):
            areas[number] = areas[number].union(zone.intersection(bank))
    return np.array(areas)


def to_lonlat(plan: Plan, geometry: Any) -> Any:
    """Give geometry [m from the corner] in EPSG:6668, rounded to about a centimetre."""
    corner = np.array(plan.corner_m())
    moved = shapely.transform(geometry, lambda xy: xy + corner)
    series = gpd.GeoSeries(moved, crs=plan.crs).to_crs(JGD2011)
    return gpd.GeoSeries(shapely.transform(series.array, lambda xy: np.round(xy, 7)), crs=JGD2011)


def make_districts(plan: Plan, areas: Any, buildings: pd.DataFrame) -> Districts:
    """Give the districts with the people of their buildings.

    `buildings` needs `district_id`, `people` and `gauge_id` (of the river that may flood it, None
    on high ground); `gauge_ids` of a district come in order of the people they concern.
    """
    rows = []
    for district in plan.districts:
        own = buildings[buildings["district_id"] == district.district_id]
        people = int(own["people"].sum())
        concerned = own[own["gauge_id"].notna()].groupby("gauge_id")["people"].sum()
        order = concerned.sort_values(ascending=False, kind="stable").index
        rows.append(
            {
                "district_id": district.district_id,
                "name": district.name,
                "population": people,
                "households": round(people / HOUSEHOLD),
                "assisted": round(people * ASSISTED),
                "gauge_ids": tuple(order),
            }
        )
    frame = gpd.GeoDataFrame(rows, geometry=to_lonlat(plan, areas).array, crs=JGD2011)
    return check_districts(frame.set_index("district_id"))
