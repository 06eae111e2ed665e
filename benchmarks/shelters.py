"""How fast and how well people are placed: the whole of Iwaki, one river, and fifty members.

python -m benchmarks.shelters --json

Cells are the parts of each 町丁字 in a 250 m grid; capacities are the bundle's assumption (仮定),
the water is its stand-in (模式): times, safety and the comparison mean something, counts little.
Each member of the ensemble closes its own roads and bridges. The plain way beside ours sends
everybody to the nearest place, whatever its room or water.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import machine, peak_rss_mb
from hazard.bridges import bridges_over
from hazard.indexed import WaterIndex, index_water
from hazard.roads import cut_roads
from hazard.staying import MAY_STAY, StayRules
from hazard.types import SCENARIOS, FloodLayer
from hazard.water import put_in_water
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.progress import silent
from kawamori.settings import Settings
from kawamori.ways import road_network
from shelters.allocate import allocate
from shelters.demand import Limits, task_of
from shelters.nearest import nearest_first
from shelters.plane import in_metres, points_in_metres
from shelters.roads import RoadNetwork, build_network
from shelters.routes import travel_minutes
from shelters.safety import usable
from shelters.speeds import Speeds
from shelters.types import Allocation, Shelters, TravelMinutes

GRID_M = 250.0
RIVER = "夏井川"
MEMBERS = 50
SEED = 7204
SPEEDS = Speeds(around_m=500.0)  # as data/travel.toml
ROOMY = 1500  # people a shelter, where everybody is to have a place


@dataclass(frozen=True, eq=False)
class Town:
    """Iwaki laid into cells and water."""

    city: City
    cells: pd.DataFrame  # district_id, block, people, lon, lat
    cell_of: Any  # (building with people) row of `cells`
    at: Any  # (building with people) its position in the city's buildings
    index: WaterIndex
    places: Shelters  # 指定緊急避難場所
    minutes: TravelMinutes
    network: RoadNetwork
    bridges: pd.DataFrame  # road, river


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    asked = parser.parse_args()
    figures = measure()
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if asked.json:
        print(json.dumps(figures, ensure_ascii=False))


def measure() -> dict[str, Any]:
    """Give the keys of `benchmarks.shelters` and what they were taken on."""
    city = open_city("iwaki", Settings(), silent)
    network, graph_s, graph_cpu_s = timed(lambda: build_network(city.roads, crs=city.crs))
    road_network(city)
    _, cached_s, _ = timed(lambda: road_network(city))
    cells, cell_of, at = cells_of(city)
    index = index_water(city.layers, city.districts, city.buildings, city.roads)
    places = Shelters(city.shelters[["emergency" in kinds for kinds in city.shelters["kinds"]]])
    ways: Callable[[], Any] = lambda: travel_minutes(  # noqa: E731
        network, cells, places, speeds=Speeds(), night=False
    )
    minutes, ways_s, ways_cpu_s = timed(ways)
    bridges = bridges_over(index, city.roads)
    town = Town(city, cells, cell_of, at, index, places, minutes, network, bridges)
    whole, full_s, full_cpu_s = timed(lambda: placed(town, cells, city.layers))
    area, area_s, area_cpu_s = timed(lambda: placed(town, *flooded(town, RIVER)))
    members, ensemble_s, ensemble_cpu_s = timed(lambda: ensemble(town))
    every_place = timed(lambda: placed(town, cells, None, hazards=()))
    roomy = with_room(places)
    runs = [whole, area, every_place[0], *members]
    return {
        "graph_s": graph_s,
        "graph_cached_s": cached_s,
        "ways_s": ways_s,
        "full_city_s": full_s,
        "full_city_all_places_s": every_place[1],
        "area_s": area_s,
        "ensemble50_s": ensemble_s,
        "cpu_s": {
            "graph": graph_cpu_s,
            "ways": ways_cpu_s,
            "full_city": full_cpu_s,
            "area": area_cpu_s,
            "ensemble50": ensemble_cpu_s,
        },
        "optimal": all(run.optimal for run in runs),
        "unsafe_assigned": unsafe(town, whole) + unsafe(town, area, RIVER),
        "over_capacity": sum(overflow(places, run) for run in runs),
        "supply": int(cells["people"].sum()),
        "assigned": int(whole.assigned["people"].sum()),
        "unplaced": int(whole.unplaced["people"].sum()),
        "area": account(area),
        "all_places": account(every_place[0]),
        "greedy": greedy(town, whole, city.layers),
        "roomy": {
            "people_per_shelter": ROOMY,
            "nearest_first": nearest_beside(town, roomy),
            "greedy": greedy(town, placed(town, cells, city.layers, roomy), city.layers, roomy),
        },
        "cells": len(cells),
        "shelters": len(places),
        "peak_rss_mb": peak_rss_mb(),
        **machine(),
    }


def cells_of(city: City) -> tuple[pd.DataFrame, Any, Any]:
    """Give the cells with their people at the people's centre, and the cell of each building."""
    homes: Any = city.buildings
    at = np.flatnonzero(homes["people"].to_numpy() > 0)
    homes = homes.iloc[at]
    lon, lat = homes.geometry.x.to_numpy(), homes.geometry.y.to_numpy()
    square = np.floor(in_metres(lon, lat, city.crs) / GRID_M).astype(int)
    keys = pd.DataFrame(
        {"district_id": homes["district_id"].to_numpy(), "block": homes["block"].to_numpy(),
         "east": square[:, 0], "north": square[:, 1]}
    )  # fmt: skip
    groups = keys.groupby(list(keys.columns), sort=True)
    cell, people = groups.ngroup().to_numpy(), homes["people"].to_numpy(dtype=float)
    total = np.bincount(cell, people)
    table = groups.size().index.to_frame(index=False)[["district_id", "block"]]
    table["people"] = shared(total, round(people.sum()))
    table["lon"], table["lat"] = (np.bincount(cell, people * part) / total for part in (lon, lat))
    return table, cell, at


