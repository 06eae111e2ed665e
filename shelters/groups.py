"""The people of each origin split by how they move, with their ways to the shelters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazard.types import check_columns
from shelters.prices import Bools, Floats, Ints
from shelters.types import PART_COLUMNS, TRAVELLERS, Allocation, TravelMinutes

PEOPLE_COLUMNS = ("district_id", "block", "people", "lon", "lat")
# Column with the people of a traveller; general are the rest.
COLUMN_OF = dict(zip(TRAVELLERS[1:], PART_COLUMNS, strict=True))


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups (g) of one origin and one traveller each; nobody is in two, none is empty."""

    origin: Any  # (g) index of the origin in `people`
    row: npt.NDArray[np.intp]  # (g) its position there
    district_id: npt.NDArray[np.object_]
    block: npt.NDArray[np.object_]  # "" = not known
    traveller: npt.NDArray[np.object_]
    heads: Ints
    minutes: Floats  # (g, s) of the group itself; inf = no way, NaN = position unknown
    walking: Floats  # (g, s) of a general walker from there
    notes: npt.NDArray[
        np.object_
    ]  # (g) key of `routes.NOTES`: why nothing can be reached, "" = it can or nobody says
    origins: int

    @property
    def by_car(self) -> Bools:
        return np.asarray(self.traveller == "car", dtype=bool)

    @property
    def known(self) -> Bools:
        """Tell whose position is known."""
        lost = np.isnan(self.minutes).all(axis=1)
        return np.asarray(~lost | (self.minutes.shape[1] == 0))

    def of_origin(self, table: Floats) -> Floats:
        """Give a table by origin as one by group."""
        return np.asarray(table[self.row])

    def block_numbers(self) -> Ints:
        """Number the blocks of a district; a group without a block is one of its own."""
        names = pd.DataFrame({"district": self.district_id, "block": self.block})
        numbers = np.array(names.groupby(["district", "block"], sort=True).ngroup(), dtype=np.int64)
        lone = np.flatnonzero(self.block == "")
        numbers[lone] = numbers.max(initial=-1) + 1 + np.arange(len(lone))
        return numbers

    def facts(self, rows: Any) -> pd.DataFrame:
        """Give what is known of groups by their position."""
        names = ("origin", "district_id", "block", "traveller")
        return pd.DataFrame({name: getattr(self, name)[rows] for name in names})

    def walk_minutes(self, row: Any, place: Any) -> Floats:
        """Give the minutes of a general walker where a walker goes, of the car where a car goes."""
        own, walking = self.minutes[row, place], self.walking[row, place]
        return np.asarray(np.where(self.by_car[row] | ~np.isfinite(walking), own, walking))


def groups_of(people: pd.DataFrame, minutes: TravelMinutes, shelter_ids: pd.Index[Any]) -> Groups:
    """Split the people of each origin by traveller, general first.

    Raises
    ------
    ValueError
        If a column or a way is missing, an index appears twice, or a head count is not a whole
        number >= 0 or its parts are more than the whole; every bad row is named.
    """
    check_columns(people, PEOPLE_COLUMNS, "People to place")
    heads = _heads(people)
    at, origin = np.nonzero(heads.T)
    order = np.lexsort((at, origin))
    at, origin = at[order], origin[order]
    ways, notes = _ways(people, minutes, shelter_ids, sorted(set(at.tolist())))
    travellers = np.array(TRAVELLERS, dtype=object)[at]
    shape = (len(origin), len(shelter_ids))
    own, walking = np.empty(shape), np.empty(shape)
    for number, table in ways.items():
        own[at == number] = table[origin[at == number]]
    walking[:] = ways[0][origin] if 0 in ways else own
    return Groups(
        origin=people.index.to_numpy()[origin],
        row=origin,
        district_id=people["district_id"].to_numpy(dtype=object)[origin],
        block=people["block"].astype(object).where(people["block"].notna(), "").to_numpy()[origin],
        traveller=travellers,
        heads=heads[origin, at],
        minutes=own,
        walking=walking,
        notes=notes[origin, at],
        origins=len(people),
    )


