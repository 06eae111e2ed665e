"""Whom the official areas put into an order: the planned flood, and beyond it what the land tells.

The largest flood (想定最大規模) reaches far beyond the water of most floods. Where the crests of
the rivers are surveyed and their levels known, the water reckoned from the forecast says who lies
in its way; then only the planned flood, which thinks of a breach anywhere, and the collapse zones
of the largest one are added to it. The policy may ask for the largest flood all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from advisory.policy import Policy
from hazard.combined import Part, selected
from hazard.indexed import Key, WaterIndex
from hazard.types import SCENARIOS
from kawamori.dynamic import DynamicWater
from kawamori.land import Land


def reckoned_rivers(
    land: Land | None, dynamic: Sequence[DynamicWater], policy: Policy
) -> frozenset[str]:
    """Name the rivers whose water beyond the planned flood is told by the terrain.

    None without surveyed crests, without reckoned water, or if the policy says "official"; not
    those whose levels are unknown in any of the reckoned waters.
    """
    if policy.order_area.surveyed != "terrain" or land is None or land.storage is None:
        return frozenset()
    if not dynamic:
        return frozenset()
    lost = {river for one in dynamic for river in one.unknown_rivers}
    return frozenset(stream.river for stream in land.plain.streams) - lost


def official_parts(
    ground: WaterIndex, index: WaterIndex, keys: Sequence[Key], near: Collection[str]
) -> list[Part]:
    """Give the official water that counts, of keys of the index.

    Of the rivers `near` it is the planned flood where the index has it, and within the collapse
    zones all of the keys; roads keep the depth of all keys.
    """
    whole = selected(ground, index, keys)
    nearer = [_planned(key, index) if key[0] in near else key for key in keys]
    if nearer == list(keys):
        return [whole]
    return [selected(ground, index, nearer), _collapsing(whole)]


def _planned(key: Key, index: WaterIndex) -> Key:
    smaller = (key[0], SCENARIOS[0])
    return smaller if smaller in index.keys else key


def _collapsing(part: Part) -> Part:
    """Give a part with nothing but its collapse zones; roads stay as they are."""
    return replace(
        part,
        depth_min_m=np.where(part.collapse, part.depth_min_m, -np.inf),
        depth_max_m=np.where(part.collapse, part.depth_max_m, -np.inf),
        duration_rank=np.where(part.collapse, part.duration_rank, 0).astype(np.int8),
    )
