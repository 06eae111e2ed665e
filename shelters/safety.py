"""Which shelters may be used in this event, and why the others may not.

The official designation is per hazard, and a designated place can still lie inside the water that
is forecast, in a zone where houses fall or slopes slide, or on a road that is lost: all must allow
it. Water up to `SHALLOW_M` is tolerated because a shelter's floor is above ground; a depth rank
counts with its upper end. Use of upper floors only is a case of its own (`shelters.upstairs`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazard.types import DYNAMIC, INLAND, LANDSLIDE, FloodLayer
from shelters.types import HAZARDS, Shelters, check_shelters
from shelters.upstairs import dry_share, least_dry_floor

SHALLOW_M = 0.3
CHANCE_LIMIT = 0.05  # of water above SHALLOW_M at any time of the event
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
    "in_inland_depth": "内水・小河川の浸水想定区域内 (深さ{depth_m}m未満)",
    "in_deepest_inland_water": "内水・小河川の浸水想定区域内 (深さの上限なし)",
    "in_computed_depth": "地形から計算した浸水の範囲内 (深さ{depth_m}m)",
    "likely_deep": "深さ0.3m超の浸水の確率{percent}",
    "depth_chance_unknown": "浸水の確率が不明 (水位の分からない川の浸水想定区域内)",
    "in_collapse_zone": "家屋倒壊等氾濫想定区域内",
    "in_landslide_zone": "土砂災害警戒区域内",
    "no_road_access": "道路で行けない: {why}",
    "closed": "閉鎖中で開設できない",
    "capacity_unknown": "収容人数が不明のため人を割り当てない",
    "occupied_unknown": "開設中だが収容中の人数が不明のため人を割り当てない",
}
# Reasons that the officer may lift by using upper floors only.
BELOW_UPPER_FLOORS = ("in_flood_depth", "in_inland_depth", "in_computed_depth", "likely_deep")
# Scenario of a layer -> reason by depth, and where the depth has no upper end.
DEPTH_REASONS = {
    "": ("in_flood_depth", "in_deepest_water"),
    INLAND: ("in_inland_depth", "in_deepest_inland_water"),
    DYNAMIC: ("in_computed_depth", "in_computed_depth"),
}
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Site:
    """What is known of the places in this event, dims (shelter)."""

    depth_m: Mapping[str, Floats]  # by key of DEPTH_REASONS: upper end of depth, -inf = dry
    collapse: Bools
    sliding: Bools
    chance: Floats  # of water above SHALLOW_M; 0 where no area tells of the place
    dry_floor: Floats  # lowest storey above all water, NaN = none or not known


def usable(
    shelters: Shelters,
    layer: FloodLayer | None,
    *,
    hazards: Sequence[str] = ("flood",),
    chance: pd.Series[Any] | None = None,
    no_access: Mapping[str, str] | None = None,
    upstairs: Collection[str] = (),
) -> tuple[Shelters, pd.DataFrame]:
    """Give the shelters that may be used, and the rejected ones with every reason.

    Parameters
    ----------
    layer
        Every area in play: floods, inland water, landslide zones. Rows with depth or collapse zone
        count, duration rows do not. None = no layer is known; then the designation alone decides
        and the caller must say so.
    hazards
        Hazards of this event, of `HAZARDS`; a shelter must be designated for each.
    chance
        Index shelter_id: the highest probability of this event that water at the place is deeper
        than `SHALLOW_M`, NaN = unknown. Places that are not in it lie in no flood area.
    no_access
        shelter_id -> why no road leads there in this event.
    upstairs
        Shelters that the officer has decided to use above the water only. Where floors are known
        and dry they are kept, with the share of their capacity that is dry; no other reason is
        lifted.

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
    site = _site(shelters, layer, chance)
    above = np.isin(shelters.index.to_numpy(), list(upstairs)) & np.isfinite(site.dry_floor)
    reasons = {}
    for at, (shelter_id, row) in enumerate(shelters.iterrows()):
        found = _designation(row, hazards) + _place(site, at)
        if no_access and shelter_id in no_access:
            found.append(("no_road_access", {"why": no_access[shelter_id]}))
        if row["status"] == "closed":
            found.append(("closed", {}))
        lifted = BELOW_UPPER_FLOORS if above[at] else ()
        reasons[shelter_id] = [reason(key, **given) for key, given in found if key not in lifted]
    kept = shelters[np.array([not found for found in reasons.values()], dtype=bool)].copy()
    share = pd.Series(dry_share(shelters, site.dry_floor), index=shelters.index)
    share = share.where(above, 1.0)[kept.index]
    kept["capacity"] = np.floor(kept["capacity"].astype("Float64") * share).astype("Int64")
    rows = [(key, "、".join(found)) for key, found in reasons.items() if found]
    return check_shelters(kept), pd.DataFrame(rows, columns=["shelter_id", "reason"])


