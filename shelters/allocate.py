"""Who goes to which shelter: the nearest usable one that has room.

Pairs of block and shelter are served in order of distance, so nobody passes a shelter with room
that is nearer, except where people who live still nearer took that room. Walking time is the
straight distance times a detour factor; roads come with the routes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer

from hazard.types import JGD2011, check_columns
from shelters.safety import reason
from shelters.types import Allocation, Shelters

PEOPLE_COLUMNS = ("district_id", "block", "people", "lon", "lat")
ASSIGNED_COLUMNS = ["district_id", "shelter_id", "people", "minutes", "mode"]
# Identifier -> what the officer reads about people without a place.
UNPLACED = {
    "no_usable_shelter": "使える避難所がない",
    "too_far": "徒歩{limit_min}分以内に使える避難所がない",
    "no_room": "徒歩{limit_min}分以内の避難所が満員",
    "no_position": "居住位置が不明",
}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """How people walk; engineering starting points, not survey values.

    2.0 km/h is the usual flood-plan figure for elderly walkers, 1.4 the usual ratio of road to
    straight distance. Nobody is assigned a walk longer than `walk_min`: then buses are needed.
    """

    speed_km_h: float = 2.0
    detour: float = 1.4
    walk_min: float = 120.0

    def __post_init__(self) -> None:
        """Refuse values without sense."""
        if not (self.speed_km_h > 0 and self.detour >= 1 and self.walk_min >= 0):
            raise ValueError(
                f"need speed_km_h > 0, detour >= 1 and walk_min >= 0, got {self}. Correct them."
            )

    def minutes(self, straight_m: Floats) -> Floats:
        """Give the walking time of straight distances. [min]"""
        return straight_m * self.detour / (self.speed_km_h * 1000 / 60)


def allocate(
    people: pd.DataFrame,
    shelters: Shelters,
    *,
    crs: str,
    limits: Limits | None = None,
    rejected: pd.DataFrame | None = None,
) -> Allocation:
    """Send people to the nearest shelter with room.

    Parameters
    ----------
    people
        Columns district_id, block, people (whole), lon, lat: who must leave, block by block.
    shelters
        Usable ones. Without a known capacity, or open with an unreported head count, a shelter
        gets nobody and joins `rejected` with that reason. Not open and nothing reported = empty.
    crs
        Projected, metres: distances are measured in it.
    rejected
        What `usable` rejected; passed on.

    Returns
    -------
        Per district and shelter: people, and the minutes of the farthest of their blocks. Per
        district and reason: people without a place. Openings: most people first.

    Raises
    ------
    ValueError
        If a column is missing, a head count is not a whole number >= 0, or `crs` is not in metres.
    """
    limits = limits or Limits()
    heads = _heads(people)
    room, unknown = _room(shelters)
    minutes = limits.minutes(_distances_m(people, shelters, crs))
    placed, left = _fill(heads, room, minutes, limits.walk_min)
    assigned = _assigned(people, shelters, placed)
    totals = assigned.groupby("shelter_id")["people"].sum()
    order = sorted(totals.items(), key=lambda item: (-item[1], str(item[0])))
    parts = [part for part in (rejected, unknown) if part is not None and len(part)]
    return Allocation(
        assigned=assigned,
        unplaced=_unplaced(people, left, room, minutes, limits),
        rejected=pd.concat(parts, ignore_index=True) if parts else unknown,
        openings=tuple(str(shelter_id) for shelter_id, _ in order),
    )


def _heads(people: pd.DataFrame) -> npt.NDArray[np.int64]:
    check_columns(people, PEOPLE_COLUMNS, "People to place")
    counts = pd.to_numeric(people["people"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = ~(np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts)))
    if bad.any():
        faults = [
            f"{row.people} (district {row.district_id}, block {row.block})"
            for row in people[bad].itertuples()
        ]
        raise ValueError(
            f"people must be whole numbers >= 0, got {', '.join(faults)}."
            " Leave out blocks whose people are not known, and say so."
        )
    return counts.astype(np.int64)


def _room(shelters: Shelters) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Give free places per shelter, and which shelters have none because theirs are unknown."""
    capacity = shelters["capacity"].to_numpy(dtype=float, na_value=np.nan)
    occupied = shelters["occupied"].to_numpy(dtype=float, na_value=np.nan)
    is_open = (shelters["status"] == "open").to_numpy(dtype=bool)
    no_capacity, no_count = np.isnan(capacity), np.isnan(occupied) & is_open
    free = np.nan_to_num(capacity) - np.nan_to_num(occupied)
    room = np.where(no_capacity | no_count, 0, np.maximum(free, 0)).astype(np.int64)
    rows = [
        (shelter_id, reason("capacity_unknown" if nameless else "occupied_unknown"))
        for shelter_id, nameless, uncounted in zip(
            shelters.index, no_capacity, no_count, strict=True
        )
        if nameless or uncounted
    ]
    return room, pd.DataFrame(rows, columns=["shelter_id", "reason"])


