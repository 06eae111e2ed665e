"""The plan of the fictional town, read from data/drill-town/: what a person may change by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from forecasting.types import RiverClass
from hazard.types import JGD2011
from kawamori.city import read_toml

Floats = npt.NDArray[np.float64]
Side = Literal["left", "right"]  # seen when looking downstream
PLAN = Path(__file__).resolve().parents[2] / "data" / "drill-town"


@dataclass(frozen=True)
class RiverPlan:
    """A river's course [km, upstream first] and its valley at the upper and lower end."""

    river_id: str
    name: str
    number: str  # 河川番号, 10 digits
    course: tuple[tuple[float, float], ...]
    floor_m: tuple[float, float]
    incision_m: tuple[float, float]
    half_width_m: tuple[float, float]
    channel_m: tuple[float, float]
    hill_m: float
    joins: str | None = None


@dataclass(frozen=True)
class WeakPoint:
    """A stretch where the bank is lower by `drop_m`."""

    river_id: str
    chainage_km: float
    side: Side
    length_m: float
    drop_m: float


@dataclass(frozen=True)
class GaugePlan:
    """A river gauge, the land that drains to it and the times its official levels must give."""

    gauge_id: str
    name: str
    river_id: str
    chainage_km: float
    river_class: RiverClass
    area_km2: float
    rain_weights: dict[str, float]
    fast_h: float
    lead_h: float
    opening_h: float
    upstream: dict[str, float]


@dataclass(frozen=True)
class RainGaugePlan:
    """A rain gauge at `place`. [km]"""

    rain_gauge_id: str
    name: str
    place: tuple[float, float]


@dataclass(frozen=True)
class DistrictPlan:
    """A district around `seed` [km]; `centre` tells how strongly people gather there."""

    district_id: str
    name: str
    seed: tuple[float, float]
    people: int
    spread_km: float


@dataclass(frozen=True)
class Design:
    """Storms that the river works and the flood layers are made for."""

    planned_peak_mm_h: float
    maximum_peak_mm_h: float
    freeboard_m: float


@dataclass(frozen=True)
class Plan:
    """Everything typed in; the rest of the town follows from it."""

    seed: int
    cell_m: float
    size_km: tuple[float, float]
    origin: tuple[float, float]  # lon, lat of the south-west corner
    crs: str
    design: Design
    rivers: tuple[RiverPlan, ...]
    weak_points: tuple[WeakPoint, ...]
    gauges: tuple[GaugePlan, ...]
    rain_gauges: tuple[RainGaugePlan, ...]
    districts: tuple[DistrictPlan, ...]
    outline: tuple[tuple[float, float], ...]  # [km]
    bridges: tuple[tuple[str, float], ...]  # river_id, chainage [km]

    def river(self, river_id: str) -> RiverPlan:
        """Give a river by its id."""
        return next(river for river in self.rivers if river.river_id == river_id)

    def corner_m(self) -> tuple[float, float]:
        """Give easting and northing of the south-west corner in `crs`. [m]"""
        east, north = Transformer.from_crs(JGD2011, self.crs, always_xy=True).transform(
            *self.origin
        )
        return float(east), float(north)

    def lonlat(self, place_km: tuple[float, float]) -> tuple[float, float]:
        """Give lon, lat of a place, rounded to about a centimetre."""
        east, north = self.corner_m()
        lon, lat = Transformer.from_crs(self.crs, JGD2011, always_xy=True).transform(
            east + place_km[0] * 1000, north + place_km[1] * 1000
        )
        return round(float(lon), 7), round(float(lat), 7)


def read_plan(folder: Path = PLAN) -> Plan:
    """Read city.toml, plan.toml and districts.toml; a wrong key raises TypeError naming it."""
    plan = read_toml(folder / "plan.toml")
    people = read_toml(folder / "districts.toml")
    return Plan(
        seed=plan["seed"],
        cell_m=plan["cell_m"],
        size_km=tuple(plan["size_km"]),
        origin=tuple(plan["origin"]),
        crs=read_toml(folder / "city.toml")["crs"],
        design=Design(**plan["design"]),
        rivers=tuple(RiverPlan(**_tuples(row)) for row in plan["river"]),
        weak_points=tuple(WeakPoint(**row) for row in plan["weak_point"]),
        gauges=tuple(GaugePlan(**{"upstream": {}, **row}) for row in plan["gauge"]),
        rain_gauges=tuple(RainGaugePlan(**_tuples(row)) for row in plan["rain_gauge"]),
        districts=tuple(DistrictPlan(**_tuples(row)) for row in people["district"]),
        outline=_tuple(people["outline"]),
        bridges=_tuple(people["bridges"]),
    )


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in row.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