def shared(parts: Any, total: int) -> Any:
    """Give whole numbers near the parts that add up to the total (largest remainders first)."""
    whole = np.floor(parts).astype(int)
    order = np.argsort(whole - parts, kind="stable")
    whole[order[: max(0, total - whole.sum())]] += 1
    return whole


def placed(
    town: Town,
    cells: pd.DataFrame,
    layer: FloodLayer | None,
    places: Shelters | None = None,
    *,
    hazards: tuple[str, ...] = ("flood",),
) -> Allocation:
    """Judge the shelters and place the people, the ways at hand."""
    safe, rejected = usable(town.places if places is None else places, layer, hazards=hazards)
    return allocate(cells, safe, town.minutes, rejected=rejected)


def flooded(town: Town, river: str) -> tuple[pd.DataFrame, FloodLayer]:
    """Give who must leave, and the areas, if one river has its largest flood."""
    return leaving(town, [key for key in town.index.keys if key[0] == river])


def leaving(town: Town, keys: Any) -> tuple[pd.DataFrame, FloodLayer]:
    """Give the cells with those who must leave the water of some keys, and its areas."""
    water = put_in_water(town.index, keys, StayRules())
    wet = town.index.wet
    going = np.zeros(len(town.city.buildings))
    people = np.nan_to_num(wet.people["night"])
    going[wet.at] = np.where(water.touched & (water.kind != MAY_STAY), people, 0.0)
    count = np.bincount(town.cell_of, going[town.at], len(town.cells))
    cells = town.cells.assign(people=shared(count, round(count.sum())))
    layer = town.city.layers
    pairs = list(zip(layer["river"], layer["scenario"], strict=True))
    inside = np.array([pair in set(keys) for pair in pairs], dtype=bool)
    return cells[cells["people"] > 0], FloodLayer(layer[inside])


def ensemble(town: Town) -> list[Allocation]:
    """Place the people of fifty floods: every river nothing, its planned or its largest one."""
    draw = np.random.default_rng(SEED)
    runs = []
    for _ in range(MEMBERS):
        size = dict(
            zip(town.index.rivers, draw.integers(0, 3, len(town.index.rivers)), strict=True)
        )
        keys = [
            (river, scenario)
            for river, scenario in town.index.keys
            if SCENARIOS.index(scenario) < size[river]
        ]
        runs.append(member(town, keys))
    return runs


def member(town: Town, keys: Any) -> Allocation:
    """Place the people of one flood on the roads that it leaves."""
    cells, layer = leaving(town, keys)
    safe, rejected = usable(town.places, layer)
    ways = travel_minutes(
        town.network, cells, safe, speeds=SPEEDS, night=False, closed=closed(town, keys),
        travellers=["general"],
    )  # fmt: skip
    return allocate(cells, safe, ways, rejected=rejected)


