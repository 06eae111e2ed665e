"""The three forms of the GSI lists of 指定緊急避難場所 and 指定避難所.

CSV and GeoJSON share Japanese column names; the short-key JSON packs the hazard flags in a bit
mask. GSI's cautions go with the data: the lists are what municipalities reported, may lag
behind, and do not say whether a shelter is open [1]_.

.. [1] 国土地理院 指定緊急避難場所・指定避難所データ, https://hinanmap.gsi.go.jp/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shelters.records import Record, plain
from shelters.types import HAZARDS

HAZARD_COLUMNS = (
    "洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震",
    "津波", "大規模な火事", "内水氾濫", "火山現象",
)  # fmt: skip
BOTH_LISTS = ("共通ID", "都道府県名及び市町村名", "施設・場所名", "住所")
POSITION = ("緯度", "経度")
SHORT_KEYS = {
    "e": ("id", "n", "a", "m", "la", "lo", "h"),
    "s": ("id", "n", "a", "m", "la", "lo", "r"),
}
ASSISTED_ONLY = "要配慮者"
# What a list may write before the name of a municipality: 福島県いわき市, 福島県双葉郡浪江町.
PREFECTURE = re.compile(r"^(?:東京都|北海道|京都府|大阪府|.{2,3}?県)")
COUNTY = re.compile(r"^.+?郡")


def table_records(
    rows: Sequence[Mapping[str, Any]], name: str, *, city: str | None = None
) -> list[Record]:
    """Give the rows of a GSI CSV (file `name`) as records; `city` keeps one municipality."""
    emergency = bool(rows) and HAZARD_COLUMNS[0] in rows[0]
    columns = BOTH_LISTS + POSITION + (HAZARD_COLUMNS if emergency else ("受入対象者",))
    _check_columns(rows, columns, name)
    kept = _of_city(rows, "都道府県名及び市町村名", city, name)
    return [_record(row, f"{name} row {number + 2}") for number, row in kept]


def geojson_records(
    document: Mapping[str, Any], name: str, *, city: str | None = None
) -> list[Record]:
    """Give the features of a GSI GeoJSON (file `name`) as records."""
    rows = [_flat(feature, number, name) for number, feature in enumerate(document["features"])]
    emergency = bool(rows) and HAZARD_COLUMNS[0] in rows[0]
    _check_columns(rows, BOTH_LISTS + (HAZARD_COLUMNS if emergency else ("受入対象者",)), name)
    kept = _of_city(rows, "都道府県名及び市町村名", city, name)
    return [_record(row, f"{name} feature {number + 1}") for number, row in kept]


def short_records(
    document: Mapping[str, Any], name: str, *, city: str | None = None
) -> list[Record]:
    """Give both lists of the short-key JSON (e = emergency places, s = shelters) as records."""
    records = []
    for key, columns in SHORT_KEYS.items():
        _check_columns(document[key], columns, f"{name}, list {key},")
        for number, row in _of_city(document[key], "m", city, f"{name}, list {key},"):
            records.append(_short_record(row, f"{name} {key}[{number}]", emergency=key == "e"))
    return records


def _record(row: Mapping[str, Any], where: str) -> Record:
    emergency = HAZARD_COLUMNS[0] in row
    flags = zip(HAZARDS, HAZARD_COLUMNS, strict=True)
    return Record(
        where=where,
        shelter_id=plain(row["共通ID"]),
        name=plain(row["施設・場所名"]),
        address=plain(row["住所"]),
        lon=str(row["経度"]),
        lat=str(row["緯度"]),
        kinds=_kinds(emergency, row.get("受入対象者")),
        flags={hazard: str(row[column] or "") for hazard, column in flags} if emergency else {},
    )


def _short_record(row: Mapping[str, Any], where: str, *, emergency: bool) -> Record:
    return Record(
        where=where,
        shelter_id=plain(row["id"]),
        name=plain(row["n"]),
        address=plain(row["m"]) + plain(row["a"]),
        lon=str(row["lo"]),
        lat=str(row["la"]),
        kinds=_kinds(emergency, row.get("r")),
        flags=_unmasked(row["h"], where) if emergency else {},
    )


def _kinds(emergency: bool, accepts: Any) -> frozenset[str]:
    """Name the kind; `welfare` takes only people who need care, `evacuation` takes everyone."""
    if emergency:
        return frozenset({"emergency"})
    return frozenset({"welfare" if ASSISTED_ONLY in plain(accepts) else "evacuation"})


def _unmasked(mask: Any, where: str) -> dict[str, str]:
    """Give hazard -> flag from a mask, lowest bit first: 107 = 0b1101011 = 洪水, 崖崩れ, 地震 …"""
    if not isinstance(mask, int) or not 0 <= mask < 1 << len(HAZARDS):
        raise ValueError(
            f"h must be a bit mask from 0 to 255, got {mask!r} ({where}). Correct the row."
        )
    return {hazard: "1" if mask >> bit & 1 else "" for bit, hazard in enumerate(HAZARDS)}


def _flat(feature: Mapping[str, Any], number: int, name: str) -> dict[str, Any]:
    geometry = feature.get("geometry") or {}
    if geometry.get("type") != "Point":
        raise ValueError(
            f"every feature must be a Point, got {geometry.get('type')} ({name} feature"
            f" {number + 1}). Export the list again as points."
        )
    lon, lat = geometry["coordinates"][:2]
    return {**feature["properties"], "経度": lon, "緯度": lat}


def _of_city(
    rows: Sequence[Mapping[str, Any]], column: str, city: str | None, name: str
) -> list[tuple[int, Mapping[str, Any]]]:
    """Keep the rows of one municipality with their number; the list may name the prefecture too."""
    numbered = list(enumerate(rows))
    kept = [pair for pair in numbered if city is None or city in _names(plain(pair[1][column]))]
    if numbered and not kept:
        known = sorted({plain(row[column]) for _, row in numbered})
        raise ValueError(
            f"{name} must list places of {city}, got only {known[:10]} ({len(known)} names)."
            " Check the name or the file."
        )
    return kept


def _names(municipality: str) -> set[str]:
    """Give the name with and without prefecture and county; 津市 must not find 大津市."""
    bare = PREFECTURE.sub("", municipality)
    return {municipality, bare, COUNTY.sub("", bare)}


def _check_columns(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], name: str) -> None:
    missing = sorted({column for column in columns for row in rows if column not in row})
    if not rows:
        raise ValueError(f"{name} must have at least one row, got none. Fetch the list again.")
    if missing:
        raise ValueError(
            f"{name} must have columns {list(columns)}, missing {missing}, got {list(rows[0])}."
            " Check which list it is."
        )
