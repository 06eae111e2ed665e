"""One district of the fictional town by night and day, for docs/exposure.md.

    python -m benchmarks.exposure                      # the tables
    python -m benchmarks.exposure --picture FILE.png   # the map

The probabilities are given, not forecast; all else comes from the built drill-town (架空).
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xarray as xr

from forecasting.types import THRESHOLDS, Exceedance
from hazard.chance import DEPTH_COLUMNS, river_chances
from hazard.exposure import expose_indexed
from hazard.indexed import WaterIndex, index_water
from hazard.outlook import expected_people, place_chances
from hazard.roads import HOURS, closed_roads, cut_roads
from hazard.water import classify_indexed
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.progress import silent
from kawamori.settings import Settings

DISTRICT = "shimotsutsumi"
LEADS_H = (1, 3, 6)
DANGER, OVERFLOW = (0.2, 0.6, 0.8), (0.0, 0.2, 0.4)  # given, by lead; every gauge alike
COLOURS = {"must_leave": "#b2182b", "may_stay": "#2166ac", "unknown": "#777777"}
ROAD_COLOURS = {"open": "#bdbdbd", "no cars, no elderly": "#e66101", "closed": "#252525"}
DEPTH_COLOURS = {0.5: "#f7f5a9", 3.0: "#ffd8c0", 5.0: "#ffb7b7", 10.0: "#ff9191"}


def main() -> None:
    """Print the tables or draw the map."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--district", default=DISTRICT)
    parser.add_argument("--picture")
    asked = parser.parse_args()
    city = open_city("drill-town", Settings(), silent)
    index = index_water(city.layers, city.districts, city.buildings, city.roads)
    if asked.picture:
        draw(city, index, asked.district, asked.picture)
        return
    print(city.districts[["name", "population", "gauge_ids"]].to_string(), "\n")
    chances = river_chances(given(city), index.rivers, city.gauges, bands_h=LEADS_H)
    print(chances[["planned", "maximum", "proxy"]].to_string(), "\n")
    inside = city.buildings["district_id"] == asked.district
    print(city.buildings.loc[inside, ["people", "day_people"]].sum().to_string(), "\n")
    for population in ("night", "day"):
        counts = expose_indexed(index, city.layers, population=population)
        expected = expected_people(index, chances, population=population)
        print(population)
        print(counts.loc[asked.district].to_string())
        print(expected.loc[asked.district].round(1).to_string(), "\n")
    print("road lines of the district closed from hour on:")
    print(closed_by_hour(city, index, chances, asked.district).to_string(), "\n")
    places = place_chances(index, chances).xs(float(LEADS_H[-1]), level="until_h")
    homes = places[city.buildings.loc[places.index, "district_id"] == asked.district]
    print("buildings of the district with a chance of at least 10 %:")
    print((homes[list(DEPTH_COLUMNS)] >= 0.1).sum().to_string())


def closed_by_hour(city: City, index: WaterIndex, chances: Any, district: str) -> pd.DataFrame:
    """Give how many road lines of a district are closed to whom from each hour on."""
    closed = closed_roads(index, chances, city.roads)
    middles = shapely.point_on_surface(city.roads.geometry.array[closed.index])
    closed = closed[shapely.intersects(city.districts.loc[district, "geometry"], middles)]
    counts = {column: closed[column].value_counts() for column in HOURS.values()}
    counts["bridges"] = closed.loc[closed["bridge"], HOURS["general"]].value_counts()
    table = pd.DataFrame(counts).fillna(0).astype(int).sort_index()
    return table.rename_axis("hour")


def given(city: City) -> Exceedance:
    """Give the same probabilities for every gauge."""
    names = [gauge.gauge_id for gauge in city.gauges]
    table = np.ones((len(names), len(THRESHOLDS), len(LEADS_H)))
    table[:, THRESHOLDS.index("danger")] = DANGER
    table[:, THRESHOLDS.index("overflow")] = OVERFLOW
    hours = np.array(LEADS_H) * np.timedelta64(3_600_000_000_000, "ns")
    coords = {"gauge": names, "threshold": list(THRESHOLDS), "lead": hours}
    data = {"probability": (("gauge", "threshold", "lead"), table)}
    return Exceedance(xr.Dataset(data, coords=coords))


def draw(city: City, index: WaterIndex, district: str, path: str) -> None:
    """Draw the district in planned and maximum water, buildings by what people can do."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.6), layout="constrained")
    shape = city.districts.loc[district, "geometry"]
    for axis, upto in zip(
        figure.subplots(1, 2), (("planned",), ("planned", "maximum")), strict=True
    ):
        _areas(axis, city, upto)
        keys = [key for key in index.keys if key[1] in upto]
        inside = classify_indexed(index, keys)
        inside = inside[inside["district_id"] == district]
        for kind, colour in COLOURS.items():
            rows = inside[inside["kind"] == kind]
            label = f"{kind}: {rows['people'].sum():.0f} people"
            axis.scatter(rows["lon"], rows["lat"], s=5, color=colour, label=label, zorder=3)
        _roads(axis, city, index, keys, shape)
        dry = city.buildings[city.buildings["district_id"] == district].drop(inside.index)
        axis.scatter(dry.geometry.x, dry.geometry.y, s=1, color="#bbbbbb", label="dry", zorder=2)
        axis.plot(*shape.exterior.xy, color="black", linewidth=0.8)
        west, south, east, north = shape.bounds
        axis.set(
            xlim=(west, east), ylim=(south, north), title=f"{district}: {upto[-1]} (fictional)"
        )
        axis.set_aspect(1 / np.cos(np.radians(south)))
        axis.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, fontsize=8, markerscale=2
        )
        axis.tick_params(labelsize=7)
    figure.savefig(path, dpi=80, bbox_inches="tight")


def _roads(axis: Any, city: City, index: WaterIndex, keys: Any, shape: Any) -> None:
    """Draw the roads: open, closed to cars and the elderly, closed to everybody."""
    cut = cut_roads(index, keys)
    rows = np.full(len(city.roads), "open", dtype=object)
    rows[cut.index[cut["car"]]] = "no cars, no elderly"
    rows[cut.index[cut["general"]]] = "closed"
    for what, colour in ROAD_COLOURS.items():
        lines = city.roads[rows == what]
        lines[lines.intersects(shape)].plot(ax=axis, color=colour, linewidth=0.7, zorder=2)
        axis.plot([], [], color=colour, linewidth=0.7, label=f"road: {what}")


def _areas(axis: Any, city: City, upto: tuple[str, ...]) -> None:
    rows = city.layers[city.layers["scenario"].isin(upto)].sort_values("depth_max_m")
    for depth_m, colour in DEPTH_COLOURS.items():
        part = rows[rows["depth_max_m"] == depth_m]
        if len(part):
            part.plot(ax=axis, color=colour, alpha=0.8, zorder=1)
        axis.fill([], [], color=colour, label=f"water below {depth_m:g} m")
    zones = city.layers[city.layers["collapse_zone"].notna()]  # they hold for every flood
    zones.plot(ax=axis, facecolor="none", edgecolor="#762a83", linewidth=0.6, zorder=2)
    axis.plot([], [], color="#762a83", linewidth=0.6, label="collapse zone")


if __name__ == "__main__":
    main()
