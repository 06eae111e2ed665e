"""Upper floors of a shelter that stands in water: never used silently, only as the officer decides.

A school in water below 3 m has dry classrooms from the first floor up, and nobody can leave it
until the water goes. Floor levels are those of the official rank table: below 3 m of water the
second storey is dry, each storey adds about 3 m [1]_.

References
----------
.. [1] 国土交通省: 水害ハザードマップ作成の手引き (浸水深と階: 0.5 m 1階床下, 3 m 1階, 5 m 2階).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shelters.types import Shelters

GROUND_FLOOR_M, STOREY_M = 0.5, 3.0
Floats = npt.NDArray[np.float64]


def least_dry_floor(shelters: Shelters, depth_m: Floats) -> Floats:
    """Give the lowest storey (1 = ground floor) whose floor is at or above the water.

    NaN where the number of storeys (optional column `floors`) is not known, where none is dry, or
    where the depth has no upper end.
    """
    storeys = _storeys(shelters)
    wet = np.clip(depth_m, 0.0, 1e6)
    floor = np.where(wet <= GROUND_FLOOR_M, 1.0, np.ceil(wet / STOREY_M) + 1.0)
    return np.where(np.isfinite(depth_m) & (floor <= storeys), floor, np.nan)


def dry_share(shelters: Shelters, dry_floor: Floats) -> Floats:
    """Give the share of storeys from `dry_floor` up; NaN where it is not known."""
    storeys = _storeys(shelters)
    return np.asarray((storeys - dry_floor + 1) / storeys)


def _storeys(shelters: Shelters) -> Floats:
    if "floors" not in shelters:
        return np.full(len(shelters), np.nan)
    return np.asarray(shelters["floors"].to_numpy(dtype=float, na_value=np.nan))
