"""What stays the same of a city's shelters: the numbers of its plans, the water they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar, cast

import numpy as np

from advisory.policy import ClearanceTimes
from hazard.indexed import WaterIndex, index_water
from hazard.types import Buildings
from kawamori.city import City, read_toml
from kawamori.parts import Shares
from kawamori.settings import REPOSITORY
from shelters.demand import Limits
from shelters.opening import OpeningRules
from shelters.stock import StockRules

COMMON = REPOSITORY / "data" / "sheltering.toml"
CARS = "car_share"  # of sheltering.toml
NAMES = ("limits", "opening", "stock", "shares")
Rules = TypeVar("Rules", Limits, OpeningRules, StockRules)


@dataclass(frozen=True, eq=False)
class ShelterDesk:
    """What stays the same of the shelters from cycle to cycle."""

    limits: Limits
    opening: OpeningRules
    stock: StockRules
    index: WaterIndex | None  # the shelters laid into the flood areas; None = none of either
    shares: Shares  # how people move where the city does not know

    def facts(self) -> dict[str, Any]:
        """Give the numbers that decide a plan."""
        return {name: asdict(getattr(self, name)) for name in NAMES}


def open_shelters(city: City, times: ClearanceTimes | None = None) -> ShelterDesk:
    """Read the rules of a city, else the common ones, and lay its shelters into the water.

    Elderly and assisted people have the shares of `times`; None = everybody walks alike.

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
        known |= {CARS}
        if set(given) - known:
            raise ValueError(f"unknown {sorted(set(given) - known)}, known {sorted(known)}")
        shares = Shares(by_car=float(given.get(CARS, 0.0)))
        if times is not None:
            shares = replace(
                shares, elderly=times.elderly_fraction, assisted=times.assisted_fraction
            )
        return ShelterDesk(
            _rules(Limits, given),
            _rules(OpeningRules, given),
            _rules(StockRules, given),
            _laid(city),
            shares,
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
