"""自治体標準オープンデータセット「指定緊急避難場所一覧」 and lists of open shelters in its columns.

Columns may come in any order and some may be absent; which ones a list must have is
`REQUIRED`. Seen in the field and read: an empty column, header names that contain 、, numbers
such as "50,700 ", flags "1.0", capacities as text with indoor and outdoor people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shelters.records import TRUE_FLAGS, Record, plain
from shelters.types import HAZARDS

REQUIRED = ("ID", "名称", "緯度", "経度")
ADDRESS = ("所在地_連結表記", "住所", "所在地")
CAPACITY = ("想定収容人数", "収容人数")
AREA = ("面積", "収容面積", "有効面積")  # m2; no standard column, cities add one
OCCUPIED = "人数"  # a status list; some editions append the time to the name
HAZARD_COLUMNS = (
    "災害種別_洪水", "災害種別_崖崩れ、土石流及び地滑り", "災害種別_高潮", "災害種別_地震",
    "災害種別_津波", "災害種別_大規模な火事", "災害種別_内水氾濫", "災害種別_火山現象",
)  # fmt: skip
ALSO_EVACUATION = "指定避難所との重複"


def table_records(rows: Sequence[Mapping[str, Any]], name: str) -> list[Record]:
    """Give the rows of a municipal CSV (file `name`) as records.

    Raises
    ------
    ValueError
        If a required column is missing, or no hazard column is there.
    """
    header = list(rows[0]) if rows else []
    missing = sorted(set(REQUIRED) - set(header))
    if missing or not set(HAZARD_COLUMNS) & set(header):
        missing = missing or [HAZARD_COLUMNS[0]]
        raise ValueError(
            f"{name} must have columns {[*REQUIRED, *HAZARD_COLUMNS]}, missing {missing}, got"
            f" {header}. Rename the columns to those of the 自治体標準オープンデータセット."
        )
    counted = next((column for column in header if column.startswith(OCCUPIED)), None)
    return [_record(row, f"{name} row {number + 2}", counted) for number, row in enumerate(rows)]


def _record(row: Mapping[str, Any], where: str, counted: str | None) -> Record:
    columns = zip(HAZARDS, HAZARD_COLUMNS, strict=True)
    flags = {hazard: plain(row.get(column)) for hazard, column in columns}
    return Record(
        where=where,
        shelter_id=plain(row["ID"]),
        name=plain(row["名称"]),
        address=_first(row, ADDRESS),
        lon=plain(row["経度"]),
        lat=plain(row["緯度"]),
        kinds=_kinds(row, flags, live=counted is not None),
        flags=flags,
        capacity=_first(row, CAPACITY),
        area_m2=_first(row, AREA),
        occupied=plain(row[counted]) if counted else "",
        status="open" if counted else "unknown",
    )


def _kinds(row: Mapping[str, Any], flags: Mapping[str, str], *, live: bool) -> frozenset[str]:
    """A row of the list is an emergency place; one of a status list only if it has a flag."""
    emergency = not live or any(flag in TRUE_FLAGS for flag in flags.values())
    evacuation = live or plain(row.get(ALSO_EVACUATION)) in TRUE_FLAGS
    kinds = (("emergency", emergency), ("evacuation", evacuation))
    return frozenset(kind for kind, holds in kinds if holds)


def _first(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return next((plain(row[column]) for column in columns if plain(row.get(column))), "")
