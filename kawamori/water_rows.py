"""The water of a run as rows of the page: rivers, people by kind of water, depths by time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hazard.chance import ALL_RIVERS, DEPTH_COLUMNS, DEPTHS_M
from hazard.select import P_MAXIMUM, P_PLANNED
from hazard.types import COMBINED, DYNAMIC, DYNAMIC_MEDIAN, INLAND, LANDSLIDE, SCENARIOS
from kawamori.outlook import DEEPER_COLUMNS
from kawamori.run import Run

OFFICIAL = "official"  # the largest official scenario of the run
# Kinds of water in the order of the page.
KINDS = {
    OFFICIAL: "公式の浸水想定(選択分)",
    DYNAMIC_MEDIAN: "計算浸水(予測の中央値)",
    DYNAMIC: "計算浸水(予測の高め95%)",
    INLAND: "内水・小河川",
    LANDSLIDE: "土砂災害警戒区域",
    COMBINED: "合わせて(重複なし)",
}
CHOSEN_WORDS = {"": "なし", "planned": "計画規模", "maximum": "想定最大規模"}
POPULATION_WORDS = {"night": "夜間人口", "day": "昼間人口"}


@dataclass(frozen=True)
class RiverRow:
    """Which flood counts for a river; None = unknown, inf = not within the forecast."""

    name: str
    chosen: str
    why: str
    probability: float | None
    early_min: float | None
    median_min: float | None
    bands: tuple[tuple[float, float | None, float | None], ...]  # until_h, planned, maximum


@dataclass(frozen=True)
class Count:
    """People in one kind of water; None = unknown, `partial` = at least so many."""

    people: int | None
    leave: int | None  # must leave, people of unknown floors among them
    partial: bool = False


@dataclass(frozen=True)
class PeopleRow:
    """People of a district by kind of water, in the order of `water_kinds`."""

    name: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class DepthRow:
    """A district until the end of a time band; None = unknown."""

    name: str
    until_h: float
    chances: tuple[float | None, ...]  # of more than each of DEPTHS_M at the worst building
    deeper: tuple[int | None, ...]  # people expected in more than each of DEPTHS_M
    people: int | None  # expected in any water
    at_least: int | None


def river_rows(run: Run) -> list[RiverRow]:
    """Give what was chosen for each river, likeliest first; unknown ones come before all."""
    if run.outlook is None:
        return []
    rows = []
    for river, row in run.outlook.rivers.iterrows():
        told: Any = run.outlook.chances.xs(river, level="river")
        last = told.iloc[-1]
        rows.append(
            RiverRow(
                name="河川名なし" if river == ALL_RIVERS else str(river),
                chosen=CHOSEN_WORDS[row["chosen"]],
                why=_why(row),
                probability=_known(row["probability"]),
                early_min=_minutes(last["arrival_10_h"]),
                median_min=_minutes(last["arrival_50_h"]),
                bands=tuple(
                    (float(end), _known(band["planned"]), _known(band["maximum"]))
                    for end, band in told.iterrows()
                ),
            )
        )
    return sorted(rows, key=lambda row: (row.probability is not None, -(row.probability or 0)))


def water_kinds(run: Run) -> list[str]:
    """Give the words of the kinds of water that the run has, in the order of the page."""
    return [KINDS[kind] for kind in _kinds(run)]


def people_rows(run: Run) -> list[PeopleRow]:
    """Give people by district and kind of water."""
    if run.exposure is None:
        return []
    partial = run.exposure.attrs.get("partial", ())
    return [
        PeopleRow(
            name=str(name),
            counts=tuple(
                _count(run.exposure, str(key), kind, kind == COMBINED and key in partial)
                for kind in _kinds(run)
            ),
        )
        for key, name in run.city.districts["name"].items()
    ]


def depth_rows(run: Run) -> list[DepthRow]:
    """Give depth and people by district, then time band."""
    if run.outlook is None:
        return []
    table = run.outlook.districts
    ends = sorted(set(table.index.get_level_values("until_h")))
    return [
        _depth_row(str(name), float(end), table.loc[(key, end)])
        for key, name in run.city.districts["name"].items()
        for end in ends
        if (key, end) in table.index
    ]


def _depth_row(name: str, until_h: float, row: Any) -> DepthRow:
    return DepthRow(
        name=name,
        until_h=until_h,
        chances=tuple(_known(row[column]) for column in DEPTH_COLUMNS),
        deeper=tuple(_whole(row[column]) for column in DEEPER_COLUMNS),
        people=_whole(row["people"]),
        at_least=_whole(row["at_least"]),
    )


def _kinds(run: Run) -> list[str]:
    if run.exposure is None:
        return []
    there = set(run.exposure.index.get_level_values("scenario"))
    there |= {OFFICIAL} if there & set(SCENARIOS) else set()
    return [kind for kind in KINDS if kind in there]


def _count(exposure: Any, key: str, kind: str, partial: bool) -> Count:
    names = [name for name in SCENARIOS if (key, name) in exposure.index]
    wanted = names[-1:] if kind == OFFICIAL else [kind]
    rows = [exposure.loc[(key, name)] for name in wanted if (key, name) in exposure.index]
    if not rows or pd.isna(rows[0]["people"]):
        return Count(None, None)
    leave = int(rows[0]["must_leave"]) + int(rows[0]["unknown"])
    return Count(int(rows[0]["people"]), leave, partial)


def _why(row: Any) -> str:
    if row["unknown"]:
        return "確率が不明のため最大を見込む"
    proxy = "(氾濫危険水位で代用)" if row["proxy"] else ""
    for limit in (P_MAXIMUM, P_PLANNED):
        if row["probability"] >= limit:
            return f"氾濫発生の確率が{limit:.0%}以上{proxy}"
    if row["alarmed"]:
        return f"避難判断水位等に達する見込みのため、確率が低くても計画規模を見込む{proxy}"
    return f"氾濫発生の確率が{P_PLANNED:.0%}未満{proxy}"


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else math.ceil(float(value) - 1e-9)


def _minutes(hours: Any) -> float | None:
    return None if pd.isna(hours) else float(hours) * 60


DEPTH_WORDS = tuple(f"{depth_m:g}m超" for depth_m in DEPTHS_M)
