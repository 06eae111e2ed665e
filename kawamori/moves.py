"""Who would go elsewhere by what was reported since a run, by the planner of the cycle itself.

The plan of the stored run is made again from its basis with the doors, head counts and roads as
they are reported now; water and forecast stay those of the run. People keep the place of the plan
where it is still there for them (`shelters.replan`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from advisory.types import Level
from hazard.types import JGD2011
from kawamori.city import City, read_toml
from kawamori.closures import Closures
from kawamori.ground import Ground
from kawamori.grounded import city_on_ground, close_reported, reported_roads
from kawamori.placement import no_access, placed
from kawamori.policies import read_policy
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.shelter_rules import ShelterDesk, open_shelters
from kawamori.ways import Ways, open_ways
from shelters.groups import COLUMN_OF
from shelters.safety import reason
from shelters.types import TRAVELLERS, Allocation, Shelters

MARK = re.compile(r"\((\w+)\)(?=、|$)")  # the identifier that ends each reason
# Reasons that reports may end; every other one is of the water or the designation, and stays.
MAY_END = {"closed", "no_road_access", "capacity_unknown", "occupied_unknown"}


@dataclass(frozen=True, eq=False)
class Place:
    """A built city as far as plans need it: roads, speeds, rules; read once."""

    city: City  # roads, crs and folder count
    ways: Ways
    rules: ShelterDesk


@dataclass(frozen=True)
class Move:
    """People of a district who go elsewhere; `to` None = without a place, `minutes` then too."""

    district_id: str
    district: str
    told: bool  # the district has an order: its people know the place they had
    people: int
    left: str  # the place they had
    to: str | None
    minutes: float | None  # the longest way, on foot or by car as they go
    reason: str


@dataclass(frozen=True)
class Moves:
    """What the plan made again says."""

    rows: tuple[Move, ...]  # most people first
    nowhere_before: int  # without a place by the plan of the run
    nowhere: int  # without a place now
    optimal: bool  # proven: nobody else need move

    @property
    def people(self) -> int:
        """Give how many go elsewhere or lose their place."""
        return sum(row.people for row in self.rows)

    @property
    def lost(self) -> int:
        """Give how many lose their place and find no other."""
        return sum(row.people for row in self.rows if row.to is None)


def open_place(run: Run, settings: Settings) -> Place:
    """Read of a run's built city what its plans need.

    Raises
    ------
    FileNotFoundError
        If the city is not built on this machine.
    """
    folder = settings.cities / run.city.city_id
    crs = read_toml(folder / "city.toml")["crs"]
    path = folder / "roads.parquet"
    roads = gpd.read_parquet(path) if path.exists() else None
    policy = read_policy(settings, folder)
    city = replace(run.city, roads=roads, crs=crs, folder=Path(folder), layers=None)
    return Place(city, open_ways(city, policy), open_shelters(city, policy.clearance))


def moves(record: Mapping[str, Any], run: Run, ground: Ground, place: Place) -> Moves | None:
    """Give who would go elsewhere if the plan of a run were made with the ground of now.

    Parameters
    ----------
    record
        run.json of the run.
    ground
        Every report that counts, also one that is only being written.

    Returns
    -------
        None where the record has no plan, or is of a version that kept no basis of it.
    """
    told, basis = run.allocation, record.get("basis")
    shelters: Any = run.city.shelters
    if told is None or told.groups.empty or basis is None or shelters is None:
        return None
    people = _people(told, basis)
    city = replace(place.city, shelters=_shelters(shelters, basis))
    city = city_on_ground(city, ground)
    closed = _closed(record, basis, ground, city)
    safe, rejected = _usable(city.shelters, told)
    minutes = place.ways.minutes(people, safe, closed=closed)
    lost = no_access(minutes)
    rows = [(key, reason("no_road_access", why=why)) for key, why in lost.items()]
    rejected = pd.concat([rejected, pd.DataFrame(rows, columns=list(rejected.columns))])
    safe = Shelters(safe.drop(index=list(lost)))
    minutes = minutes.sel(shelter_id=[str(key) for key in safe.index])
    _, now, table = placed(place.rules, people, safe, minutes, told=told, rejected=rejected)
    return Moves(
        rows=tuple(_rows(run, dict(shelters["name"].astype(str)), now, table)),
        nowhere_before=int(told.unplaced["people"].sum()),
        nowhere=int(now.unplaced["people"].sum()),
        optimal=now.optimal,
    )


def lasting(why: str) -> bool:
    """Tell whether a shelter is out by its water or designation, which no report ends."""
    return bool(why) and any(not set(MARK.findall(part)) & MAY_END for part in why.split("、"))


def _people(told: Allocation, basis: Mapping[str, Any]) -> pd.DataFrame:
    """Give the people of the plan by origin, with their positions, as `allocate` takes them."""
    groups = told.groups
    heads = groups.pivot_table(
        index="origin", columns="traveller", values="people", aggfunc="sum", fill_value=0
    ).reindex(columns=list(TRAVELLERS), fill_value=0)
    facts = groups.groupby("origin")[["district_id", "block"]].first()
    points = pd.DataFrame(list(basis["origins"]), columns=["origin", "lon", "lat"])
    points = points.set_index("origin").astype(float)
    table = facts.join(points).assign(people=heads.sum(axis=1))
    parts = {column: heads[who] for who, column in COLUMN_OF.items()}
    return table.assign(**parts).astype({"people": int, **dict.fromkeys(parts, int)})


def _shelters(listed: Any, basis: Mapping[str, Any]) -> Shelters:
    """Give the shelters of the run with position and the capacity that was planned with."""
    table = pd.DataFrame(list(basis["places"])).set_index("shelter_id")
    frame = listed.drop(columns=["capacity"]).join(table, how="inner")
    points = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float))
    capacity = frame["capacity"].astype(float).astype("Int64")
    made = gpd.GeoDataFrame(frame.assign(capacity=capacity), geometry=points, crs=JGD2011)
    return Shelters(made.assign(occupied=pd.to_numeric(made["occupied"])))


def _closed(
    record: Mapping[str, Any], basis: Mapping[str, Any], ground: Ground, city: City
) -> Closures | None:
    """Give the roads that the run closes and those reported closed now.

    A road that was reported open again stays closed here: water may stand on it, and only the next
    cycle knows.
    """
    rows = record.get("closed")
    closed = None
    if rows is not None:
        table = pd.DataFrame(list(rows), columns=["road", *TRAVELLERS]).set_index("road")
        hours = np.where(table.to_numpy(dtype=bool), 0.0, np.inf)
        shut = pd.DataFrame(hours, index=table.index, columns=list(TRAVELLERS))
        closed = Closures(shut, tuple(int(row) for row in basis["barred"]))
    return close_reported(closed, reported_roads(ground, city))


def _usable(shelters: Any, told: Allocation) -> tuple[Shelters, pd.DataFrame]:
    """Give the shelters that water, designation and doors allow, and why the others are out."""
    rows = [
        (str(key), str(why))
        for key, why in told.rejected[["shelter_id", "reason"]].itertuples(index=False, name=None)
        if lasting(str(why))
    ]
    out = {key for key, _ in rows}
    rows += [
        (str(key), reason("closed"))
        for key, status in shelters["status"].items()
        if status == "closed" and str(key) not in out
    ]
    rejected = pd.DataFrame(rows, columns=["shelter_id", "reason"])
    return Shelters(shelters[~shelters.index.isin(rejected["shelter_id"])]), rejected


def _rows(
    run: Run, names: Mapping[str, str], now: Allocation, table: pd.DataFrame | None
) -> list[Move]:
    """Give the moves by district and pair of places, most people first."""
    if table is None or table.empty:
        return []
    keys = ["district_id", "block", "traveller", "shelter_id"]
    longest = now.groups.groupby(keys)["minutes"].max()
    there = pd.MultiIndex.from_frame(table[[*keys[:3], "to_id"]])
    table = table.assign(minutes=longest.reindex(there).to_numpy(), to_id=table["to_id"].fillna(""))
    districts = run.city.districts["name"]
    told = {one.district_id for one in run.advice if one.level >= Level.ELDERLY}
    found = [
        Move(
            district_id=str(district_id),
            district=str(districts.get(district_id, district_id)),
            told=district_id in told,
            people=int(rows["people"].sum()),
            left=names.get(str(left), str(left)),
            to=names.get(str(to), str(to)) if to else None,
            minutes=float(rows["minutes"].max()) if to else None,
            reason=str(rows["reason"].iloc[0]),
        )
        for (district_id, left, to), rows in table.groupby(["district_id", "from_id", "to_id"])
    ]
    return sorted(found, key=lambda row: (row.to is not None, -row.people, row.district))
