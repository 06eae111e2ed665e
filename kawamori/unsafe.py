"""Where no shelter may be used now, and for what a shelter must be designated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from hazard.landslide import landslide_layer
from hazard.types import DYNAMIC, JGD2011, LAYER_COLUMNS, FloodLayer
from kawamori.city import City
from kawamori.dynamic import DynamicWater
from kawamori.ungauged import Danger

# Of a layer's columns; the others hold texts.
COLUMN_KINDS: dict[str, Any] = {
    "depth_min_m": float,
    "depth_max_m": float,
    "duration_rank": "Int64",
    "stand_in": bool,
}


def hazards_in_play(inland: Danger | None, slides: Danger | None) -> tuple[str, ...]:
    """Give the hazards for which a shelter must be designated now."""
    found = ["flood"]
    found += ["inland_flood"] if inland is not None and inland.where(True) else []
    found += ["landslide"] if slides is not None and slides.where(True) else []
    return tuple(found)


def unsafe_areas(
    city: City,
    layer: FloodLayer | None,
    dynamic: Sequence[DynamicWater],
    inland: Danger | None,
    slides: Danger | None,
) -> FloodLayer | None:
    """Give every area in which no shelter may be used now; None = there is no map of any kind.

    Inland areas and landslide zones count where they touch a district whose signal applies.
    """
    parts = [layer] if layer is not None else []
    parts += [one.layer for one in dynamic if one.scenario == DYNAMIC]
    if city.inland is not None and inland is not None:
        parts.append(_near(city.inland, city, inland.where(True)))
    if city.landslide is not None and slides is not None:
        parts.append(landslide_layer(_near(city.landslide, city, slides.where(True))))
    if not parts:
        return None
    names = [name for name in LAYER_COLUMNS if name != "geometry"]
    rows = pd.concat([pd.DataFrame(part[names]).astype(object) for part in parts])
    shapes = [shape for part in parts for shape in part.geometry.array]
    frame = rows.reset_index(drop=True).astype(COLUMN_KINDS)
    return FloodLayer(gpd.GeoDataFrame(frame, geometry=shapes, crs=JGD2011))


def _near(areas: Any, city: City, district_ids: frozenset[str]) -> Any:
    """Give the areas that touch any of some districts."""
    here = city.districts.geometry[city.districts.index.isin(district_ids)].array
    _, row = shapely.STRtree(areas.geometry.array).query(here, predicate="intersects")
    return areas.iloc[sorted(set(row))]
