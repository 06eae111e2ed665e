"""The city as people on the ground report it: what their words change in a cycle, and the lines.

A head count, a door or a closed road that somebody reported stands over what lists and forecasts
say. What a report cannot change is said: upper floors of a building whose storeys nobody knows, and
people inside a shelter that the water rejects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from kawamori.city import City
from kawamori.closures import NO_CLOSURES, Closures
from kawamori.ground import SAME_M, SNAP_M, Ground, RoadReport, ShelterReport
from kawamori.words import clock
from shelters.plane import in_metres
from shelters.stock import STOCK
from shelters.types import Allocation, Shelters, check_shelters

STATUS_WORDS = {"open": "開設", "closed": "閉鎖", "opening": "開設準備中"}


def check_ground(ground: Ground | None, issued_at: datetime) -> Ground | None:
    """Give the ground, or raise ValueError if it was read for a time after the issue time."""
    late = [] if ground is None else [one for one in ground.history if one.at > issued_at]
    if late:
        raise ValueError(
            f"reports must be of {issued_at.isoformat()} or before, got {len(late)} later ones."
            " Read the ground at the issue time."
        )
    return ground


def ground_facts(ground: Ground | None) -> list[Any]:
    """Give what of the ground decides a run, for its digest."""
    return [] if ground is None else [asdict(one) for one in ground.history]


def city_on_ground(city: City, ground: Ground | None) -> City:
    """Give the city with doors, head counts and stock as reported.

    A shelter that was just opened, or is being opened, and has no head count is taken as empty; the
    page says so (仮定).
    """
    if ground is None or city.shelters is None or not ground.shelters:
        return city
    return replace(city, shelters=_with_states(city.shelters, ground))


def uncounted_shelters(ground: Ground | None) -> frozenset[str]:
    """Give the shelters reported open of whose people inside nobody told a number."""
    states = () if ground is None else ground.shelters
    return frozenset(
        state.shelter_id for state in states if state.status == "open" and state.occupied is None
    )


def allowed_upstairs(ground: Ground | None) -> tuple[str, ...]:
    """Name the shelters whose upper floors an officer allowed."""
    states = () if ground is None else ground.shelters
    return tuple(state.shelter_id for state in states if state.upstairs)


def reported_roads(ground: Ground | None, city: City) -> list[int]:
    """Give the positions of the roads that are reported closed, in the city's roads of today.

    A road keeps its position while its middle lies where it was; in a bundle built anew it is the
    road nearest to that middle. One that is found no more is in `lost_roads`.
    """
    rows = [] if ground is None else [_position(one, city) for one in ground.closed]
    return sorted({row for row in rows if row is not None})


def lost_roads(ground: Ground | None, city: City) -> list[RoadReport]:
    """Give the closed roads that the city's roads of today no longer have."""
    closed = () if ground is None else ground.closed
    return [one for one in closed if _position(one, city) is None]


def close_reported(closed: Closures | None, rows: list[int]) -> Closures | None:
    """Give what is closed with some roads closed to everybody as well."""
    return (closed or NO_CLOSURES).with_reported(rows) if rows else closed


def report_lines(ground: Ground | None, names: Mapping[str, str]) -> list[str]:
    """Give every report, newest first: when, who, what."""
    history = () if ground is None else ground.history
    return [f"{clock(one.at)} {one.by}: {_words(one, names)}" for one in reversed(history)]


def doubt_lines(ground: Ground | None, city: City, allocation: Allocation | None) -> list[str]:
    """Say which reports could not be followed, and who is in danger inside a shelter."""
    if ground is None:
        return []
    names = {} if city.shelters is None else dict(city.shelters["name"].astype(str))
    why: dict[str, str] = {}
    if allocation is not None:
        why = dict(zip(allocation.rejected["shelter_id"], allocation.rejected["reason"],
                       strict=True))  # fmt: skip
    found = [
        f"通行止めの報告の道路が今の道路データに見つからない: {one.note or '場所の記述なし'}"
        f" ({one.by} {clock(one.at)})"
        for one in lost_roads(ground, city)
    ]
    for state in ground.shelters:
        name = names.get(state.shelter_id)
        if name is None:
            found.append(f"報告のあった避難所が今の一覧にない: {state.shelter_id} ({state.by})")
            continue
        reason = why.get(state.shelter_id)
        if reason and state.status != "closed" and (state.occupied or state.status):
            inside = "人数不明" if state.occupied is None else f"{state.occupied:,}人"
            word = STATUS_WORDS[state.status or "open"]
            found.append(f"{name}は{word}(収容中 {inside})だがこの水害で使えない: {reason}")
        if reason and state.upstairs:
            found.append(f"{name}は上階の使用が認められたが使えない(階数不明など): {reason}")
        if state.status in ("open", "opening") and state.occupied is None and not reason:
            found.append(f"{name}は収容中の人数の報告がなく、0人として数える(仮定)")
    return found


def _with_states(shelters: Shelters, ground: Ground) -> Shelters:
    frame = shelters.copy()
    for state in ground.shelters:
        key = state.shelter_id
        if key not in frame.index:
            continue
        was_open = frame.at[key, "status"] == "open"
        if state.status is not None:
            frame.loc[key, "status"] = "closed" if state.status == "closed" else "open"
        if state.occupied is not None:
            frame.loc[key, "occupied"] = state.occupied
            if state.status is None:
                frame.loc[key, "status"] = "open"  # somebody counted people inside
        elif not was_open and state.status in ("open", "opening"):
            frame.loc[key, "occupied"] = 0
        for item, held in state.stock.items():
            if item not in frame:
                frame[item] = np.nan
            frame.loc[key, item] = held
    return check_shelters(frame)


def _position(one: RoadReport, city: City) -> int | None:
    """Give where the road of a report lies in the city's roads; None = it is there no more."""
    if city.roads is None or not len(city.roads):
        return None
    lines = city.roads.geometry.array
    if one.road < len(lines) and _apart_m(lines[one.road], one, city.crs) <= SAME_M:
        return one.road
    near = np.atleast_1d(
        shapely.STRtree(lines).query(
            shapely.Point(one.middle_lon, one.middle_lat).buffer(SNAP_M / 50_000)
        )
    )
    apart = [_apart_m(lines[row], one, city.crs, anywhere=True) for row in near]
    if not apart or min(apart) > SNAP_M:
        return None
    return int(near[int(np.argmin(apart))])


def _apart_m(line: Any, one: RoadReport, crs: str, *, anywhere: bool = False) -> float:
    """Give how far the middle that was reported lies from a line's own, or from the line."""
    place = shapely.points(in_metres([one.middle_lon], [one.middle_lat], crs)[0])
    there = line if anywhere else line.interpolate(0.5, normalized=True)
    moved = shapely.transform(there, lambda at: in_metres(at[:, 0], at[:, 1], crs))
    return float(shapely.distance(moved, place))


def _words(one: ShelterReport | RoadReport, names: Mapping[str, str]) -> str:
    if isinstance(one, RoadReport):
        said = [
            f"道路 {'通行止め' if one.closed else '通行可'} (東経{one.lon:.4f} 北緯{one.lat:.4f})"
        ]
    else:
        stock = [f"{STOCK[item]} {held:,.0f}" for item, held in one.stock.items()]
        said = [
            names.get(one.shelter_id, one.shelter_id),
            STATUS_WORDS[one.status] if one.status else "",
            "" if one.occupied is None else f"収容中 {one.occupied:,}人",
            "" if one.upstairs is None else f"上階の使用 {'可' if one.upstairs else '不可'}",
            "、".join(stock),
        ]
    return " ".join(part for part in [*said, one.note] if part)