def closed(town: Town, keys: Any) -> pd.DataFrame:
    """Give the roads that walkers pass no more, and the bridges of the rivers that flood."""
    cut = cut_roads(town.index, keys)["general"]
    over = town.bridges["river"].isin([river for river, _ in keys])
    rows = cut.index[cut].union(pd.Index(town.bridges["road"][over].unique()))
    return pd.DataFrame({"general": True}, index=rows)


def greedy(
    town: Town, ours: Allocation, layer: FloodLayer, places: Shelters | None = None
) -> dict[str, Any]:
    """Send everybody to the nearest place on the map, and count what goes wrong.

    `minutes_ratio` is theirs over ours by person placed, on the same roads; people for whom the
    roads have no way to that place are left out of it and counted in `no_way`.
    """
    town_places = town.places if places is None else places
    home = in_metres(town.cells["lon"], town.cells["lat"], town.city.crs)
    there = points_in_metres(town_places.geometry.array, town.city.crs)
    nearest = np.hypot(*(home[:, None] - there).transpose(2, 0, 1)).argmin(axis=1)
    people = town.cells["people"].to_numpy()
    sent = np.bincount(nearest, people, len(town_places)).astype(int)
    _, rejected = usable(town_places, layer)
    walk = town.minutes.sel(traveller="general").values[np.arange(len(people)), nearest]
    reached = np.isfinite(walk)
    mean = float((walk[reached] * people[reached]).sum() / people[reached].sum())
    room = town_places["capacity"].to_numpy(dtype=int)
    return {
        "minutes_ratio": round(mean / mean_minutes(ours), 3),
        "unsafe": int(sent[town_places.index.isin(rejected["shelter_id"])].sum()),
        "overflow": int(np.maximum(sent - room, 0).sum()),
        "no_way": int(people[~reached].sum()),
        "assigned": int(people.sum()),
    }


def nearest_beside(town: Town, roomy: Shelters) -> dict[str, Any]:
    """Hold ours against nearest-first that keeps to room and safety."""
    safe, _ = usable(roomy, town.city.layers)
    ours, ours_s, _ = timed(
        lambda: allocate(town.cells, safe, town.minutes, limits=Limits(together_share=0.0))
    )
    task = task_of(town.cells, safe, town.minutes, Limits())
    flow, theirs_s, _ = timed(lambda: nearest_first(task.demand, "peer"))
    sent = flow.people > 0
    mean = float((task.groups.minutes[sent] * flow.people[sent]).sum() / flow.people.sum())
    return {
        "assigned": int(flow.people.sum()),
        "ours_assigned": int(ours.assigned["people"].sum()),
        "minutes_ratio": round(mean / mean_minutes(ours), 3),
        "s": theirs_s,
        "ours_s": ours_s,
    }


def mean_minutes(run: Allocation) -> float:
    """Give the minutes of a person placed."""
    return run.minutes_total / int(run.assigned["people"].sum())


def with_room(places: Shelters) -> Shelters:
    """Give the places with `ROOMY` people each, so that most of the city has one."""
    return Shelters(places.assign(capacity=pd.array([ROOMY] * len(places), dtype="Int64")))


def unsafe(town: Town, run: Allocation, river: str | None = None) -> int:
    """Count people sent to a place that the water of the event rejects."""
    layer = town.city.layers
    event = layer if river is None else FloodLayer(layer[layer["river"] == river])
    _, rejected = usable(town.places, event)
    sent = run.assigned[run.assigned["shelter_id"].isin(rejected["shelter_id"])]
    return int(sent["people"].sum())


def overflow(places: Shelters, run: Allocation) -> int:
    """Count people above the room of their shelter."""
    sent = run.assigned.groupby("shelter_id")["people"].sum()
    room = places.loc[sent.index, "capacity"].astype(int)
    return int((sent - room).clip(lower=0).sum())


def account(run: Allocation) -> dict[str, Any]:
    """Give how many were placed and in how many minutes."""
    return {
        "assigned": int(run.assigned["people"].sum()),
        "unplaced": int(run.unplaced["people"].sum()),
        "minutes_total": round(run.minutes_total),
        "together_cost": round(run.minutes_total / run.minutes_least - 1, 4),
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Give what a piece of work gives, its wall and its CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, round(time.perf_counter() - wall, 3), round(time.process_time() - cpu, 3)


if __name__ == "__main__":
    main()
