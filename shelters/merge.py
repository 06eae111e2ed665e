"""One record for a place that is both 指定緊急避難場所 and 指定避難所.

The two lists give their own ids, names and points to the same school. They are paired one to
one, first by 共通ID (E + municipality 5 + site 5 + list and number 3), then by the same name or
address within `NEAR_M`. What is not paired stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from shelters.records import plain
from shelters.types import Shelters, check_shelters

SITE_ID = re.compile(r"(E\d{10})\d{3}")
NEAR_M = 200.0
SAME_SITE_M = 1000.0  # one id, but further apart than any school ground: an error of the list
M_PER_DEGREE = 111_200.0
# Parts of one site that the emergency list names separately, and owners that only one list names.
PARTS = re.compile(r"(校庭|校舎|グラウンド|グランド|体育館|駐車場|運動場|^県立|^市立|[\s　])")
FROM_EVACUATION = ("capacity", "area_m2", "occupied")


def merge_places(emergency: Shelters, evacuation: Shelters) -> Shelters:
    """Give one frame of both lists; a pair keeps id, name, point and hazards of the first list.

    A pair has the kinds of both, and capacity, area and head count of the second list where the
    first has none.
    """
    pairs = dict(_pairs(emergency, evacuation))
    merged = emergency.copy()
    for first, second in pairs.items():
        merged.at[first, "kinds"] = emergency.at[first, "kinds"] | evacuation.at[second, "kinds"]
        for column in FROM_EVACUATION:
            if pd.isna(merged.at[first, column]):
                merged.at[first, column] = evacuation.at[second, column]
        if emergency.at[first, "capacity_source"] == "unknown":
            merged.at[first, "capacity_source"] = evacuation.at[second, "capacity_source"]
    rest = evacuation.drop(index=list(pairs.values()))
    return check_shelters(pd.concat([merged, rest]) if len(rest) else merged)


def _pairs(emergency: Shelters, evacuation: Shelters) -> Iterator[tuple[str, str]]:
    """Pair greedily, same site before same name or address, then general before welfare, near."""
    taken: set[str] = set()
    for _, _, _, first, second in sorted(_candidates(emergency, evacuation)):
        if first not in taken and second not in taken:
            taken |= {first, second}
            yield first, second


def _candidates(
    emergency: Shelters, evacuation: Shelters
) -> Iterator[tuple[int, bool, float, str, str]]:
    if not len(emergency) or not len(evacuation):
        return
    apart_m = distances_m(emergency.geometry, evacuation.geometry)
    left, right = place_keys(emergency), place_keys(evacuation)
    welfare = ["welfare" in kinds for kinds in evacuation["kinds"]]
    for row, column in zip(*np.nonzero(apart_m <= SAME_SITE_M), strict=True):
        (site, *texts), (other_site, *other_texts) = left[row], right[column]
        same_site = site is not None and site == other_site
        same_text = apart_m[row, column] <= NEAR_M and any(
            text and text == other for text, other in zip(texts, other_texts, strict=True)
        )
        if same_site or same_text:
            distance_m = float(apart_m[row, column])
            ids = emergency.index[row], evacuation.index[column]
            yield (0 if same_site else 1), welfare[column], distance_m, *ids


def place_keys(shelters: Shelters) -> list[tuple[str | None, str, str]]:
    """Give the site of the id, the bare name and the address of each place."""
    keys = []
    for shelter_id, name, address in zip(
        shelters.index, shelters["name"], shelters["address"], strict=True
    ):
        site = SITE_ID.fullmatch(str(shelter_id))
        keys.append((site[1] if site else None, PARTS.sub("", plain(name)), plain(address)))
    return keys


def distances_m(first: Any, second: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give distances of every pair on a local plane, good to 1 % over a few kilometres. [m]"""
    narrowing = np.cos(np.radians(first.y.mean()))
    east = np.subtract.outer(first.x.to_numpy(), second.x.to_numpy()) * narrowing
    north = np.subtract.outer(first.y.to_numpy(), second.y.to_numpy())
    return np.asarray(np.hypot(east, north) * M_PER_DEGREE, dtype=np.float64)
