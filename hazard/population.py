"""Populations that come from different counts, brought together.

The 町丁字 of the census (2015) carry whole people by small area; the 500 m mesh carries the same
census and estimates of later years. Both must tell the same city in the census year; the later
year is then the census times mesh later / mesh census, district by district.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from hazard.types import JGD2011, Buildings, check_buildings

TOLERANCE = 0.005
MESH_FIELD = "PTN_"  # 国土数値情報 500 m mesh: PTN_2015 = people of 2015
WORK_AREA_M2 = 200.0


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """How two counts of one city agree; `gap_share` = mesh / blocks - 1 in the census year.

    `districts` has index district_id and columns blocks, mesh, gap_share, factor (later / census
    year of the mesh), scaled (blocks x factor).
    """

    census_year: int
    year: int
    blocks: float
    mesh: float
    gap_share: float
    factor: float
    districts: pd.DataFrame


def read_mesh(path: Any) -> Any:
    """Give the cells of a 500 m population mesh: columns people_YYYY, EPSG:6668."""
    raw = pyogrio.read_dataframe(path)
    years = {name: f"people_{name[-4:]}" for name in raw.columns if name.startswith(MESH_FIELD)}
    if not years:
        raise ValueError(
            f"{path} must have fields such as {MESH_FIELD}2015, got {sorted(raw.columns)}."
            " Use the official population mesh."
        )
    mesh = raw[[*years, "geometry"]].rename(columns=years)
    return gpd.GeoDataFrame(mesh).set_crs(JGD2011, allow_override=True)  # WGS 84 within 1 m


def reconcile(
    blocks: Any,
    mesh: Any,
    *,
    crs: str,
    census_year: int,
    year: int,
    tolerance: float = TOLERANCE,
) -> Reconciliation:
    """Give how blocks and mesh agree, and the factors from the census to a later year.

    Parameters
    ----------
    blocks
        district_id, population, geometry of each 町丁字.
    mesh
        people_YYYY and geometry of each cell; a cell counts by the share of its area that lies
        inside, so that cells on the border or the shore lose a little.
    crs
        Projected, metres: where areas are measured.
    tolerance
        Largest share by which the two may differ in the census year.

    Raises
    ------
    ValueError
        If a year is not in the mesh, or the counts differ by more.
    """
    columns = [f"people_{one}" for one in (census_year, year)]
    missing = [name for name in columns if name not in mesh.columns]
    if missing:
        raise ValueError(f"the mesh must have {missing}, got {sorted(mesh.columns)}.")
    areas = blocks[["district_id", "geometry"]].to_crs(crs).dissolve("district_id")
    cells = mesh[[*columns, "geometry"]].to_crs(crs)
    parts = gpd.overlay(cells.assign(cell_m2=cells.area), areas.reset_index(), keep_geom_type=True)
    share = parts.area / parts["cell_m2"]
    inside = parts[columns].mul(share, axis=0).groupby(parts["district_id"]).sum()
    table = pd.DataFrame({"blocks": blocks.groupby("district_id")["population"].sum()})
    table["mesh"] = inside[columns[0]].reindex(table.index).fillna(0.0)
    table["gap_share"] = table["mesh"] / table["blocks"] - 1
    later = inside[columns[1]].reindex(table.index).fillna(0.0)
    table["factor"] = (later / table["mesh"]).where(table["mesh"] > 0, 1.0)
    table["scaled"] = table["blocks"] * table["factor"]
    total, cover = float(table["blocks"].sum()), float(table["mesh"].sum())
    gap = cover / total - 1
    if abs(gap) > tolerance:
        raise ValueError(
            f"mesh and 町丁字 must agree within {tolerance:.1%} in {census_year}, got {cover:.0f}"
            f" against {total:.0f} ({gap:+.2%}). Check that both are of this city and year."
        )
    factor = float(table["scaled"].sum()) / total
    return Reconciliation(census_year, year, total, cover, gap, factor, table)


def scaled_people(buildings: Buildings, reconciliation: Reconciliation) -> Buildings:
    """Give the buildings with people of the later year; a district without factor is as it was."""
    factor = buildings["district_id"].map(reconciliation.districts["factor"]).astype(float)
    return check_buildings(buildings.assign(people=buildings["people"] * factor.fillna(1.0)))


def assumed_day_people(
    buildings: Any, *, away_share: float, work_area_m2: float = WORK_AREA_M2
) -> Any:
    """Give people by day (仮定): a share of all leaves home for the large buildings by floor area.

    Nobody enters or leaves the city: the sum stays. A city that has counted day people uses them.

    Parameters
    ----------
    away_share
        Share of residents at work or school by day, 0 to 1.
    work_area_m2
        A building of at least this area and without residents, or of twice it, is a workplace.

    Raises
    ------
    ValueError
        If the share is outside 0 to 1 or the city has no workplace.
    """
    if not 0 <= away_share <= 1:
        raise ValueError(f"away_share must be within 0 to 1, got {away_share}. Correct it.")
    people = buildings["people"].to_numpy(dtype=float)
    area = buildings["area_m2"].to_numpy(dtype=float)
    works = (area >= work_area_m2) & ((people == 0) | (area >= 2 * work_area_m2))
    floor_m2 = np.where(works, area * buildings["floors"].fillna(1.0).to_numpy(dtype=float), 0.0)
    if away_share > 0 and not floor_m2.sum() > 0:
        raise ValueError(
            f"a city must have a workplace of {work_area_m2} m2, got none. Give day_people instead."
        )
    away = people * away_share
    share = floor_m2 / floor_m2.sum() if away_share > 0 else floor_m2
    return people - away + away.sum() * share