def kept_of(previous: Allocation, groups: Groups, shelter_ids: pd.Index[Any]) -> Ints:
    """Give how many of each group had which place before, dims (g, s)."""
    kept = np.zeros((len(groups.heads), len(shelter_ids)), dtype=np.int64)
    before = previous.groups[previous.groups["shelter_id"].notna()]
    names = ["origin", "block", "traveller"]
    now = {
        key: row for row, key in enumerate(zip(*(getattr(groups, n) for n in names), strict=True))
    }
    place = shelter_ids.get_indexer(pd.Index(before["shelter_id"]))
    keys = before[names].itertuples(index=False, name=None)
    for key, column, people in zip(keys, place.tolist(), before["people"].tolist(), strict=True):
        if column >= 0 and key in now:
            kept[now[key], column] += people
    return kept


def _heads(people: pd.DataFrame) -> Ints:
    """Give the people by origin and traveller, dims (origin, traveller)."""
    faults = [f"origin {key} appears more than once"
              for key in sorted(set(people.index[people.index.duplicated()]), key=str)]  # fmt: skip
    counts = {"people": _whole(people, "people", faults)}
    for name in PART_COLUMNS:
        present = name in people
        counts[name] = _whole(people, name, faults) if present else np.zeros(len(people), np.int64)
    general = counts["people"] - sum(counts[name] for name in PART_COLUMNS)
    faults += [
        f"{', '.join(PART_COLUMNS)} must be parts of people, got more than {row.people}"
        f" (district {row.district_id}, block {row.block})"
        for row in people[general < 0].itertuples()
        if not faults
    ]
    if faults:
        raise ValueError(
            "; ".join(faults) + ". Leave out blocks whose people are not known, and say so."
        )
    return np.column_stack([general, *(counts[COLUMN_OF[name]] for name in TRAVELLERS[1:])])


def _whole(people: pd.DataFrame, column: str, faults: list[str]) -> Ints:
    counts = pd.to_numeric(people[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = ~(np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts)))
    if bad.any():
        rows = [
            f"{row[column]} (district {row['district_id']}, block {row['block']})"
            for _, row in people[bad].iterrows()
        ]
        faults.append(f"{column} must be whole numbers >= 0, got {', '.join(rows)}")
    return np.where(bad, 0, np.nan_to_num(counts, posinf=0, neginf=0)).astype(np.int64)


def _ways(
    people: pd.DataFrame, minutes: TravelMinutes, shelter_ids: pd.Index[Any], wanted: list[int]
) -> tuple[dict[int, Floats], npt.NDArray[np.object_]]:
    """Give the minutes by traveller, dims (people, shelter_ids), and why (people, traveller)."""
    table = minutes.transpose("origin", "shelter_id", "traveller")
    kinds = [str(name) for name in table["traveller"].values]
    origin = table.indexes["origin"].get_indexer(people.index)
    place = table.indexes["shelter_id"].get_indexer(shelter_ids)
    lacks = {
        "origins": list(people.index[origin < 0]),
        "shelters": list(shelter_ids[place < 0]),
        "travellers": [TRAVELLERS[at] for at in wanted if TRAVELLERS[at] not in kinds],
    }
    faults = [f"{what} {names[:10]} ({len(names)})" for what, names in lacks.items() if names]
    if faults:
        raise ValueError(f"minutes must hold every way, missing {'; '.join(faults)}.")
    present = [at for at, name in enumerate(TRAVELLERS) if name in kinds and at in {0, *wanted}]
    values = np.asarray(table.values, dtype=float)
    ways = {at: values[np.ix_(origin, place)][..., kinds.index(TRAVELLERS[at])] for at in present}
    texts = np.full((len(people), len(TRAVELLERS)), "", dtype=object)
    if "origin_note" in table.coords:
        note = table["origin_note"].transpose("origin", "traveller").values[origin]
        for at in wanted:
            texts[:, at] = note[:, kinds.index(TRAVELLERS[at])]
    return ways, texts
