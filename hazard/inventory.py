"""Which official files a city has, which are only stand-ins (模式), and which it still lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from hazard.codes import SUBLAYER_NAMES
from hazard.inland import read_inland_file
from hazard.landslide import read_landslide_file
from hazard.layers import read_layer_file
from hazard.published import PublishedFile, find_published
from hazard.tsunami import read_tsunami_file

State = Literal["official", "stand_in", "missing", "unreadable"]
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
    area: str  # a river, or 全域
    state: State
    source: str = ""
    note: str = ""


def inventory(folder: Path, rivers: Sequence[str]) -> tuple[OfficialFile, ...]:
    """Give the state of each official layer, by river where it is published by river.

    Parameters
    ----------
    folder
        The city's layers; one that does not exist lacks everything.
    rivers
        Rivers of the city's gauges. Others of which there is a file are listed too.

    Returns
    -------
        Five sub-layers of each river, then landslide, tsunami and inland. A mesh file (A31b), which
        names no river, stands for every river. Files that cannot be read come last, with the fault.
    """
    files = find_published(folder) if folder.is_dir() else ()
    found: dict[tuple[str, str], list[OfficialFile]] = {}
    unreadable = []
    for file in files:
        try:
            for one in _held(file):
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
    return (*rows, *unreadable)


def _best(
    found: dict[tuple[str, str], list[OfficialFile]], layer: str, what: str, area: str
) -> OfficialFile:
    held = [*found.get((layer, area), []), *found.get((layer, WHOLE), [])]
    official = [one for one in held if one.state == "official"]
    first = next(iter([*official, *held]), None)
    if first is None:
        return OfficialFile(layer, what, area, "missing")
    return OfficialFile(layer, what, area, first.state, first.source, first.note)


def _held(file: PublishedFile) -> list[OfficialFile]:
    """Give what one file holds, river by river."""
    for layer, (what, read) in WHOLE_CITY.items():
        if file.name.upper().startswith(f"{layer}-"):
            frame = read(file)
            return [OfficialFile(layer, what, WHOLE, _state(frame), file.name, _note(frame))]
    frame = read_layer_file(file)
    number = _number(frame)
    held = []
    for river, rows in frame.groupby(frame["river"].astype(object), dropna=False):
        area = WHOLE if pd.isna(river) else str(river)
        what = SUBLAYER_NAMES[number]
        held.append(
            OfficialFile(f"A31a-{number}", what, area, _state(rows), file.name, _note(frame))
        )
    return held


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
