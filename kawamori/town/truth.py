"""What really happens in a simulated storm: the series instruments see, and who got wet, when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from forecasting.simulate import observe, simulate
from forecasting.types import Observations, aware, utc64
from kawamori.city import read_toml
from kawamori.town.cells import Spots
from kawamori.town.flood import flood
from kawamori.town.plan import PLAN, Floats
from kawamori.town.storms import Passage, Storm, steps, storm_rain
from kawamori.town.town import Town

WET_M = 0.1  # less water around a house is a puddle
FLOOR_M = 0.5  # 床上: water above the ground floor
# All weather that is simulated before the peak of the rain; the record around that peak.
LEAD_IN_H, BEFORE_H, AFTER_H = 324.0, 36.0, 30.0
TIP_MM = 0.5
# Share of kinds where none is asked for.
MIX = {"typhoon": 0.3, "rainband": 0.3, "front": 0.2, "flash": 0.15, "calm": 0.05}


@dataclass(frozen=True)
class Truth:
    """What only a simulation can know; times are UTC without zone, NaT = never.

    `buildings` (index building_id): district_id, people, first_water, floor_water (>= FLOOR_M),
    max_depth_m. `districts` (index district_id): first_water, max_depth_m, people_in_water,
    people_over_floor. `shelters` (index shelter_id): name, flooded, first_water, max_depth_m.
    `gauges` (index gauge_id): overflow (bank of its section topped), peak_at, peak_level_m.
    """

    storm: Storm
    peak_at: datetime  # of the rain
    levels_m: xr.DataArray  # (time, gauge) without noise
    gauges: pd.DataFrame
    districts: pd.DataFrame
    buildings: pd.DataFrame
    shelters: pd.DataFrame


def simulate_storm(
    town: Town,
    *,
    seed: int,
    kind: str | None = None,
    peak_at: datetime | None = None,
    before_h: float = BEFORE_H,
) -> tuple[Observations, Truth]:
    """Give a new storm over the town; the same arguments always give the same storm.

    Without `kind` it is drawn (MIX); without `peak_at` the rain peaks some time in June to
    October 2024. The record is of 10-min steps, `before_h` hours before the peak of the rain and
    30 h after it; a longer one shows more of the same storm, with other noise on its gauges.
    """
    random = np.random.default_rng([seed, 7])
    drawn = str(random.choice(list(MIX), p=list(MIX.values())))
    day = timedelta(minutes=10 * int(random.integers(0, 150 * 144)))
    moment = datetime(2024, 6, 1, tzinfo=UTC) + day
    storm = Storm(drawn if kind is None else kind, seed)
    return play(town, storm, moment if peak_at is None else peak_at, before_h=before_h)


@dataclass(frozen=True)
class NamedStorm:
    """A storm to drill, when its rain peaks and the hours a drill shows."""

    name: str
    title: str  # Japanese
    storm: Storm
    peak_at: datetime
    drill_start: datetime
    drill_end: datetime


def named_storms(folder: Path = PLAN) -> dict[str, NamedStorm]:
    """Give the storms of storms.toml by name."""
    return {row["name"]: _named(row) for row in read_toml(folder / "storms.toml")["storm"]}


def _named(row: dict[str, Any]) -> NamedStorm:
    centre = tuple(row["centre_km"]) if "centre_km" in row else None
    peak_at = row["peak_at"].astimezone(UTC)
    hour = peak_at.replace(minute=0)
    return NamedStorm(
        name=row["name"],
        title=row["title"],
        storm=Storm(row["kind"], row["seed"], row.get("peak_mm_h"), centre),
        peak_at=peak_at,
        drill_start=hour - timedelta(hours=row["drill_before_h"]),
        drill_end=hour + timedelta(hours=row["drill_after_h"]),
    )


def play(
    town: Town, storm: Storm, peak_at: datetime, *, before_h: float = BEFORE_H
) -> tuple[Observations, Truth]:
    """Let a storm pass over the town after some days of ordinary rain."""
    peak = utc64(peak_at)
    start = peak - np.timedelta64(round(LEAD_IN_H * 60), "m")
    times = steps(start, LEAD_IN_H + AFTER_H)
    passing = [*_before(storm, start), (peak, storm)]
    rain = storm_rain(passing, times, town.plan.rain_gauges)
    levels = simulate(rain, town.rivers.basins)
    record = {"time": slice(round((LEAD_IN_H - before_h) * 6), None)}
    levels, rain = levels.isel(record), rain.isel(record)
    seen = observe(levels, rain, seed=storm.seed, tip_mm=TIP_MM)
    return seen, _truth(town, storm, peak_at, levels["level_m"])


def _before(storm: Storm, start: np.datetime64) -> list[Passage]:
    """Give the weather of the days before: none to three rains that wet the ground."""
    random = np.random.default_rng([storm.seed, 3])
    rains = []
    for _ in range(int(random.integers(0, 4))):
        at = start + np.timedelta64(int(random.uniform(24, LEAD_IN_H - BEFORE_H - 48) * 60), "m")
        peak = float(random.uniform(3, 8))
        rains.append((at, Storm("front", int(random.integers(2**31)), peak)))
    return rains


def _truth(town: Town, storm: Storm, peak_at: datetime, levels: xr.DataArray) -> Truth:
    times = levels["time"].values
    stage = flood(levels.values, town.rivers, town.nodes, town.cells)
    buildings = town.buildings[["district_id", "people"]].copy()
    buildings = buildings.join(_wet(town.building_spots, stage, times, buildings.index))
    names = [site.shelter_id for site in town.shelters]
    shelters = pd.DataFrame(
        {"name": [site.name for site in town.shelters]}, index=pd.Index(names, name="shelter_id")
    ).join(_wet(town.shelter_spots, stage, times, names).drop(columns="floor_water"))
    shelters.insert(1, "flooded", shelters["first_water"].notna())
    return Truth(
        storm=storm,
        peak_at=peak_at,
        levels_m=levels,
        gauges=_gauges(town, levels),
        districts=_districts(town, buildings),
        buildings=pd.DataFrame(buildings),
        shelters=shelters,
    )


def _wet(places: Spots, stage: Floats, times: Any, index: Any) -> pd.DataFrame:
    """Give when water came to each place and how deep it got."""
    # Stages are mixed between two cells, so their maxima bound every depth: look no further there.
    could = np.flatnonzero(places.depth_m(stage.max(axis=0)) > 0)
    depth = np.round(places.of(could).depth_m(stage), 3)
    first_water = np.full(len(places.weight), np.datetime64("NaT", "ns"))
    floor_water, deepest = first_water.copy(), np.zeros(len(places.weight))
    if len(could):
        first_water[could] = _first(depth >= WET_M, times)
        floor_water[could] = _first(depth >= FLOOR_M, times)
        deepest[could] = depth.max(axis=0)
    columns = {"first_water": first_water, "floor_water": floor_water, "max_depth_m": deepest}
    return pd.DataFrame(columns, index=index)


def _first(reached: Any, times: Any) -> Any:
    """Give the first time (rows) at which each column is reached, NaT = never."""
    return np.where(reached.any(axis=0), times[reached.argmax(axis=0)], np.datetime64("NaT", "ns"))


def _gauges(town: Town, levels: xr.DataArray) -> pd.DataFrame:
    times = levels["time"].values
    depth = town.rivers.depth_m(levels.values)
    topped = depth > town.rivers.bank_m.min(axis=1)
    section = town.rivers.share.argmax(axis=1)
    overflow = [
        _first(topped[:, section == column].any(axis=1)[:, None], times)[0]
        for column in range(levels.sizes["gauge"])
    ]
    return pd.DataFrame(
        {
            "overflow": overflow,
            "peak_at": times[levels.values.argmax(axis=0)],
            "peak_level_m": np.round(levels.values.max(axis=0), 3),
        },
        index=pd.Index(levels["gauge"].values, name="gauge_id"),
    )


def _districts(town: Town, buildings: pd.DataFrame) -> pd.DataFrame:
    """Give each district the first water at an inhabited building and the people in water."""
    homes = buildings[buildings["people"] > 0]
    groups = homes.groupby("district_id")
    people = homes["people"]
    frame = pd.DataFrame(
        {
            "first_water": groups["first_water"].min(),
            "max_depth_m": groups["max_depth_m"].max(),
            "people_in_water": people.where(homes["first_water"].notna(), 0)
            .groupby(homes["district_id"])
            .sum(),
            "people_over_floor": people.where(homes["floor_water"].notna(), 0)
            .groupby(homes["district_id"])
            .sum(),
        }
    )
    return frame.reindex(town.districts.index)


def write_truth(folder: Path, name: str, truth: Truth) -> None:
    """Write NAME.truth.json (districts, shelters, gauges) and NAME.truth.parquet (buildings)."""
    document = {
        "note": "模擬: 架空の町の計算上の真値。観測でも予測でもない",
        "kind": truth.storm.kind,
        "seed": truth.storm.seed,
        "rain_peak_at": truth.peak_at.isoformat(),
        "wet_m": WET_M,
        "floor_m": FLOOR_M,
        "gauges": _records(truth.gauges),
        "districts": _records(truth.districts),
        "shelters": _records(truth.shelters),
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    (folder / f"{name}.truth.json").write_text(text, encoding="utf-8")
    truth.buildings.to_parquet(folder / f"{name}.truth.parquet")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give rows as JSON values: times as aware ISO 8601, never = null."""
    rows = frame.reset_index().to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return aware(value.to_datetime64()).isoformat()
    if value is pd.NaT:
        return None
    return value.item() if isinstance(value, np.generic) else value
