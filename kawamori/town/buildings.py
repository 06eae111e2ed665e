"""Buildings of the fictional town and who lives in them: dense around each district's middle."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.population import assumed_day_people
from hazard.types import JGD2011, Buildings, check_buildings
from kawamori.town.districts import to_lonlat
from kawamori.town.plan import DistrictPlan, Floats, Plan
from kawamori.town.terrain import Nodes, Terrain

PEOPLE_PER_BUILDING = 2.75
STEEP = 0.12  # nobody builds on steeper ground [m/m]
RIVERSIDE_M = 40.0  # from the channel's edge
HILL_M = 20.0  # few people live much higher than this above the valley
AWAY_SHARE = 0.45  # of residents, at work or school by day; assumed (仮定)
BLOCKS = 4  # 丁目 of a district
# Kinds of buildings: share, floors, area [m2], mean people; 0 people = shop, barn, works.
KINDS = (
    (0.66, 2, 110.0, 2.5),
    (0.14, 1, 95.0, 1.7),
    (0.15, 2, 240.0, 0.0),
    (0.035, 3, 420.0, 14.0),
    (0.015, 6, 650.0, 36.0),
)


def place_buildings(
    plan: Plan, nodes: Nodes, terrain: Terrain, areas: Any
) -> tuple[Floats, pd.DataFrame]:
    """Give places [m from the corner] and a frame without geometry, one row a building."""
    random = np.random.default_rng(plan.seed + 2)
    centres = terrain.centres_m()
    free = _free(nodes, terrain)
    places, frames = [], []
    for district, area in zip(plan.districts, areas, strict=True):
        inside = free & shapely.contains_xy(area, centres[:, 0], centres[:, 1])
        count = round(district.people / PEOPLE_PER_BUILDING)
        chosen = _choose(district, inside, terrain, count, random=random)
        jitter = random.uniform(-0.48, 0.48, (count, 2)) * terrain.cell_m
        place = centres[chosen] + jitter
        frame = _kinds(count, random)
        frame["people"] = _fit(frame["people"].to_numpy(), district.people)
        frame["district_id"] = district.district_id
        frame["block"] = _blocks(district, place)
        frame["cell"] = chosen
        places.append(place)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    table.index = pd.Index([f"b{number:05d}" for number in range(len(table))], name="building_id")
    return np.concatenate(places), table


def make_buildings(plan: Plan, places_m: Floats, table: pd.DataFrame) -> Buildings:
    """Give the buildings as the house form of `hazard.types.Buildings`."""
    columns = ["area_m2", "floors", "people", "district_id", "block"]
    points = to_lonlat(plan, shapely.points(places_m)).array
    day = assumed_day_people(table, away_share=AWAY_SHARE)
    frame = table[columns].assign(day_people=day.round(2))
    return check_buildings(gpd.GeoDataFrame(frame, geometry=points, crs=JGD2011))


def _free(nodes: Nodes, terrain: Terrain) -> npt.NDArray[np.bool_]:
    """Give the cells that are neither steep nor water."""
    slope = np.hypot(*np.gradient(terrain.elevation_m, terrain.cell_m)).ravel()
    channel = nodes.channel_m[terrain.node.ravel()] / 2 + RIVERSIDE_M
    return np.asarray((slope < STEEP) & (terrain.distance_m.ravel() > channel))


def _choose(
    district: DistrictPlan,
    inside: npt.NDArray[np.bool_],
    terrain: Terrain,
    count: int,
    *,
    random: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Draw cells, the nearer to the seed the likelier, streets and fields apart."""
    centres = terrain.centres_m()
    gap = np.hypot(*(centres - np.array(district.seed) * 1000).T) / 1000
    # Fields stay fields: squares of 200 m are built up or not.
    rows, columns = terrain.elevation_m.shape
    square = (np.arange(rows)[:, None] // 4 * 1000 + np.arange(columns) // 4).ravel()
    built = np.random.default_rng(17).uniform(size=square.max() + 1)[square]
    weight = np.exp(-0.5 * (gap / district.spread_km) ** 2) * np.where(built < 0.55, 1.0, 0.06)
    high = np.maximum(terrain.relative_m.ravel(), 0)
    weight = np.where(inside, weight * np.exp(-high / HILL_M), 0.0)
    return np.asarray(random.choice(len(centres), size=count, p=weight / weight.sum()))


def _kinds(count: int, random: np.random.Generator) -> pd.DataFrame:
    shares, floors, areas, people = (np.array(column) for column in zip(*KINDS, strict=True))
    kind = random.choice(len(KINDS), size=count, p=shares)
    area = areas[kind] * np.exp(random.normal(0, 0.25, count))
    return pd.DataFrame(
        {
            "area_m2": np.round(area, 0),
            "floors": floors[kind].astype(float),
            "people": random.poisson(people[kind]),
        }
    )


def _fit(people: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
    """Give whole head counts that add up to `total`, by largest remainder."""
    exact = people * total / people.sum()
    whole = np.floor(exact).astype(np.int64)
    most = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[most] += 1
    return np.asarray(whole)


def _blocks(district: DistrictPlan, place: Floats) -> list[str]:
    """Give the 丁目 of each place: west to east, equal in houses."""
    rank = np.argsort(np.argsort(place[:, 0], kind="stable"), kind="stable")
    number = rank * BLOCKS // max(len(place), 1) + 1
    return [f"{district.name}{'一二三四'[n - 1]}丁目" for n in number]
