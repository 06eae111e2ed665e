"""What the map's layers say, in English: lines beside the facts of each feature.

Names of rivers, districts, gauges and shelters, and addresses, stay as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from advisory.types import Level
from kawamori.charts import forecast_rows
from kawamori.words_en import (
    LEVEL_WORDS,
    THRESHOLD_LEVELS,
    THRESHOLD_WORDS,
    clock,
    metres,
    people,
    percent,
    shelter_reason,
)
from shelters import symbols

if TYPE_CHECKING:
    from kawamori.map_layers import Drawn

Told = dict[str, Any]
NAMES = {
    "flood": "Flood map and chance of overflow",
    "districts": "Levels of districts (advice)",
    "closed-roads": "Roads and bridges cut (estimated)",
    "shelters": "Shelters (room left)",
    "gauges": "Gauges",
}
STAND_IN = " (模式)"  # ends the name of what is schematic
SCENARIOS = {"planned": "planned scale", "maximum": "largest scale assumed"}
SHORT = {  # on the map, where there is no room for the official words
    Level.ELDERLY: "elderly, etc.",
    Level.EVACUATE: "evacuate",
    Level.EMERGENCY: "emergency",
}
AREAS = {"8": "landslide warning zone", "9": "zone where houses may collapse"}
CLOSED = {
    "some": "Road cut for cars and the elderly",
    "all": "Road cut for everybody",
    "bridge": "Bridge cut",
    "reported": "Road reported closed",
}
KINDS = {
    "emergency": "emergency shelter",
    "evacuation": "evacuation shelter",
    "welfare": "welfare shelter",
}
STATES = {  # of shelters: sign on the map, words in its legend
    "opening": ("1", "to open (number: order of opening)"),
    "full": ("F", "will be full"),
    "usable": ("S", "usable"),
    "unsure": ("?", "capacity or the like unknown"),
    "unjudged": ("·", "not judged yet"),
    "rejected": ("×", "not usable in this event"),
}
SOURCES = {"listed": "as published", "area": "from floor area", "assumed": "assumed"}


def english_signs() -> dict[str, list[Told]]:
    """Give the signs of the legend; a gauge has the number of the level that it reached."""
    levels = [
        {**one, "word": word, "short": SHORT.get(level, word)}
        for one in symbols.LEVELS
        for level in (Level(one["level"]),)
        for word in (LEVEL_WORDS[level],)
    ]
    marks = {
        name: (str(int(level)), f"{THRESHOLD_WORDS[name]} or above")
        for name, level in THRESHOLD_LEVELS.items()
    }
    marks |= {"normal": ("0", "below the level 1 mark"), "unknown": ("?", "unknown")}
    return {
        "levels": levels,
        "states": [_signed(one, marks) for one in symbols.GAUGE_STATES],
        "kinds": [_signed(one, STATES) for one in symbols.SHELTER_STATES],
    }


def _signed(state: Told, words: Mapping[str, tuple[str, str]]) -> Told:
    sign, word = words[state["state"]]
    return {**state, "sign": sign, "word": word}


def to_english(drawn: Drawn, name: str, rows: list[Told], at: datetime) -> None:
    """Put English lines, and names of what is schematic, into the properties of a layer."""
    for told, lines in zip(rows, LINES[name](drawn, rows, at), strict=True):
        named = CLOSED.get(str(told.get("closed_to")), str(told["name"]))
        told["name"] = named.replace(STAND_IN, " (schematic)")
        told["lines"] = [line for line in lines if line]


def _flood(drawn: Drawn, rows: list[Told], at: datetime) -> list[list[str]]:
    found = []
    for told, area in zip(rows, drawn.rows("water"), strict=True):
        until = clock(datetime.fromisoformat(told["until"])) if "until" in told else "the end"
        found.append(
            [
                SCENARIOS.get(told["scenario"] or "", ""),
                AREAS.get(area["key"]) or _depth(area["key"]),
                "schematic, not the official flood map" if told["stand_in"] else "",
                f"chance of overflow until {until}: {percent(told['probability'])}",
            ]
        )
    return found


def _depth(key: str) -> str:
    """Say the class of depth of a piece of water; its own edges may be finer."""
    if not key.isdigit() or int(key) >= len(symbols.DEPTHS):
        return ""
    low = symbols.DEPTHS[int(key) - 1][0] if int(key) else 0.0
    high = symbols.DEPTHS[int(key)][0]
    if high == float("inf"):
        return f"{low:g} m deep or more"
    return f"{low:g} to {high:g} m deep" if low else f"less than {high:g} m deep"


def _districts(drawn: Drawn, rows: list[Told], at: datetime) -> list[list[str]]:
    advice = {item.district_id: item for item in drawn.run.advice}
    found = []
    for told in rows:
        item = advice.get(told["district_id"])
        if item is None:
            found.append(["no advice (unknown)"])
            continue
        due = f"issue by {clock(item.issue_by)}" if item.issue_by else ""
        leave = people(item.people.must_leave, item.people.partial)
        found.append([f"must leave: {leave}", due])
    return found


def _roads(drawn: Drawn, rows: list[Told], at: datetime) -> list[list[str]]:
    return [[f"{told['count']} sections in all (estimated)"] for told in rows]


def _shelters(drawn: Drawn, rows: list[Told], at: datetime) -> list[list[str]]:
    run = drawn.run
    listed = [] if run.city.shelters is None else list(run.city.shelters.iterrows())
    rejected: dict[Any, str] = {}
    assigned: dict[Any, int] = {}
    if run.allocation is not None:
        rejected = dict(run.allocation.rejected[["shelter_id", "reason"]].itertuples(index=False))
        assigned = run.allocation.assigned.groupby("shelter_id")["people"].sum().to_dict()
    found = []
    for told, (key, row) in zip(rows, listed, strict=True):
        sent, why = int(assigned.get(key, 0)), rejected.get(key, "")
        room, left = _room(row, sent)
        told["room_words"] = "" if why else left
        found.append(
            [
                told["room_words"],
                f"not usable: {shelter_reason(why)}" if why else "",
                f"open, inside: {_count(row['occupied'])}" if row["status"] == "open" else "",
                f"number {told['rank']} to open" if told["rank"] else "",
                f"assigned: {sent:,}" if sent else "",
                room,
                ", ".join(word for kind, word in KINDS.items() if kind in row["kinds"]),
                str(row["address"]),
            ]
        )
    return found


def _room(row: Any, sent: int) -> tuple[str, str]:
    """Give capacity and what is left after everybody who is sent has come."""
    if pd.isna(row["capacity"]):
        return "capacity unknown", "room unknown"
    free = int(row["capacity"]) - (0 if pd.isna(row["occupied"]) else int(row["occupied"])) - sent
    capacity = f"capacity {int(row['capacity']):,} ({SOURCES[row['capacity_source']]})"
    return capacity, f"room for {free:,}" if free > 0 else "full"


def _count(value: Any) -> str:
    return "unknown" if pd.isna(value) else f"{int(value):,}"


def _gauges(drawn: Drawn, rows: list[Told], at: datetime) -> list[list[str]]:
    states = {state.gauge_id: state.level_m for state in drawn.run.states}
    gauges = {gauge.gauge_id: gauge for gauge in drawn.run.city.gauges}
    found = []
    for told in rows:
        lines = [f"now {_metres(states.get(told['gauge_id']))}"]
        if at > drawn.run.issued_at:
            ahead = forecast_rows(drawn.run, gauges[told["gauge_id"]])
            row = next((one for one in ahead if one.valid_time == at), None)
            low, middle, high = (row.q05, row.q50, row.q95) if row else (None, None, None)
            band = f"90 % band {_metres(low)} to {_metres(high)}"
            lines.append(f"forecast of {clock(at)}: {_metres(middle)} ({band})")
        found.append(lines)
    return found


def _metres(level_m: float | None) -> str:
    return metres(level_m) if level_m is None else f"{metres(level_m)} m"


LINES: dict[str, Callable[[Drawn, list[Told], datetime], list[list[str]]]] = {
    "flood": _flood,
    "districts": _districts,
    "closed-roads": _roads,
    "shelters": _shelters,
    "gauges": _gauges,
}
