"""From a new forecast to the people of the whole city, beside the plain way with geopandas.

    python -m benchmarks.hazard --json             # all figures; needs KAWAMORI_DATA or built iwaki
    python -m benchmarks.hazard --json --no-hand   # without the terrain (benchmarks.hand)

The exceedance is simulated (模擬): random, rising with the lead, the same on every run. `update_s`
is all of: select the areas, people, buildings and roads by district, people who leave by block,
people expected by time band. The plain way and ours both select and count; no more is compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.machine import machine, peak_rss_mb, seconds
from forecasting.types import THRESHOLDS, Exceedance
from hazard.chance import river_chances
from hazard.exposure import demand_indexed, expose_indexed
from hazard.indexed import WaterIndex, index_water
from hazard.outlook import expected_people
from hazard.roads import closed_roads
from hazard.select import select_layer
from hazard.staying import CLASSES, GROUND_FLOOR_M, StayRules, highest_floor_m
from hazard.types import SCENARIOS
from hazard.water import ROAD_CUT_M
from kawamori.cities import open_city
from kawamori.city import City, read_city
from kawamori.progress import silent
from kawamori.settings import Settings

LEADS_H = 12
SEED = 7204


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--no-hand", action="store_true", help="leave the terrain out")
    asked = parser.parse_args()
    figures = measure()
    figures |= {} if asked.no_hand else hand_figures()
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if asked.json:
        print(json.dumps(figures, ensure_ascii=False))


def measure(name: str = "iwaki") -> dict[str, Any]:
    """Give load_s, update_s, peak_rss_mb, plain_ratio, counts_equal and what they were taken on."""
    settings = Settings()
    folder = open_city(name, settings, silent).folder  # built before the clock starts
    start = time.perf_counter()
    city = read_city(folder)
    index = index_water(city.layers, city.districts, city.buildings, city.roads)
    load_s = round(time.perf_counter() - start, 2)
    forecast = simulated_exceedance(city)
    update_s = seconds(lambda: update(city, index, forecast))
    counted_s = seconds(lambda: count(city, index, forecast))
    ours = count(city, index, forecast)
    peak = peak_rss_mb()  # before the plain way takes its own
    start = time.perf_counter()
    plain = count_plainly(city, forecast)
    plain_s = round(time.perf_counter() - start, 3)
    columns = [*CLASSES, "buildings", "roads_cut"]
    known = ours["people"].notna()
    return {
        "load_s": load_s,
        "update_s": update_s,
        "count_s": counted_s,
        "plain_s": plain_s,
        "plain_ratio": round(plain_s / counted_s, 1),
        "counts_equal": bool(ours.loc[known, columns].equals(plain.loc[known, columns])),
        "peak_rss_mb": peak,
        "buildings": len(city.buildings),
        "roads": len(city.roads),
        "areas": len(city.layers),
        "people_in_water": int(ours[known].groupby("district_id")["people"].last().sum()),
        **machine(),
    }


def hand_figures() -> dict[str, Any]:
    """Give the figures of inundation from terrain, taken in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.hand", "--json"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures = json.loads(printed.splitlines()[-1])
    return {name: figures[name] for name in ("hand_4000_s", "csi_drill_town", "csi_by_storm")}


def simulated_exceedance(city: City) -> Exceedance:
    """Give probabilities that rise with the lead and fall with the official level."""
    random = np.random.default_rng(SEED)
    names = [gauge.gauge_id for gauge in city.gauges]
    highest = np.sort(random.uniform(0.3, 1.0, (len(names), 1, LEADS_H)), axis=2)
    table = highest * np.array([1.0, 0.95, 0.9, 0.8, 0.6])[None, :, None]
    hours = np.arange(1, LEADS_H + 1) * np.timedelta64(3_600_000_000_000, "ns")
    coords = {"gauge": names, "threshold": list(THRESHOLDS), "lead": hours}
    data = {"probability": (("gauge", "threshold", "lead"), table)}
    return Exceedance(xr.Dataset(data, coords=coords))


def update(city: City, index: WaterIndex, forecast: Exceedance) -> Any:
    """Do all that a cycle needs of the hazard."""
    layer = select_layer(forecast, city.layers, city.gauges)
    counts = expose_indexed(index, layer)
    leaving = demand_indexed(index, layer)
    chances = river_chances(forecast, index.rivers, city.gauges)
    closed = closed_roads(index, chances, city.roads)
    return counts, leaving, expected_people(index, chances), closed


def count(city: City, index: WaterIndex, forecast: Exceedance) -> pd.DataFrame:
    """Select and count with the index."""
    return expose_indexed(index, select_layer(forecast, city.layers, city.gauges))


def count_plainly(city: City, forecast: Exceedance) -> pd.DataFrame:
    """Select, then count with joins of whole frames, as one would in a notebook."""
    layer = select_layer(forecast, city.layers, city.gauges)
    zones = city.layers[city.layers["river"].isin(layer["river"].unique())]
    parts = {}
    for place, scenario in enumerate(SCENARIOS):
        if scenario in set(layer["scenario"]):
            rows = layer[layer["scenario"].isin(SCENARIOS[: place + 1])]
            counts = _people_plainly(city, rows, zones[zones["river"].isin(rows["river"])])
            parts[scenario] = counts.assign(roads_cut=_roads_plainly(city, rows))
    table = pd.concat(parts, names=["scenario"]).swaplevel()
    order = pd.MultiIndex.from_product(
        [city.districts.index, parts], names=["district_id", "scenario"]
    )
    return table.loc[order].astype("Int64").rename_axis(columns=None)


def _people_plainly(city: City, rows: Any, zones: Any) -> pd.DataFrame:
    wet = rows[rows["depth_max_m"].notna() | rows["collapse_zone"].notna()]
    columns = ["depth_max_m", "collapse_zone", "duration_rank", "geometry"]
    joined = gpd.sjoin(city.buildings, wet[columns], predicate="intersects")
    inside = city.buildings.loc[joined.index.unique()]
    depth = joined.groupby(level=0)["depth_max_m"].max().reindex(inside.index)
    around = gpd.sjoin(inside, zones[columns], predicate="intersects").groupby(level=0)
    collapse = around["collapse_zone"].count().reindex(inside.index) > 0
    rank = around["duration_rank"].max().reindex(inside.index).fillna(0).astype(int)
    floor = pd.Series(highest_floor_m(inside["floors"].to_numpy(float)), inside.index)
    deep = depth > GROUND_FLOOR_M
    leave = collapse | (depth > floor) | (deep & (rank > StayRules().longest_rank))
    kind = np.where(leave, "must_leave", np.where(deep & floor.isna(), "unknown", "may_stay"))
    groups = inside.assign(kind=kind).groupby(["district_id", "kind"])["people"]
    people = groups.sum().unstack("kind").reindex(city.districts.index).reindex(columns=CLASSES)
    buildings = inside["district_id"].value_counts().reindex(city.districts.index)
    return people.fillna(0).round().assign(buildings=buildings.fillna(0))


def _roads_plainly(city: City, rows: Any) -> pd.Series:
    deep = rows.loc[rows["depth_max_m"] > ROAD_CUT_M, ["geometry"]]
    cut = city.roads.loc[gpd.sjoin(city.roads, deep, predicate="intersects").index.unique()]
    middles = cut.set_geometry(cut.geometry.representative_point())
    found = gpd.sjoin(middles, city.districts[["geometry"]], predicate="intersects")
    return found["district_id"].value_counts().reindex(city.districts.index).fillna(0)


if __name__ == "__main__":
    main()
