"""A plan changed by what happened: as few people as possible go elsewhere, each with the reason.

Whoever has a place keeps it as long as it is there for them, even if another is nearer now; only
then are minutes saved. "As few as possible" is proven with the flow (`Allocation.optimal`): no
other plan places as many people and moves fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shelters.allocate import allocate
from shelters.demand import Limits
from shelters.types import Allocation, Shelters, TravelMinutes

MOVE_COLUMNS = (
    "district_id", "block", "traveller", "from_id", "to_id", "people", "reason",
)  # fmt: skip
_KEY = ["origin", "block", "traveller"]
# Identifier -> why people leave the place they had, as the officer reads it.
REASONS = {
    "rejected": "避難所が使えなくなった: {why}",
    "gone": "避難所が一覧からなくなった",
    "no_way": "道が通れず時間内に着けない",
    "less_room": "避難所の空きが減った",
    "others_first": "ほかに行き先のない人に場所を譲る",
}


@dataclass(frozen=True)
class Replan:
    """The changed plan and who goes elsewhere by it.

    `moves` has MOVE_COLUMNS, a row per origin, traveller and pair of shelters; to_id None = without
    a place now, and `reason` then says that too. People whose head count fell did not move.
    """

    allocation: Allocation
    moves: pd.DataFrame
    kept: int  # people who keep their place
    added: int  # people who had no place before: more people, or places found


def replan(
    previous: Allocation,
    people: pd.DataFrame,
    shelters: Shelters,
    minutes: TravelMinutes,
    *,
    limits: Limits | None = None,
    risk: Any | None = None,
    rejected: pd.DataFrame | None = None,
) -> Replan:
    """Give the plan for the present people, shelters and ways that moves as few as possible.

    Parameters
    ----------
    previous
        Its `groups` say who had which place, matched by origin (the index of `people`), block and
        traveller.
    people, shelters, minutes, limits, risk, rejected
        As they are now; see `shelters.allocate.allocate`.
    """
    now = allocate(
        people, shelters, minutes,
        limits=limits, risk=risk, rejected=rejected, previous=previous,
    )  # fmt: skip
    before, after = _placed(previous.groups), _placed(now.groups)
    unplaced = _by_key(now.groups[now.groups["shelter_id"].isna()], "people")
    moves, kept, added = [], 0, 0
    why = _Why(previous, now, shelters, minutes)
    for key in [*before, *(key for key in after if key not in before)]:
        had, has = before.get(key, {}), after.get(key, {})
        stay = {place: min(count, has.get(place, 0)) for place, count in had.items()}
        heads = sum(has.values()) + int(unplaced.get(key, 0))
        kept += sum(stay.values())
        out = _trimmed(
            {place: had[place] - stay[place] for place in had}, heads, sum(stay.values())
        )
        into = {place: count - stay.get(place, 0) for place, count in has.items()}
        added += max(0, sum(into.values()) - sum(out.values()))
        moves += [(*why.facts(key), *move) for move in _paired(out, into, why, key)]
    table = pd.DataFrame(moves, columns=list(MOVE_COLUMNS))
    return Replan(now, table.astype({"people": "int64"}), kept, added)


def _placed(groups: pd.DataFrame) -> dict[Any, dict[str, int]]:
    """Give how many of each group go to each shelter."""
    found: dict[Any, dict[str, int]] = {}
    sent = groups[groups["shelter_id"].notna()]
    for *key, place, people in sent[[*_KEY, "shelter_id", "people"]].itertuples(
        index=False, name=None
    ):
        places = found.setdefault(tuple(key), {})
        places[str(place)] = places.get(str(place), 0) + int(people)
    return found


def _trimmed(out: dict[str, int], heads: int, stay: int) -> dict[str, int]:
    """Leave out people who need no place any more: they go home, not elsewhere."""
    rest = max(0, heads - stay)
    found = {}
    for place, count in out.items():
        found[place] = min(count, rest)
        rest -= found[place]
    return found


def _paired(
    out: dict[str, int], into: dict[str, int], why: _Why, key: Any
) -> list[tuple[str, str | None, int, str]]:
    """Pair who leaves a shelter with the new places; who finds none has no place now."""
    free = {place: count for place, count in sorted(into.items()) if count}
    pairs: list[tuple[str, str | None, int, str]] = []
    for place, leaving in sorted(out.items()):
        rest = leaving
        for other, places in list(free.items()):
            moved = min(rest, places)
            if moved:
                pairs.append((place, other, moved, why.of(key, place)))
                rest -= moved
                free[other] = places - moved
        if rest:
            pairs.append((place, None, rest, f"{why.of(key, place)}、{why.unplaced(key)}"))
    return pairs


def _by_key(groups: pd.DataFrame, column: str) -> dict[Any, Any]:
    keys = groups[_KEY].itertuples(index=False, name=None)
    return dict(zip(keys, groups[column], strict=True))


class _Why:
    """Why a group leaves a place, from what is known now."""

    def __init__(
        self, previous: Allocation, now: Allocation, shelters: Shelters, minutes: TravelMinutes
    ) -> None:
        self._rejected = dict(zip(now.rejected["shelter_id"], now.rejected["reason"], strict=True))
        self._ids = set(map(str, shelters.index))
        self._minutes = minutes
        self._origin = minutes.indexes["origin"]
        self._load = previous.groups.groupby("shelter_id")["people"].sum().to_dict()
        self._free = {
            str(key): (capacity if not pd.isna(capacity) else 0)
            - (0 if pd.isna(inside) else inside)
            for key, capacity, inside in zip(
                shelters.index, shelters["capacity"], shelters["occupied"], strict=True
            )
        }
        rows = pd.concat([previous.groups, now.groups])
        self._districts = _by_key(rows, "district_id")
        self._lost = _by_key(now.groups[now.groups["shelter_id"].isna()], "reason")

    def facts(self, key: Any) -> tuple[Any, Any, Any]:
        """Give district, block and traveller of a group."""
        return (self._districts[key], key[1], key[2])

    def unplaced(self, key: Any) -> str:
        """Give why a group has people without a place."""
        return str(self._lost[key])

    def of(self, key: Any, place: str) -> str:
        """Give why people of a group leave a shelter."""
        if place in self._rejected:
            name, given = "rejected", {"why": self._rejected[place]}
        elif place not in self._ids:
            name, given = "gone", {}
        elif not self._way(key, place):
            name, given = "no_way", {}
        elif self._free[place] < self._load.get(place, 0):
            name, given = "less_room", {}
        else:
            name, given = "others_first", {}
        return f"{REASONS[name].format(**given)} ({name})"

    def _way(self, key: Any, place: str) -> bool:
        if key[0] not in self._origin:
            return False
        there = self._minutes.sel(origin=key[0], shelter_id=place, traveller=key[2])
        return bool(np.isfinite(float(there)))