def _distances_m(people: pd.DataFrame, shelters: Shelters, crs: str) -> Floats:
    """Give straight distances, shape (blocks, shelters); NaN where a block has no position. [m]"""
    to_plane = _projection(crs)
    lon, lat = (people[name].to_numpy(dtype=float, na_value=np.nan) for name in ("lon", "lat"))
    east, north = (np.asarray(axis, dtype=float) for axis in to_plane.transform(lon, lat))
    points = shelters.geometry
    x, y = to_plane.transform(points.x.to_numpy(), points.y.to_numpy())
    apart = np.hypot(np.subtract.outer(east, x), np.subtract.outer(north, y))
    return np.where(np.isfinite(apart), apart, np.nan)


@lru_cache
def _projection(crs: str) -> Transformer:
    target = CRS.from_user_input(crs)
    if not target.is_projected or target.axis_info[0].unit_name != "metre":
        raise ValueError(f"crs must be projected in metres, got {crs}. Use a plane zone's EPSG.")
    return Transformer.from_crs(JGD2011, target, always_xy=True)


def _fill(
    heads: npt.NDArray[np.int64], room: npt.NDArray[np.int64], minutes: Floats, walk_min: float
) -> tuple[list[tuple[int, int, int, float]], npt.NDArray[np.int64]]:
    """Serve pairs by walking time, ties by row order; give (block, shelter, people, minutes)."""
    blocks, places = np.nonzero(minutes <= walk_min)
    useful = (heads[blocks] > 0) & (room[places] > 0)
    blocks, places = blocks[useful], places[useful]
    walks = minutes[blocks, places]
    order = np.argsort(walks, kind="stable")
    left, free = heads.tolist(), room.tolist()
    placed = []
    for block, place, walk in zip(
        blocks[order].tolist(), places[order].tolist(), walks[order].tolist(), strict=True
    ):
        moved = min(left[block], free[place])
        if moved:
            left[block] -= moved
            free[place] -= moved
            placed.append((block, place, moved, walk))
    return placed, np.array(left, dtype=np.int64)


def _assigned(
    people: pd.DataFrame, shelters: Shelters, placed: list[tuple[int, int, int, float]]
) -> pd.DataFrame:
    table = pd.DataFrame(placed, columns=["row", "place", "people", "minutes"])
    table["district_id"] = people["district_id"].to_numpy()[table.pop("row").astype(int)]
    table["shelter_id"] = shelters.index.to_numpy()[table.pop("place").astype(int)]
    grouped = table.groupby(["district_id", "shelter_id"], as_index=False)
    result = grouped.agg(people=("people", "sum"), minutes=("minutes", "max"))
    result["mode"] = "walk"
    kinds = {"people": "int64", "minutes": "float64"}
    ordered = result.astype(kinds).sort_values(
        ["district_id", "people", "shelter_id"], ascending=[True, False, True]
    )
    return ordered[ASSIGNED_COLUMNS].reset_index(drop=True)


def _unplaced(
    people: pd.DataFrame,
    left: npt.NDArray[np.int64],
    room: npt.NDArray[np.int64],
    minutes: Floats,
    limits: Limits,
) -> pd.DataFrame:
    near = (minutes <= limits.walk_min)[:, room > 0].any(axis=1)
    why = np.where(near, "no_room", "too_far").astype(object)
    why[np.isnan(people[["lon", "lat"]].to_numpy(dtype=float)).any(axis=1)] = "no_position"
    if not room.any():
        why[:] = "no_usable_shelter"
    limit_min = "限りない" if math.isinf(limits.walk_min) else f"{limits.walk_min:g}"
    words = {key: f"{text.format(limit_min=limit_min)} ({key})" for key, text in UNPLACED.items()}
    table = pd.DataFrame(
        {
            "district_id": people["district_id"].to_numpy(),
            "people": left,
            "reason": [words[key] for key in why],
        }
    )
    some = table[table["people"] > 0]
    sums = some.groupby(["district_id", "reason"], as_index=False).agg(people=("people", "sum"))
    return sums[["district_id", "people", "reason"]]
