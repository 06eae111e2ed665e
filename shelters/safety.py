"""Which shelters may be used in this event, and why the others may not.

The official designation is per hazard, and a designated place can still lie inside the water
that is forecast: both must allow it. Water up to `SHALLOW_M` is tolerated because a shelter's
floor is above ground; a depth rank counts with its upper end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from hazard.types import FloodLayer
from shelters.types import HAZARDS, Shelters, check_shelters

SHALLOW_M = 0.3
HAZARD_WORDS = dict(
    zip(
        HAZARDS,
        ("洪水", "土砂災害", "高潮", "地震", "津波", "大規模な火事", "内水氾濫", "火山現象"),
        strict=True,
    )
)
# Identifier -> what the officer reads. The identifier ends each reason, so a reason can be counted.
REASONS = {
    "not_designated": "{hazard}の指定緊急避難場所ではない",
    "welfare_only": "要配慮者だけを受け入れる避難所",
    "in_flood_depth": "浸水想定区域内 (深さ{depth_m}m未満)",
    "in_deepest_water": "浸水想定区域内 (深さの上限なし)",
    "in_collapse_zone": "家屋倒壊等氾濫想定区域内",
    "closed": "閉鎖中で開設できない",
    "capacity_unknown": "収容人数が不明のため人を割り当てない",
    "occupied_unknown": "開設中だが収容中の人数が不明のため人を割り当てない",
}


def usable(
    shelters: Shelters, layer: FloodLayer | None, *, hazards: Sequence[str] = ("flood",)
) -> tuple[Shelters, pd.DataFrame]:
    """Give the shelters that may be used, and the rejected ones with every reason.

    Parameters
    ----------
    layer
        The selected flood layer: rows with depth or collapse zone count, duration rows do not.
        None = no layer is known; then the designation alone decides and the caller must say so.
    hazards
        Hazards of this event, of `HAZARDS`; a shelter must be designated for each.

    Returns
    -------
        The usable shelters, capacity unknown included (`allocate` never fills those), and a frame
        with columns shelter_id, reason: one row per rejected shelter, Japanese with identifier.

    Raises
    ------
    ValueError
        If a hazard is not one of `HAZARDS`.
    """
    unknown = sorted(set(hazards) - set(HAZARDS))
    if unknown:
        raise ValueError(f"hazards must be of {sorted(HAZARDS)}, got {unknown}.")
    depth_m, collapse = _water(shelters, layer)
    reasons = {
        shelter_id: _reasons(row, hazards, float(depth_m[at]), bool(collapse[at]))
        for at, (shelter_id, row) in enumerate(shelters.iterrows())
    }
    kept = np.array([not found for found in reasons.values()], dtype=bool)
    rows = [(key, "、".join(found)) for key, found in reasons.items() if found]
    return check_shelters(shelters[kept]), pd.DataFrame(rows, columns=["shelter_id", "reason"])


def reason(identifier: str, **values: str) -> str:
    """Give the reason an officer reads, with its identifier."""
    return f"{REASONS[identifier].format(**values)} ({identifier})"


def _reasons(
    row: pd.Series[Any], hazards: Sequence[str], depth_m: float, collapse: bool
) -> list[str]:
    found = [
        reason("not_designated", hazard=HAZARD_WORDS[hazard])
        for hazard in hazards
        if hazard not in row["hazard_ok"]
    ]
    if row["kinds"] == frozenset({"welfare"}):
        found.append(reason("welfare_only"))
    if np.isposinf(depth_m):
        found.append(reason("in_deepest_water"))
    elif depth_m > SHALLOW_M:
        found.append(reason("in_flood_depth", depth_m=f"{depth_m:g}"))
    if collapse:
        found.append(reason("in_collapse_zone"))
    if row["status"] == "closed":
        found.append(reason("closed"))
    return found


def _water(shelters: Shelters, layer: FloodLayer | None) -> tuple[Any, Any]:
    """Give the deepest upper end of depth at each shelter (-inf = dry) and if it may collapse."""
    depth_m = np.full(len(shelters), -np.inf)
    collapse = np.zeros(len(shelters), dtype=bool)
    if layer is None or not len(layer) or not len(shelters):
        return depth_m, collapse
    tree = shapely.STRtree(shelters.geometry.array)
    area, point = tree.query(layer.geometry.array, predicate="intersects")
    np.fmax.at(depth_m, point, layer["depth_max_m"].to_numpy(dtype=float)[area])
    np.logical_or.at(collapse, point, layer["collapse_zone"].notna().to_numpy()[area])
    return depth_m, collapse