def upper_floors(
    shelters: Shelters, rejected: pd.DataFrame, layer: FloodLayer | None, **event: Any
) -> pd.DataFrame:
    """Give the rejected shelters that would be usable above the water, for the officer to decide.

    `rejected` is what `usable` gave with the same layer and `event`. Nobody is sent there unless
    the officer names them in `upstairs`.

    Returns
    -------
        Columns shelter_id, floor (the lowest dry storey, 1 = ground floor).
    """
    here = Shelters(shelters.loc[list(rejected["shelter_id"])])
    ids = list(map(str, here.index))
    kept, _ = usable(here, layer, **event, upstairs=ids)
    anyway, _ = usable(here, layer, **event)
    lifted = Shelters(kept.drop(index=anyway.index))
    floor = _site(lifted, layer, event.get("chance")).dry_floor
    return pd.DataFrame({"shelter_id": list(lifted.index), "floor": floor.astype(int)})


def reason(identifier: str, **values: str) -> str:
    """Give the reason an officer reads, with its identifier."""
    return f"{REASONS[identifier].format(**values)} ({identifier})"


def _designation(row: pd.Series[Any], hazards: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    found = [
        ("not_designated", {"hazard": HAZARD_WORDS[hazard]})
        for hazard in hazards
        if hazard not in row["hazard_ok"]
    ]
    if row["kinds"] == frozenset({"welfare"}):
        found.append(("welfare_only", {}))
    return found


def _place(site: _Site, at: int) -> list[tuple[str, dict[str, str]]]:
    chance = float(site.chance[at])
    found: list[tuple[str, dict[str, str]]] = []
    for kind, (bounded, endless) in DEPTH_REASONS.items():
        depth_m = float(site.depth_m[kind][at])
        if depth_m > SHALLOW_M:
            key = endless if np.isposinf(depth_m) else bounded
            found.append((key, {"depth_m": f"{depth_m:.3g}"}))
    if np.isnan(chance):
        found.append(("depth_chance_unknown", {}))
    elif chance > CHANCE_LIMIT:
        found.append(("likely_deep", {"percent": f"{chance:.1%}"}))
    if site.collapse[at]:
        found.append(("in_collapse_zone", {}))
    if site.sliding[at]:
        found.append(("in_landslide_zone", {}))
    return found


def _site(shelters: Shelters, layer: FloodLayer | None, chance: pd.Series[Any] | None) -> _Site:
    size = len(shelters)
    depth_m = {kind: np.full(size, -np.inf) for kind in DEPTH_REASONS}
    collapse, sliding = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    if layer is not None and len(layer) and size:
        tree = shapely.STRtree(shelters.geometry.array)
        area, point = tree.query(layer.geometry.array, predicate="intersects")
        upper = layer["depth_max_m"].to_numpy(dtype=float)[area]
        scenario, zone = (layer[name].to_numpy()[area] for name in ("scenario", "collapse_zone"))
        kinds = np.where(np.isin(scenario, list(DEPTH_REASONS)), scenario, "")
        for kind, deepest in depth_m.items():
            np.fmax.at(deepest, point[kinds == kind], upper[kinds == kind])
        slides = zone == LANDSLIDE
        sliding[point[slides]] = True
        collapse[point[~slides & ~pd.isna(zone)]] = True
    told = np.zeros(size)
    if chance is not None:
        at = chance.index.get_indexer(shelters.index)
        told[at >= 0] = chance.to_numpy(dtype=float)[at[at >= 0]]
    deepest = np.fmax.reduce(list(depth_m.values()))
    return _Site(depth_m, collapse, sliding, told, least_dry_floor(shelters, deepest))
