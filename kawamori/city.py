"""A city bundle: everything the chain needs to know about a place, read from one folder."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from forecasting.types import Gauge, RainGauge, Thresholds
from hazard.ground import touching
from hazard.inland import read_inland
from hazard.landslide import read_landslide
from hazard.layers import read_layers
from hazard.tsunami import read_tsunami
from hazard.types import Buildings, Districts, FloodLayer, check_buildings, check_districts
from kawamori.city_facts import city_faults, gauge_faults
from kawamori.land import RATINGS, Land, read_land
from shelters.facilities import read_facilities, with_facilities
from shelters.types import Shelters, check_shelters

SET_COLUMNS = ("kinds", "hazard_ok", "features")


@dataclass(frozen=True)
class City:
    """A place: None means that the bundle has no such file, so what depends on it is unknown."""

    city_id: str
    name: str
    code: str
    crs: str  # projected, metres
    notes: tuple[str, ...]  # what is simulated, assumed or a stand-in: shown with every result
    credits: tuple[str, ...]
    gauges: tuple[Gauge, ...]
    rain_gauges: tuple[RainGauge, ...]
    districts: Districts
    buildings: Buildings | None
    roads: Any | None
    layers: FloodLayer | None
    shelters: Shelters | None
    folder: Path
    inland: FloodLayer | None = None  # scenario "inland": drains and streams without a gauge
    landslide: Any | None = None  # zones of `hazard.landslide`
    tsunami: Any | None = None  # areas of `hazard.tsunami`: shown on the map, judged by nothing
    land: Land | None = None  # terrain and surveyed rivers


def read_city(folder: Path) -> City:
    """Read the bundle in `folder` (layout: data/README.md).

    Raises
    ------
    FileNotFoundError
        If a required file is missing; the message says which and how to build it.
    ValueError
        If a file has a wrong column, unit or value.
    """
    facts = _facts(folder / "city.toml")
    gauges, rain_gauges = read_gauges(folder / "gauges.toml")
    shelters = _frame(folder / "shelters.parquet", SET_COLUMNS, frozenset)
    districts = _frame(_required(folder / "districts.parquet"), ("gauge_ids",), tuple)
    buildings = _frame(folder / "buildings.parquet")
    layers = folder / "layers"
    return City(
        city_id=facts["city_id"],
        name=facts["name"],
        code=facts["code"],
        crs=facts["crs"],
        notes=tuple(facts["notes"]),
        credits=tuple(facts["credits"]),
        gauges=gauges,
        rain_gauges=rain_gauges,
        districts=check_districts(districts),
        buildings=None if buildings is None else check_buildings(buildings),
        roads=_frame(folder / "roads.parquet"),
        layers=_layers(layers, districts, read_layers),
        shelters=None if shelters is None else _equipped(check_shelters(shelters), folder),
        folder=folder,
        inland=_layers(layers, districts, read_inland),
        landslide=_layers(layers, districts, read_landslide),
        tsunami=_layers(layers, districts, read_tsunami),
        land=read_land(folder, _ratings(folder / RATINGS)),
    )


def _facts(path: Path) -> dict[str, Any]:
    facts = read_toml(path)
    if faults := list(city_faults(facts)):
        raise ValueError(f"{path}: {'; '.join(faults)}. Correct the file (data/README.md).")
    return facts


def _equipped(shelters: Shelters, folder: Path) -> Shelters:
    """Add what the city's own table tells of its shelters: parking, storeys, stock."""
    path = folder / "facilities.csv"
    return with_facilities(shelters, read_facilities(path)) if path.exists() else shelters


def _layers(folder: Path, districts: Any, read: Callable[[Path], Any]) -> Any | None:
    """Read the areas that touch the city; files of another place are an error."""
    if not folder.exists():
        return None
    return FloodLayer(touching(read(folder), districts, f"the areas in {folder.name}/"))


def read_gauges(path: Path) -> tuple[tuple[Gauge, ...], tuple[RainGauge, ...]]:
    """Read `[[gauge]]` and `[[rain_gauge]]` tables; levels in metres above gauge zero.

    Raises
    ------
    ValueError
        Naming every value that cannot be used, and its station.
    """
    tables = read_toml(path)
    if faults := list(gauge_faults(tables)):
        raise ValueError(f"{path.name}: {'; '.join(faults)}. Correct the file (data/README.md).")
    gauges = tuple(_gauge(row, path) for row in tables.get("gauge", []))
    rain = tuple(_build(RainGauge, row, path) for row in tables.get("rain_gauge", []))
    return gauges, rain


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a missing or broken one is named."""
    try:
        return tomllib.loads(_required(path).read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} must be TOML, got {error}. Correct the file.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be UTF-8 text, got {error}. Save it again.") from error


def _ratings(path: Path) -> list[dict[str, Any]]:
    """Read `[[rating]]` tables; a city need not have any."""
    return list(read_toml(path).get("rating", [])) if path.exists() else []


def _gauge(row: Mapping[str, Any], path: Path) -> Gauge:
    thresholds = _build(Thresholds, row.get("thresholds", {}), path, item=row.get("gauge_id"))
    lists = {key: tuple(row.get(key, ())) for key in ("upstream", "rain_gauges")}
    gauge: Gauge = _build(Gauge, {**row, "thresholds": thresholds, **lists}, path)
    return gauge


def _build(kind: Any, row: Mapping[str, Any], path: Path, *, item: Any = None) -> Any:
    try:
        return kind(**row)
    except (TypeError, ValueError) as error:
        name = item or row.get("gauge_id") or row.get("rain_gauge_id") or row
        raise ValueError(f"{path.name}: {error} ({name})") from error


def _frame(path: Path, columns: Sequence[str] = (), kind: type[Any] = list) -> Any | None:
    """Read a frame, its list columns as `kind`; None if there is no such file."""
    if not path.exists():
        return None
    frame = gpd.read_parquet(path)
    return frame.assign(**{column: frame[column].map(kind) for column in columns})


def _required(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing. Put it there (docs/city.md); a city that has a builder is built: "
            f"kawamori city build {path.parent.name}"
        )
    return path
