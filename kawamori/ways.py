"""Ways of a city: its road network, kept on disk, and how fast people move."""

from __future__ import annotations

import os
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import shelters
from advisory.policy import ClearanceTimes, Policy
from kawamori.city import City, read_toml
from kawamori.closures import Closures
from kawamori.settings import REPOSITORY
from shelters.groups import COLUMN_OF
from shelters.latest import latest_departures
from shelters.roads import RoadNetwork, build_network
from shelters.routes import straight_minutes, travel_minutes
from shelters.speeds import Speeds
from shelters.types import Shelters, TravelMinutes

COMMON = REPOSITORY / "data" / "travel.toml"
SOURCES = ("roads.py", "plane.py")  # of the program that builds a network


@dataclass(frozen=True, eq=False)
class Ways:
    """How people come to a shelter; network None = the city has no roads: straight distances."""

    crs: str
    network: RoadNetwork | None
    speeds: Speeds

    def minutes(
        self, people: pd.DataFrame, places: Shelters, *, closed: Closures | None = None
    ) -> TravelMinutes:
        """Give minutes by day on the roads that are open; darkness is added with the clearance."""
        if self.network is None:
            return straight_minutes(people, places, crs=self.crs, speeds=self.speeds, night=False)
        return travel_minutes(
            self.network, people, places, speeds=self.speeds, night=False,
            closed=None if closed is None else closed.table,
            barred=() if closed is None else closed.barred,
        )  # fmt: skip

    def spare_minutes(
        self,
        people: pd.DataFrame,
        places: Shelters,
        *,
        closed: Closures | None,
        leaving_min: float,
    ) -> xr.DataArray | None:
        """Give how much later than `leaving_min` from now people could set out and get through.

        Dims (origin, traveller of those among the people); None = no road is known, or none closes.
        """
        if self.network is None or closed is None:
            return None
        among = ["general", *(who for who, column in COLUMN_OF.items() if column in people)]
        latest = latest_departures(
            self.network, people, places, closing=closed.closing_min, speeds=self.speeds,
            travellers=among, barred=closed.barred,
        )  # fmt: skip
        return latest - leaving_min


def open_ways(city: City, policy: Policy) -> Ways:
    """Give the ways of a city, its network from the disk where it was built before."""
    return Ways(city.crs, road_network(city), read_speeds(policy.clearance, city.folder))


def read_speeds(times: ClearanceTimes, folder: Path) -> Speeds:
    """Give the speeds of a policy and of the city's `travel.toml`, else the common one.

    Raises
    ------
    ValueError
        If travel.toml has an unknown name or a value without sense.
    """
    own = folder / "travel.toml"
    path = own if own.exists() else COMMON
    try:
        given = {name: float(row["value"]) for name, row in read_toml(path).items()}
        return Speeds(
            general_km_h=times.walk_km_per_h,
            elderly_km_h=times.walk_km_per_h,
            assisted_km_h=times.assisted_km_per_h,
            night_factor=times.night_speed_factor,
            **given,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path.name} must hold tables such as [detour] with value, source and verified,"
            f" got {error!r}. Correct the file."
        ) from error


def road_network(city: City) -> RoadNetwork | None:
    """Give the network of the city's roads, built once and kept beside them; None = no roads."""
    if city.roads is None:
        return None
    path = city.folder / f"network-{_digest(city.roads, city.crs)}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    network = build_network(city.roads, crs=city.crs)
    _keep(network, path)
    return network


def _digest(roads: Any, crs: str) -> str:
    """Give what decides a network: the lines, their columns, the CRS and the program."""
    digest = sha256(crs.encode() + _program())
    for name in sorted(set(roads.columns) - {"geometry"}):
        digest.update(f"{name}:{roads[name].tolist()!r}".encode())
    digest.update(b"".join(shape or b"none" for shape in roads.geometry.to_wkb()))
    return digest.hexdigest()[:16]


@cache
def _program() -> bytes:
    folder = Path(shelters.__path__[0])
    return b"".join((folder / name).read_bytes() for name in SOURCES)


def _read(path: Path) -> RoadNetwork | None:
    """Give a kept network; None = there is none, or it is broken and is built again."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return RoadNetwork.from_arrays(arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(network: RoadNetwork, path: Path) -> None:
    """Write a network whole or not at all; a folder that cannot be written keeps none."""
    try:
        handle, name = tempfile.mkstemp(prefix=".network-", suffix=".npz", dir=path.parent)
    except OSError:
        return
    with os.fdopen(handle, "wb") as file:
        np.savez(file, **network.arrays())
    os.chmod(name, 0o644)
    os.replace(name, path)
    for old in path.parent.glob("network-*.npz"):
        if old != path:
            old.unlink(missing_ok=True)
