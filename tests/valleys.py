"""Small lands whose floods are known by hand."""

from __future__ import annotations

import numpy as np

from hazard.stream import Floodplain, make_floodplain, make_stream
from hazard.terrain import Terrain, make_terrain

CELL_M = 10.0
PLANE = "EPSG:6677"  # its corner lies at lon 139.833, lat 36


def valley(
    rows: int = 21, columns: int = 30, *, slope: float = 0.1, fall: float = 0.001
) -> Terrain:
    """Give a V-shaped valley: the river runs east along the middle row, sides rise by `slope`."""
    y = (np.arange(rows) - rows // 2) * CELL_M
    x = (np.arange(columns) + 0.5) * CELL_M
    height = 50 + slope * np.abs(y)[:, None] - fall * x[None, :]
    return make_terrain(height, x, y, PLANE)


def floodplain(terrain: Terrain, crest_m: tuple[float, float] | None = None) -> Floodplain:
    """Give the land of one river along y = 0; crests (left, right) are over the land."""
    x = terrain["x"].values
    ground = terrain.values[int(np.abs(terrain["y"].values).argmin())].astype(float)
    crest = None if crest_m is None else ground[:, None] + np.array(crest_m)
    line = np.column_stack([x, np.zeros_like(x)])
    stream = make_stream(terrain, "試験川", line, ground_m=ground, crest_m=crest)
    return make_floodplain(terrain, [stream])
