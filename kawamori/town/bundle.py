"""Write the fictional town as a city bundle (layout: data/README.md)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.simulate import observe, simulate
from forecasting.types import Gauge, Observations, RainGauge
from hazard.rating import RatingCurve
from kawamori.land import RATINGS
from kawamori.progress import Report, silent
from kawamori.town.inundation import town_ratings, write_land
from kawamori.town.layers import write_layers
from kawamori.town.plan import PLAN
from kawamori.town.shelters import write_shelter_list
from kawamori.town.slopes import write_zones
from kawamori.town.storms import steps, storm_rain, years_of_storms
from kawamori.town.town import Town, make_town
from kawamori.town.truth import TIP_MM, named_storms, play, write_truth
from shelters.read import read_shelters

TRAINING_START = np.datetime64("2021-01-01T00:00")
TRAINING_YEARS = 3
TRAINING_SEED = 2025  # ordinary years: danger reached, no bank topped
SHELTER_LIST = "shelters.csv"
PACKED = {"dtype": "int16", "_FillValue": np.int16(-32768), "zlib": True, "complevel": 4}


def build_town(folder: Path, *, progress: Report | None = None) -> None:
    """Write the bundle of the fictional town; the same bytes every time.

    Parameters
    ----------
    folder
        Made if missing; files in it are replaced.
    progress
        Called with what is being done and the share done.
    """
    report = silent if progress is None else progress
    (folder / "storms").mkdir(parents=True, exist_ok=True)
    report("架空の町を計算", 0.0)
    town = make_town()
    shutil.copyfile(PLAN / "city.toml", folder / "city.toml")
    write_gauges(folder / "gauges.toml", town.rivers.gauges, town.rivers.rain_gauges)
    _write_frames(folder, town)
    write_land(town, folder)
    write_ratings(folder / RATINGS, town_ratings(town))
    report("浸水想定区域", 0.35)
    write_layers(folder / "layers", town.plan, town.nodes, town.terrain, town.worst)
    write_zones(folder / "layers", town.plan, town.terrain)
    report("3年分の雨と水位", 0.5)
    write_observations(folder / "observations.nc", training_years(town))
    storms = named_storms()
    for number, (name, named) in enumerate(storms.items()):
        report(f"訓練用の大雨 {name}", 0.7 + 0.3 * number / len(storms))
        observations, truth = play(town, named.storm, named.peak_at)
        observations.attrs["title"] = named.title
        observations.attrs["drill_start"] = named.drill_start.isoformat()
        observations.attrs["drill_end"] = named.drill_end.isoformat()
        write_observations(folder / "storms" / f"{name}.nc", observations)
        write_truth(folder / "storms", name, truth)
    report("完成", 1.0)


def training_years(town: Town) -> Observations:
    """Give three ordinary years of simulated rain and levels, 10-min steps."""
    start = TRAINING_START.astype("datetime64[M]")
    end = (start + 12 * TRAINING_YEARS).astype("datetime64[h]")
    hours = float((end - start.astype("datetime64[h]")) / np.timedelta64(1, "h"))
    storms = years_of_storms(start, TRAINING_YEARS, TRAINING_SEED)
    rain = storm_rain(storms, steps(TRAINING_START, hours), town.plan.rain_gauges)
    levels = simulate(rain, town.rivers.basins)
    return observe(levels, rain, seed=TRAINING_SEED, tip_mm=TIP_MM)


def write_observations(path: Path, observations: Observations) -> None:
    """Write CF NetCDF, levels packed to centimetres and rain to tenths of a millimetre."""
    encoding: dict[str, dict[str, Any]] = {
        "level_m": {**PACKED, "scale_factor": 0.01},
        "rain_mm": {**PACKED, "scale_factor": 0.1},
        "level_flag": {"zlib": True},
        "rain_flag": {"zlib": True},
        "time": {"units": "minutes since 2020-01-01 00:00:00", "dtype": "int64"},
    }
    observations.to_netcdf(path, engine="netcdf4", encoding=encoding)


def write_gauges(path: Path, gauges: tuple[Gauge, ...], rain_gauges: tuple[RainGauge, ...]) -> None:
    """Write gauges.toml; levels in metres above gauge zero."""
    lines = ["# 模擬: computed by kawamori/town/rivers.py from data/drill-town/plan.toml"]
    for gauge in gauges:
        lines += ["", "[[gauge]]"]
        for name in ("gauge_id", "name", "river", "lon", "lat", "river_class"):
            lines.append(f"{name} = {_toml(getattr(gauge, name))}")
        for name in ("zero_elevation_m", "upstream", "rain_gauges"):
            lines.append(f"{name} = {_toml(getattr(gauge, name))}")
        lines.append("[gauge.thresholds]")
        lines += [f"{name} = {_toml(level_m)}" for name, level_m in gauge.thresholds.items()]
    for rain in rain_gauges:
        lines += ["", "[[rain_gauge]]"]
        for name in ("rain_gauge_id", "name", "lon", "lat"):
            lines.append(f"{name} = {_toml(getattr(rain, name))}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_ratings(path: Path, ratings: Mapping[str, RatingCurve]) -> None:
    """Write ratings.toml: Q = a (level - h0)^b of each gauge. [m, m3/s]"""
    lines = ["# 模擬: computed by kawamori/town/rivers.py from data/drill-town/plan.toml"]
    for gauge_id, curve in ratings.items():
        lines += ["", "[[rating]]", f"gauge_id = {_toml(gauge_id)}"]
        lines += [f"{name} = {_toml(getattr(curve, name))}" for name in ("a", "h0_m", "b")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """Give a string, number or list of strings as TOML (its JSON form is the same)."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _write_frames(folder: Path, town: Town) -> None:
    districts = town.districts.copy()
    districts["gauge_ids"] = districts["gauge_ids"].map(list)
    districts.to_parquet(folder / "districts.parquet")
    town.buildings.to_parquet(folder / "buildings.parquet")
    town.roads.to_parquet(folder / "roads.parquet")
    write_shelter_list(folder / SHELTER_LIST, town.plan, town.shelters)
    shelters = read_shelters(folder / SHELTER_LIST)
    for column in ("kinds", "hazard_ok", "features"):
        shelters[column] = shelters[column].map(sorted)
    shelters.to_parquet(folder / "shelters.parquet")
