"""A city of one gauge, two districts and two shelters, written as a bundle in a moment.

The river answers rain with a rise of 2 cm per mm over three hours and falls by a tenth an hour.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from shapely.geometry import LineString, Point, box

from forecasting.types import GOOD, check_observations

JGD2011 = "EPSG:6668"
START = np.datetime64("2026-06-01T00:00", "ns")
CITY = """
city_id = "tiny"
name = "試験町"
code = "00000"
crs = "EPSG:6677"
notes = ["試験用の架空の町"]
credits = ["none"]
"""
GAUGES = """
[[gauge]]
gauge_id = "g1"
name = "試験橋"
river = "試験川"
lon = 140.01
lat = 37.005
river_class = "notified"
rain_gauges = ["r1"]
[gauge.thresholds]
standby = 1.0
caution = 1.5
judgment = 2.0
danger = 2.5
overflow = 3.0

[[rain_gauge]]
rain_gauge_id = "r1"
name = "試験雨量"
lon = 140.0
lat = 37.0
"""


def write_tiny_city(folder: Path) -> None:
    """Write the bundle: the lower district lies in the water, the upper one does not."""
    folder.mkdir(parents=True)
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    (folder / "gauges.toml").write_text(GAUGES, encoding="utf-8")
    _districts().to_parquet(folder / "districts.parquet")
    _buildings().to_parquet(folder / "buildings.parquet")
    _shelters().to_parquet(folder / "shelters.parquet")
    depths = folder / "layers" / "20_想定最大規模"
    depths.mkdir(parents=True)
    _depths().to_file(depths / "A31a-20-26_00_0000000001_10.geojson", driver="GeoJSON")
    tiny_series(60 * 24).to_netcdf(folder / "observations.nc")


def write_ways(folder: Path) -> None:
    """Give a written bundle a road to its shelter s1, and a second shelter s3 by a longer road.

    Both roads begin above the water at (140.01, 37.007). Row 1 alone leads to s1, rows 2 and 3 to
    s3, which holds 70 people.
    """
    corner, (north, east) = (140.01, 37.007), ((140.01, 37.015), (140.016, 37.007))
    lines = [[(140.01, 37.004), corner], [corner, north], [corner, east], [east, (140.016, 37.015)]]
    roads = gpd.GeoDataFrame(
        {"kind": ["residential"] * 4, "bridge": [False] * 4},
        geometry=[LineString(line) for line in lines],
        crs=JGD2011,
    )
    roads.to_parquet(folder / "roads.parquet")
    places = gpd.read_parquet(folder / "shelters.parquet")
    third = places.loc[["s1"]].rename(index={"s1": "s3"}).assign(name="東高校", capacity=70)
    third = third.set_geometry([Point(140.016, 37.015)], crs=JGD2011)
    both = pd.concat([places, third.astype({"capacity": "Int64"})])
    both.rename_axis("shelter_id").to_parquet(folder / "shelters.parquet")


def tiny_series(hours: int, *, storm_mm: float = 0.0) -> xr.Dataset:
    """Give hourly rain and level; a storm of `storm_mm` an hour falls in the last six hours."""
    rng = np.random.default_rng(7)
    rain = np.where(rng.random(hours) < 0.06, rng.gamma(1.0, 12.0, hours), 0.0)
    if storm_mm:
        rain[-6:] = storm_mm
    level = np.empty(hours)
    level_m = 0.4
    spread = np.convolve(rain, [0.3, 0.4, 0.3])[:hours]
    for hour, mm in enumerate(spread):
        level_m += 0.02 * mm - 0.1 * (level_m - 0.4)
        level[hour] = level_m
    good = np.full((hours, 1), GOOD, dtype="int8")
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), level.round(2)[:, None]),
                "level_flag": (("time", "gauge"), good),
                "rain_mm": (("time", "rain_gauge"), rain.round(1)[:, None]),
                "rain_flag": (("time", "rain_gauge"), good.copy()),
            },
            coords={
                "time": START + np.arange(hours) * np.timedelta64(1, "h"),
                "gauge": ["g1"],
                "rain_gauge": ["r1"],
            },
        )
    )


def write_table(path: Path, *, hours: int = 20 * 24, storm_mm: float = 0.0) -> pd.DataFrame:
    """Write the series as the CSV a city hands over, ending at the hour nearest to now."""
    series = tiny_series(hours, storm_mm=storm_mm)
    end = pd.Timestamp.now(tz="UTC").round("h")
    table = pd.DataFrame(
        {
            "time": pd.date_range(end=end, periods=hours, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ"),
            "g1": series["level_m"].values[:, 0],
            "r1": series["rain_mm"].values[:, 0],
        }
    )
    table.to_csv(path, index=False)
    return table


def _districts() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": ["川下", "山上"],
            "population": [100, 50],
            "households": [40, 20],
            "assisted": pd.array([pd.NA, pd.NA], dtype="Int64"),
            "gauge_ids": [["g1"], ["g1"]],
        },
        index=pd.Index(["low", "high"], name="district_id"),
        geometry=[box(140.0, 37.0, 140.02, 37.01), box(140.0, 37.01, 140.02, 37.02)],
        crs=JGD2011,
    )


def _buildings() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "area_m2": [100.0, 100.0],
            "floors": [1.0, 1.0],
            "people": [100.0, 50.0],
            "district_id": ["low", "high"],
            "block": ["川下一丁目", "山上一丁目"],
        },
        index=pd.Index(["b1", "b2"], name="building_id"),
        geometry=[Point(140.01, 37.004), Point(140.01, 37.015)],
        crs=JGD2011,
    )


def _shelters() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "name": ["山上小学校", "川下公民館"],
            "address": ["山上1", "川下1"],
            "kinds": [["emergency"], ["emergency"]],
            "hazard_ok": [["flood"], ["flood"]],
            "area_m2": [np.nan, np.nan],
            "capacity": pd.array([80, 200], dtype="Int64"),
            "capacity_source": ["listed", "listed"],
            "occupied": pd.array([0, 0], dtype="Int64"),
            "status": ["open", "open"],
            "features": [[], []],
        },
        index=pd.Index(["s1", "s2"], name="shelter_id"),
        geometry=[Point(140.01, 37.015), Point(140.01, 37.0045)],
        crs=JGD2011,
    )


def _depths() -> gpd.GeoDataFrame:
    """One polygon over the lower district's houses, rank 3 = 3 to 5 m."""
    return gpd.GeoDataFrame(
        {
            "A31a_201": ["0000000001"],
            "A31a_202": ["試験川"],
            "A31a_203": ["00"],
            "A31a_204": ["試験"],
            "A31a_205": [3],
        },
        geometry=[box(140.002, 37.002, 140.018, 37.006)],
        crs=JGD2011,
    )


def write_storm(folder: Path) -> None:
    """Give the city in `folder` one storm to drill on: two cycles, 22:00 and 23:00."""
    storm = tiny_series(20 * 24, storm_mm=27.0)
    storm.attrs |= {
        "drill_start": "2026-06-20T22:00:00+00:00",
        "drill_end": "2026-06-20T23:00:00+00:00",
    }
    (folder / "storms").mkdir()
    storm.to_netcdf(folder / "storms" / "cloudburst.nc")
