"""Areas as the ground needs them: in Japan, in the house CRS, valid; repaired or refused by name.

Features are counted from 1, as they stand in the file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from hazard.datum import JAPAN_LAT, JAPAN_LON, to_jgd2011

AREA_TYPES = (3, 6)  # Polygon, MultiPolygon
COLLECTION = 7
SLIVER_DEG2 = 1e-12  # about 0.01 m2: nothing stands on it
AREA_NAMES = ("Polygon", "MultiPolygon")


def sound_areas(raw: Any, where: str) -> tuple[Any, tuple[str, ...]]:
    """Give the areas of a file, valid, and what was repaired (feature by feature).

    Parameters
    ----------
    raw
        Features with `crs`.
    where
        The file, for messages.

    Returns
    -------
        Polygons or multipolygons, EPSG:6668, in the order of the features; a sliver stays as an
        empty polygon. Self-crossing rings are split where they cross, overlapping parts joined
        (none of them falls dry); other Japanese systems are reprojected and swapped axes turned
        round (`hazard.datum`).

    Raises
    ------
    ValueError
        If the CRS cannot be told, a feature is missing, empty or no area, lies outside Japan, or
        nothing is left of it after repair; the message names the features.
    """
    areas = shapely.force_2d(np.asarray(raw.geometry.array, dtype=object))
    mixed = shapely.get_type_id(areas) == COLLECTION
    areas[mixed] = _only_areas(areas[mixed])
    bad = ~np.isin(shapely.get_type_id(areas), AREA_TYPES) | shapely.is_empty(areas)
    if bad.any():
        raise ValueError(
            f"{where} must hold areas only, got none at {features(bad)}. Remove these features or"
            " get the file again."
        )
    areas, told = to_jgd2011(areas, raw.crs, where)
    _check_place(areas, where)
    broken = ~shapely.is_valid(areas)
    notes = list(told)
    if broken.any():
        areas = areas.copy()
        areas[broken] = _only_areas(shapely.make_valid(areas[broken], method="structure"))
        lost = broken & shapely.is_empty(areas)
        if lost.any():
            raise ValueError(
                f"{where} must hold areas, got rings that enclose nothing at {features(lost)}."
                " Remove these features."
            )
        notes.append(f"{where}: self-crossing rings repaired at {features(broken)}")
    slivers = shapely.area(areas) < SLIVER_DEG2
    if slivers.any():
        areas = np.where(slivers, shapely.Polygon(), areas)
        notes.append(f"{where}: slivers left out at {features(slivers)}")
    return areas, tuple(notes)


def features(bad: Any) -> str:
    """Name up to five features, counted from 1."""
    rows = (np.flatnonzero(bad) + 1).tolist()
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return "feature " + ", ".join(map(str, rows[:5])) + more


def touching(frame: Any, districts: Any, what: str) -> Any:
    """Give the rows of a layer that touch the districts.

    Raises
    ------
    ValueError
        If the layer has rows and none touches: a layer of another place is no dry city.
    """
    if not len(frame):
        return frame
    if not len(districts):
        raise ValueError("a city must have at least one district, got none. Build it again.")
    tree = shapely.STRtree(frame.geometry.array)
    _, row = tree.query(districts.geometry.array, predicate="intersects")
    if not row.size:
        west, south, east, north = (round(float(edge), 2) for edge in frame.total_bounds)
        raise ValueError(
            f"{what} must touch the city, got lon {west} to {east}, lat {south} to {north}"
            f" against {districts.total_bounds.round(2).tolist()}."
            " Use the files of this city's prefecture and meshes."
        )
    kept = frame.iloc[np.unique(row)]
    kept.attrs.update(frame.attrs)
    return kept


def _check_place(areas: Any, where: str) -> None:
    west, south, east, north = shapely.bounds(areas).T
    inside = (west >= JAPAN_LON[0]) & (east <= JAPAN_LON[1])
    inside &= (south >= JAPAN_LAT[0]) & (north <= JAPAN_LAT[1])
    if not inside.all():
        first = int(np.argmin(inside))
        swapped = JAPAN_LON[0] <= south[first] <= JAPAN_LON[1]
        what = "Longitude and latitude look swapped." if swapped else "Reproject the file."
        raise ValueError(
            f"{where} must lie in Japan (lon {JAPAN_LON}, lat {JAPAN_LAT}), got lon"
            f" {west[first]:.4f}, lat {south[first]:.4f} at {features(~inside)}. {what}"
        )


def _only_areas(repaired: Any) -> Any:
    """Give the areas among what a repair gave, without its stray lines and points."""
    return np.array(
        [
            shapely.union_all([p for p in shapely.get_parts(shape) if p.geom_type in AREA_NAMES])
            for shape in repaired
        ],
        dtype=object,
    )
