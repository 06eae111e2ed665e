"""Which road is a bridge over which river: it closes with the river, whatever stands beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.indexed import WaterIndex, roads_of


def bridges_over(index: WaterIndex, roads: Any, river_lines: Any | None = None) -> pd.DataFrame:
    """Give which road is a bridge over which river of the index, and what told it.

    With river lines, a bridge is a road that crosses one: only those marked `bridge` where the
    city marks them, else all (culverts are taken for bridges: the safe side). For rivers without a
    line, roads marked `bridge` that touch the river's flood areas. Where the city neither marks
    bridges nor has lines, none is known.

    Returns
    -------
        Columns road (position), river (None = the areas name none), source (`river_line` or
        `flood_area`).
    """
    marked, wet = _marked(roads), roads_of(index)
    if wet.at.size and wet.at.max() >= len(roads):
        raise ValueError(
            f"roads must be those of the index, got {len(roads)} lines against line"
            f" {wet.at.max() + 1}. Build the index from these roads."
        )
    parts = [pd.DataFrame({"road": [], "river": [], "source": []}, dtype=object)]
    lined: set[Any] = set()
    if river_lines is not None and len(river_lines):
        known = river_lines[river_lines["river"].isin([r for r in index.rivers if r is not None])]
        lined = set(known["river"])
        tree = shapely.STRtree(roads.geometry.array)
        line, road = tree.query(known.geometry.array, predicate="intersects")
        crossing = np.ones(len(road), bool) if marked is None else marked[road]
        river = known["river"].to_numpy(object)[line]
        parts.append(_pairs(road[crossing], river[crossing], "river_line"))
    if marked is not None:
        for river in (one for one in index.rivers if one not in lined):
            columns = [at for at, (name, _) in enumerate(index.keys) if name == river]
            near: Any = (wet.depth_max_m[:, columns] > -np.inf).any(axis=1) & marked[wet.at]
            names = np.full(int(near.sum()), river, dtype=object)
            parts.append(_pairs(wet.at[near], names, "flood_area"))
    found = pd.concat(parts, ignore_index=True).astype({"road": int})
    return found.drop_duplicates(["road", "river"]).reset_index(drop=True)


def _pairs(road: Any, river: Any, source: str) -> pd.DataFrame:
    return pd.DataFrame({"road": road, "river": river, "source": source}).astype(object)


def _marked(roads: Any) -> npt.NDArray[np.bool_] | None:
    """Give which roads are marked as a bridge, None = the city does not mark them."""
    if "bridge" not in roads.columns:
        return None
    values = roads["bridge"]
    strange = sorted({str(one) for one in values.dropna().unique() if one not in (True, False)})
    if strange:
        raise ValueError(f"roads: bridge must be true or false, got {strange[:5]}. Correct it.")
    marked: npt.NDArray[np.bool_] = values.eq(True).fillna(False).to_numpy(dtype=bool)
    return marked
