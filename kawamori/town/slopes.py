"""Landslide zones of the fictional town in the official A33 schema, drawn from its slopes (模式).

Ground steeper than a house is ever built on may slide; what lies close below it is in reach. The
official zones follow surveys of every slope; nothing of that is in these.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
from scipy.ndimage import binary_dilation, label

from hazard.types import JGD2011
from kawamori.town.districts import to_lonlat
from kawamori.town.layers import EDITION, MANAGER_CODE, cells_area
from kawamori.town.plan import Plan
from kawamori.town.terrain import Terrain

STEEP = 0.20  # m/m; assumed
REACH_CELLS = 2  # of 50 m: how far a slide may come; assumed
LEAST_CELLS = 6  # smaller pieces are not drawn
STEEP_SLOPE, WARNING_ZONE = 1, 1  # A33_001, A33_002


def write_zones(folder: Path, plan: Plan, terrain: Terrain) -> None:
    """Write A33-…geojson, one zone a slope."""
    slope = np.hypot(*np.gradient(terrain.elevation_m, terrain.cell_m))
    pieces, count = label(binary_dilation(slope > STEEP, iterations=REACH_CELLS))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    kept = [number for number in range(1, count + 1) if sizes[number] >= LEAST_CELLS]
    areas = np.array([cells_area((pieces == number).ravel(), terrain) for number in kept])
    frame = gpd.GeoDataFrame(
        {
            "A33_001": STEEP_SLOPE,
            "A33_002": WARNING_ZONE,
            "A33_003": MANAGER_CODE,
            "A33_004": [f"模式-{row}" for row in range(1, len(kept) + 1)],
            "A33_005": [f"架空の斜面{row}" for row in range(1, len(kept) + 1)],
            "stand_in": "模式",
        },
        geometry=to_lonlat(plan, areas).array,
        crs=JGD2011,
    )
    folder.mkdir(parents=True, exist_ok=True)
    name = f"A33-{EDITION}_{MANAGER_CODE}.geojson"
    frame.to_file(folder / name, driver="GeoJSON", engine="pyogrio")
