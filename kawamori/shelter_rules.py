"""What stays the same of a city's shelters: the numbers of its plans, the water they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar, cast

import numpy as np

from hazard.indexed import WaterIndex, index_water
from hazard.types import Buildings
from kawamori.city import City, read_toml
from kawamori.settings import REPOSITORY
from shelters.demand import Limits
from shelters.opening import OpeningRules
from shelters.stock import StockRules

COMMON = REPOSITORY / "data" / "sheltering.toml"
Rules = TypeVar("Rules", Limits, OpeningRules, StockRules)


@dataclass(frozen=True, eq=False)
class ShelterDesk:
    """What stays the same of the shelters from cycle to cycle."""

    limits: Limits
    opening: OpeningRules
    stock: StockRules
    index: WaterIndex | None  # the shelters laid into the flood areas; None = none of either

    def facts(self) -> dict[str, Any]:
        """Give the numbers that decide a plan."""
        return {name: asdict(getattr(self, name)) for name in ("limits", "opening", "stock")}


def open_shelters(city: City) -> ShelterDesk:
    """Read the rules of a city, else the common ones, and lay its shelters into the water.

    Raises
    ------
    ValueError
        If sheltering.toml has an unknown name or a value without sense.
    """
    own = city.folder / COMMON.name
    path = own if own.exists() else COMMON
    try:
        given = {name: row["value"] for name, row in read_toml(path).items()}
        known = {f.name for kind in (Limits, OpeningRules, StockRules) for f in fields(kind)}
        if set(given) - known:
            raise ValueError(f"unknown {sorted(set(given) - known)}, known {sorted(known)}")
        return ShelterDesk(
            _rules(Limits, given),
            _rules(OpeningRules, given),
            _rules(StockRules, given),
            _laid(city),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path.name} must hold tables such as [staff_least] with value, source and verified,"
            f" got {error!r}. Correct the file."
        ) from error


def _rules(kind: type[Rules], given: Mapping[str, Any]) -> Rules:
    return kind(**{f.name: given[f.name] for f in fields(cast(Any, kind)) if f.name in given})


def _laid(city: City) -> WaterIndex | None:
    """Lay the shelters into the flood areas as points without people."""
    if city.shelters is None or city.layers is None or not len(city.districts):
        return None
    points = city.shelters[["geometry"]].assign(
        area_m2=np.nan,
        floors=np.nan,
        people=0.0,
        district_id=city.districts.index[0],  # only says that the point is in the city
        block="",
    )
    return index_water(city.layers, city.districts, Buildings(points))
