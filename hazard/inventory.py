"""Which official files a city has, which are only stand-ins (模式), and which it still lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from hazard.codes import SUBLAYER_NAMES
from hazard.inland import read_inland_file
from hazard.landslide import read_landslide_file
from hazard.layers import read_layer_file
from hazard.published import PublishedFile, find_published
from hazard.tsunami import read_tsunami_file
from hazard.types import Districts

State = Literal["official", "stand_in", "missing", "elsewhere", "unreadable"]
WHOLE = "全域"
# Layers of the whole city: beginning of the file name -> what it is, and how it is read.
WHOLE_CITY: dict[str, tuple[str, Callable[[PublishedFile], Any]]] = {
    "A33": ("土砂災害警戒区域", read_landslide_file),
    "A40": ("津波浸水想定", read_tsunami_file),
    "A51": ("雨水出水(内水)浸水想定区域", read_inland_file),
}


@dataclass(frozen=True)
class OfficialFile:
    """One official layer that a city should have; `note` tells what is wrong or was repaired."""

    layer: str  # such as A31a-20
    what: str
    area: str  # a river, or 全域; empty where the file lies elsewhere
    state: State
    source: str = ""
    note: str = ""


def inventory(
    folder: Path, rivers: Sequence[str], districts: Districts | None = None
) -> tuple[OfficialFile, ...]:
    """Give the state of each official layer, by river where it is published by river.

    Parameters
    ----------
    folder
        The city's layers; one that does not exist lacks everything.
    rivers
        Rivers of the city's gauges. Others of which there is a file are listed too.
    districts
        Where the city lies: a file that does not touch it is told as "elsewhere" and stands for
        nothing, however official. None = not known, every file counts.

    Returns
    -------
        Five sub-layers of each river, then landslide, tsunami and inland. A mesh file (A31b), which
        names no river, stands for every river. Then the files that lie elsewhere, last those that
        cannot be read, with the fault.
    """
    files = find_published(folder) if folder.is_dir() else ()
    found: dict[tuple[str, str], list[OfficialFile]] = {}
    elsewhere, unreadable = [], []
    for file in files:
        try:
            for one in _held(file, districts):
                if one.state == "elsewhere":
                    elsewhere.append(one)
                else:
                    found.setdefault((one.layer, one.area), []).append(one)
        except ValueError as error:
            unreadable.append(OfficialFile("", "", "", "unreadable", file.where, str(error)))
    named = [area for layer, area in found if layer.startswith("A31") and area != WHOLE]
    wanted = [
        (f"A31a-{number}", what, river)
        for river in dict.fromkeys([*rivers, *sorted(named)])
        for number, what in SUBLAYER_NAMES.items()
    ]
    wanted += [(layer, what, WHOLE) for layer, (what, _) in WHOLE_CITY.items()]
    rows = [_best(found, layer, what, area) for layer, what, area in wanted]
    return (*rows, *elsewhere, *unreadable)


def _best(
    found: dict[tuple[str, str], list[OfficialFile]], layer: str, what: str, area: str
) -> OfficialFile:
    held = [*found.get((layer, area), []), *found.get((layer, WHOLE), [])]
    official = [one for one in held if one.state == "official"]
    first = next(iter([*official, *held]), None)
    if first is None:
        return OfficialFile(layer, what, area, "missing")
    return OfficialFile(layer, what, area, first.state, first.source, first.note)


def _held(file: PublishedFile, districts: Districts | None) -> list[OfficialFile]:
    """Give what one file holds for the city, river by river; nothing for a file of lines alone."""
    kind = next((one for one in WHOLE_CITY if file.name.upper().startswith(f"{one}-")), None)
    frame = WHOLE_CITY[kind][1](file) if kind else read_layer_file(file)
    if not len(frame):
        return []
    number = "" if kind else _number(frame)
    layer, what = kind or f"A31a-{number}", WHOLE_CITY[kind][0] if kind else SUBLAYER_NAMES[number]
    near = _near(frame, districts)
    if not len(near):
        return [OfficialFile(layer, what, "", "elsewhere", file.name)]
    if kind:
        return [OfficialFile(layer, what, WHOLE, _state(near), file.name, _note(frame))]
    areas = near["river"].astype(object).where(near["river"].notna(), WHOLE)
    return [
        OfficialFile(layer, what, str(area), _state(rows), file.name, _note(frame))
        for area, rows in near.groupby(areas)
    ]


def _near(frame: Any, districts: Districts | None) -> Any:
    """Give the rows that touch the city."""
    if districts is None:
        return frame
    tree = shapely.STRtree(frame.geometry.array)
    _, row = tree.query(districts.geometry.array, predicate="intersects")
    return frame.iloc[np.unique(row)]


def _note(frame: Any) -> str:
    return "; ".join(frame.attrs.get("repaired", ()))


def _state(frame: Any) -> State:
    return "stand_in" if len(frame) and bool(frame["stand_in"].all()) else "official"


def _number(frame: Any) -> str:
    """Give the sub-layer of a layer's rows."""
    if frame["duration_rank"].notna().any():
        return "30"
    zones = set(frame["collapse_zone"].dropna())
    if zones:
        return "42" if zones == {"erosion"} else "41"
    return "10" if (frame["scenario"] == "planned").any() else "20"
