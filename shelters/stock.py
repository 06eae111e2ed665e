"""Water, food, blankets, toilets and cool places against what the people in the shelters need.

What a shelter holds is read from optional columns of the list (`STOCK`); a column that is absent or
a cell that is empty is unknown, never zero, and its shortfall is unknown too. Needs are those of
the people sent there and of those inside already.

References
----------
.. [1] 内閣府: 避難所運営ガイドライン (2024-12-13): トイレ 当初 50人に1基.
.. [2] 内閣府 防災: 飲料水 1人1日3リットル, 食料 1人1日3食 (備蓄の目安).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shelters.types import Allocation, Shelters

# Column of what is held -> what the officer reads, with its unit.
STOCK = {
    "water_l": "飲料水 (L)",
    "meals": "食料 (食)",
    "blankets": "毛布 (枚)",
    "toilets": "トイレ (基)",
    "cool_places": "冷房のある場所 (人分)",
}
STOCK_COLUMNS = ("shelter_id", "item", "people", "need", "held", "shortfall")


@dataclass(frozen=True)
class StockRules:
    """What a person needs; `vulnerable_share` of those whose age is not known are elderly (65 or
    older) or infants and need a cool place (仮定: national shares of about 30 % and 4 %).
    """

    days: float = 1.0
    water_l_per_day: float = 3.0  # [2]
    meals_per_day: float = 3.0  # [2]
    blankets_each: float = 1.0
    people_per_toilet: float = 50.0  # [1]
    vulnerable_share: float = 0.34

    def __post_init__(self) -> None:
        """Refuse values without sense, naming them all."""
        amounts = (self.days, self.water_l_per_day, self.meals_per_day, self.blankets_each)
        if not (
            min(amounts) >= 0 and self.people_per_toilet > 0 and 0 <= self.vulnerable_share <= 1
        ):
            raise ValueError(
                "amounts must be >= 0, people_per_toilet > 0 and vulnerable_share 0 to 1,"
                f" got {self}. Correct them."
            )

    def needs(self, people: int, vulnerable: float) -> dict[str, int]:
        """Give what so many people need by column of `STOCK`, rounded up."""
        amounts = {
            "water_l": people * self.days * self.water_l_per_day,
            "meals": people * self.days * self.meals_per_day,
            "blankets": people * self.blankets_each,
            "toilets": people / self.people_per_toilet,
            "cool_places": vulnerable,
        }
        return {name: math.ceil(round(amount, 6)) for name, amount in amounts.items()}


def stock_balance(
    allocation: Allocation, shelters: Shelters, *, rules: StockRules | None = None
) -> pd.DataFrame:
    """Give need, stock and shortfall of every shelter with people, item by item.

    Returns
    -------
        STOCK_COLUMNS, items in the order of `STOCK`; `people` includes those inside already; held
        and shortfall NaN = unknown.
    """
    rules = rules or StockRules()
    placed = allocation.groups[allocation.groups["shelter_id"].notna()]
    rows = []
    for shelter_id, group in placed.groupby("shelter_id", sort=True):
        inside = shelters.at[shelter_id, "occupied"]
        held_inside = 0 if pd.isna(inside) else int(inside)
        people = int(group["people"].sum()) + held_inside
        for item, need in rules.needs(people, _vulnerable(group, held_inside, rules)).items():
            held = _held(shelters, str(shelter_id), item)
            rows.append((shelter_id, item, people, need, held, np.fmax(need - held, 0.0 * held)))
    return pd.DataFrame(rows, columns=list(STOCK_COLUMNS))


def district_shortfall(allocation: Allocation, balance: pd.DataFrame) -> pd.DataFrame:
    """Give the shortfall of each district: that of its shelters, by its share of their people.

    Returns
    -------
        Columns district_id, item, shortfall (rounded up over the shelters where it is known),
        unknown_people (the district's people at shelters whose stock of the item is not known).
    """
    sent = allocation.assigned.groupby(["shelter_id", "district_id"], as_index=False)[
        "people"
    ].sum()
    share = sent["people"] / sent.groupby("shelter_id")["people"].transform("sum")
    columns = ["district_id", "item", "shortfall", "unknown_people"]
    if balance.empty:
        return pd.DataFrame(columns=columns)
    rows = sent.assign(share=share).merge(
        balance[["shelter_id", "item", "shortfall"]], on="shelter_id"
    )
    rows["unknown_people"] = rows["people"].where(rows["shortfall"].isna(), 0)
    rows["shortfall"] = rows["shortfall"] * rows["share"]
    order = {item: at for at, item in enumerate(STOCK)}
    table = rows.groupby(["district_id", "item"], as_index=False)[columns[2:]].sum()
    table["shortfall"] = np.ceil(table["shortfall"].round(6)).astype("int64")
    table["unknown_people"] = table["unknown_people"].astype("int64")
    table = table.sort_values(
        ["district_id", "item"],
        key=lambda names: names.map(order) if names.name == "item" else names,
    )
    return pd.DataFrame(table[columns].reset_index(drop=True))


def shortfall_lines(table: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Give a line per district with a shortfall or with stock that nobody knows."""
    lines = []
    for district_id, rows in table.groupby("district_id", sort=False):
        short = [
            f"{STOCK[item]} {count:,}"
            for item, count in zip(rows["item"], rows["shortfall"], strict=True)
            if count
        ]
        unknown = [STOCK[item] for item in rows.loc[rows["unknown_people"] > 0, "item"]]
        said = [f"不足 {'、'.join(short)}"] if short else []
        if len(unknown) == len(STOCK):
            said.append("備蓄は不明")
        elif unknown:
            said.append(f"不明 {'、'.join(unknown)}")
        if said:
            lines.append(f"{names.get(str(district_id), district_id)}: {' / '.join(said)}")
    return lines


def _vulnerable(group: pd.DataFrame, inside: int, rules: StockRules) -> float:
    """Give the elderly who are told of, or the assumed share of all where that is more."""
    elderly = int(group.loc[group["traveller"].isin(["elderly", "assisted"]), "people"].sum())
    everyone = int(group["people"].sum()) + inside
    return max(float(elderly), everyone * rules.vulnerable_share)


def _held(shelters: Shelters, shelter_id: str, item: str) -> float:
    if item not in shelters:
        return math.nan
    held = shelters.at[shelter_id, item]
    return math.nan if pd.isna(held) else float(held)
