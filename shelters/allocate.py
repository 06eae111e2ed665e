"""Who goes to which shelter: everybody who can be placed, with the least sum of minutes.

People of a cell are split by how they move (`TRAVELLERS`); each such group may go where there is a
way within its limit. The sum of minutes x (1 + risk) is the least there is (`shelters.flow`); then
blocks that it split are joined where that costs little (`shelters.together`). Whoever has no place
is counted with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from shelters.demand import Limits, Task, task_of
from shelters.flow import Demand, Flow, solve
from shelters.groups import Groups, kept_of
from shelters.nearest import nearest_first
from shelters.prices import Ints
from shelters.routes import NOTES
from shelters.together import join_blocks
from shelters.types import GROUP_COLUMNS, Allocation, Shelters, TravelMinutes

ASSIGNED_COLUMNS = ["district_id", "shelter_id", "people", "minutes", "mode"]
# Identifier -> what the officer reads about people without a place.
UNPLACED = {
    "no_position": "居住位置が不明",
    "no_usable_shelter": "使える避難所がない",
    "all_full": "使える避難所がすべて満員",
    "too_far": "時間内に行ける避難所がない",
    "no_room": "時間内に行ける避難所が満員",
    "no_parking": "車で時間内に行ける避難所の駐車場が満車",
    "parking_unknown": "車で時間内に行ける避難所の駐車台数が不明",
}
# Why a shelter that nobody can reach is named: not for being far from those who leave this time.
UNREACHABLE = ("position_unknown", "no_road", "separate_piece")


def allocate(
    people: pd.DataFrame,
    shelters: Shelters,
    minutes: TravelMinutes,
    *,
    limits: Limits | None = None,
    risk: Any | None = None,
    rejected: pd.DataFrame | None = None,
    previous: Allocation | None = None,
) -> Allocation:
    """Give everybody who can be placed a shelter, at the least sum of minutes x (1 + risk).

    Parameters
    ----------
    people
        One row per origin: district_id, block, people, lon, lat; elderly, assisted, cars if known.
    shelters
        Usable ones. Without a known capacity, or open with an unreported head count, a shelter
        gets nobody and joins `rejected` with that reason. Not open and nothing reported = empty.
        Without a known `parking` (cars) nobody is sent there by car.
    minutes
        Of these origins and shelters, in any order: inf = no way, NaN = position unknown.
    risk, rejected
        Numbers >= 0, dims (people, shelters): 1 makes a minute count twice. What `usable` rejected.
    previous
        Its people keep their place wherever it is still there for them, matched by index, block
        and traveller.

    Returns
    -------
        `optimal` is True only if no other flow places more people or, with as many placed and
        kept, takes fewer minutes; joining blocks comes after that.

    Raises
    ------
    ValueError
        If a column or way is missing, or a head count is not a whole number >= 0.
    """
    limits = limits or Limits()
    task = task_of(people, shelters, minutes, limits, risk)
    groups, demand = task.groups, task.demand
    if previous is not None:
        kept = kept_of(previous, groups, shelters.index)
        demand = replace(demand, kept=np.where(demand.way, kept, 0))
    flow, notes = _solved(demand)
    sent = _joined(groups, demand, flow, limits)
    table = _table(groups, shelters.index, sent, flow.unplaced, _why(task, flow.unplaced))
    parts = [part for part in (rejected, task.unknown) if part is not None and len(part)]
    return Allocation(
        assigned=_assigned(table),
        unplaced=_unplaced(table),
        rejected=pd.concat(parts, ignore_index=True) if parts else task.unknown,
        openings=_openings(table),
        groups=table,
        optimal=flow.optimal,
        method=f"{'min_cost_flow' if flow.rounds else 'nearest'} ({flow.status})",
        minutes_total=_minutes_of(groups, sent),
        minutes_least=_minutes_of(groups, flow.people),
        notes=(*notes, *_cautions(groups, demand, shelters, minutes)),
    )


def _joined(groups: Groups, demand: Demand, flow: Flow, limits: Limits) -> Ints:
    """Give the flow with blocks joined; whoever keeps a place given before is left alone."""
    if not limits.together_share:
        return flow.people
    blocks = np.where(demand.kept.any(axis=1), -1, groups.block_numbers())
    return join_blocks(demand, flow.people, blocks, share=limits.together_share)


def _minutes_of(groups: Groups, sent: Ints) -> float:
    return float((groups.minutes[sent > 0] * sent[sent > 0]).sum())


def _solved(demand: Demand) -> tuple[Flow, list[str]]:
    """Solve; where the solver gives nothing, place by nearness and say so."""
    flow, status = solve(demand)
    if flow is not None:
        return flow, []
    text = f"最適化の計算ができず、近い順に割り当てた (solver_failed: {status})"
    return nearest_first(demand, status), [text]


def _why(task: Task, unplaced: Ints) -> list[str | None]:
    """Give the reason for the people of each group without a place; None where there are none."""
    groups, demand = task.groups, task.demand
    reached = np.isfinite(groups.minutes)
    key = np.full(len(unplaced), "no_room", dtype=object)
    no_lot = groups.by_car & ~demand.way.any(axis=1)
    key[no_lot] = "no_parking"
    key[no_lot & (reached & np.isnan(task.parking)).any(axis=1)] = "parking_unknown"
    far = ~reached.any(axis=1)
    key[far] = [note or "too_far" for note in groups.notes[far]]
    if not demand.room.any():
        key[:] = "no_usable_shelter" if len(task.unknown) == len(demand.room) else "all_full"
    key[~groups.known] = "no_position"
    words = {name: f"{text} ({name})" for name, text in {**NOTES, **UNPLACED}.items()}
    return [words[name] if people else None for name, people in zip(key, unplaced, strict=True)]


def _table(
    groups: Groups, shelter_ids: pd.Index[Any], sent: Ints, unplaced: Ints, why: list[str | None]
) -> pd.DataFrame:
    """Give one row per group and shelter, then one per group with people without a place."""
    row, place = np.nonzero(sent)
    left = np.flatnonzero(unplaced)
    parts = [
        groups.facts(row).assign(
            shelter_id=shelter_ids.to_numpy()[place],
            people=sent[row, place],
            minutes=groups.minutes[row, place],
            walk_minutes=groups.walk_minutes(row, place),
            reason=None,
        ),
        groups.facts(left).assign(
            shelter_id=None,
            people=unplaced[left],
            minutes=np.nan,
            walk_minutes=np.nan,
            reason=np.array([why[at] for at in left], dtype=object),
        ),
    ]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    kinds = {"people": "int64", "minutes": "float64", "walk_minutes": "float64"}
    table = table.astype({**kinds, "shelter_id": object, "reason": object})
    return table[list(GROUP_COLUMNS)]


def _assigned(table: pd.DataFrame) -> pd.DataFrame:
    placed = table[table["shelter_id"].notna()]
    placed = placed.assign(mode=np.where(placed["traveller"] == "car", "car", "walk"))
    result = placed.groupby(["district_id", "shelter_id", "mode"], as_index=False).agg(
        people=("people", "sum"), minutes=("walk_minutes", "max")
    )
    ordered = result.astype({"people": "int64", "minutes": "float64"}).sort_values(
        ["district_id", "people", "shelter_id", "mode"], ascending=[True, False, True, True]
    )
    return ordered[ASSIGNED_COLUMNS].reset_index(drop=True)


def _unplaced(table: pd.DataFrame) -> pd.DataFrame:
    some = table[table["shelter_id"].isna()]
    sums = some.groupby(["district_id", "reason"], as_index=False).agg(people=("people", "sum"))
    return sums[["district_id", "people", "reason"]]


def _openings(table: pd.DataFrame) -> tuple[str, ...]:
    totals = table[table["shelter_id"].notna()].groupby("shelter_id")["people"].sum()
    order = sorted(totals.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(shelter_id) for shelter_id, _ in order)


def _cautions(
    groups: Groups, demand: Demand, shelters: Shelters, minutes: TravelMinutes
) -> Sequence[str]:
    """Say what bounds the answer: ways not on roads, shelters that nobody can reach at all."""
    found = []
    if minutes.attrs.get("kind") == "straight":
        found.append("移動時間は道路ではなく直線距離による (straight_ways)")
    if "shelter_note" not in minutes.coords or not groups.heads.any():
        return found
    notes = minutes["shelter_note"].sel(traveller="general").to_series().reindex(shelters.index)
    return found + [
        f"{name}: {NOTES[note]} ({note})"
        for name, note, room, reached in zip(
            shelters["name"], notes, demand.room, np.asarray(demand.way.any(axis=0)), strict=True
        )
        if room and not reached and note in UNREACHABLE
    ]
