"""One place of an official list as text, and the frame that many of them give.

A reader (`gsi`, `municipal`) only renames the foreign columns to a `Record`; every check of a
value is here, so that all lists share the same limits and the same errors.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from hazard.types import JGD2011
from shelters.types import HAZARDS, SHELTER_COLUMNS, CapacitySource, Shelters, check_shelters

FLOOR_M2_PER_PERSON = 3.5  # 内閣府 避難所運営ガイドライン (2024-12-13)
JAPAN_LON, JAPAN_LAT = (122.0, 154.0), (20.0, 46.0)
TRUE_FLAGS, FALSE_FLAGS = {"1", "1.0", "○", "◯"}, {"", "0", "0.0", "×", "-"}
_NUMBER = r"-?[\d,]+(?:\.\d+)?"
_INDOOR, _OUTDOOR = (re.compile(rf"屋{where}\s*({_NUMBER})\s*人") for where in "内外")
_PLAIN = re.compile(rf"({_NUMBER})\s*人?")


@dataclass(frozen=True)
class Record:
    """One row of a list under house names, every value still the text of the list."""

    where: str  # "shelters.csv row 52": for errors
    shelter_id: str
    name: str
    address: str
    lon: str
    lat: str
    kinds: frozenset[str]
    flags: Mapping[str, str] = field(default_factory=dict)  # hazard -> flag text
    capacity: str = ""
    area_m2: str = ""
    occupied: str = ""
    status: str = "unknown"


def frame_of(records: Sequence[Record]) -> Shelters:
    """Give the records in the house form, capacities as listed and otherwise <NA>.

    Raises
    ------
    ValueError
        Naming every row whose id, position, capacity, area, head count or flag is not usable.
    """
    faults: list[str] = []
    rows = [_row(record, faults) for record in records]
    seen = Counter(record.shelter_id for record in records)
    faults += [
        f"shelter_id must be unique, got {record.shelter_id} {seen[record.shelter_id]} times"
        f" ({record.where})"
        for record in records
        if record.shelter_id and seen[record.shelter_id] > 1
    ]
    if faults:
        rest = "Correct the row or drop it." if len(faults) == 1 else "Correct or drop these rows."
        raise ValueError("; ".join(faults) + ". " + rest)
    return shelter_frame(rows)


def shelter_frame(rows: Iterable[Mapping[str, Any]]) -> Shelters:
    """Give rows of house values (shelter_id, lon, lat and the columns but geometry) as a frame."""
    columns = ["shelter_id", *SHELTER_COLUMNS[:-1], "lon", "lat"]
    table = pd.DataFrame(list(rows), columns=columns)
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs=JGD2011)
    frame = gpd.GeoDataFrame(table, geometry=points).set_index("shelter_id")
    frame.index = frame.index.astype("object")
    kinds = {"capacity": "Int64", "occupied": "Int64", "area_m2": "float64"}
    return check_shelters(frame.astype(kinds))


def with_capacity(shelters: Shelters, *, assumed: int | None = None) -> Shelters:
    """Give the shelters with a capacity wherever one is listed, follows from area, or is assumed.

    Order: listed; area / 3.5 m2; `assumed` people, then named so in `capacity_source`; else <NA>
    and "unknown". Capacities already there are kept.
    """
    if assumed is not None and assumed < 0:
        raise ValueError(f"assumed capacity must be a whole number >= 0, got {assumed}.")
    frame = shelters.copy()
    known = frame["capacity"].notna()
    by_area = ~known & frame["area_m2"].notna()
    people = (frame.loc[by_area, "area_m2"] / FLOOR_M2_PER_PERSON).map(math.floor)
    frame.loc[by_area, "capacity"] = people.astype("Int64")
    frame.loc[by_area, "capacity_source"] = "area"
    if assumed is not None:
        rest = ~known & ~by_area
        frame.loc[rest, "capacity"] = assumed
        frame.loc[rest, "capacity_source"] = "assumed"
    return check_shelters(frame)


def plain(text: Any) -> str:
    """Give a cell as text: no outer spaces, full-width forms made half-width, None as ''."""
    return "" if text is None else unicodedata.normalize("NFKC", str(text)).strip()


def _row(record: Record, faults: list[str]) -> dict[str, Any]:
    what = f"shelter_id {record.shelter_id or 'none'}, {record.where}"
    found: list[str] = []
    if not record.shelter_id:
        found.append("shelter_id must be given, got an empty cell")
    lon, lat = _position(record, found)
    capacity = _people("capacity", _stated_people(record.capacity), found)
    row = {
        "shelter_id": record.shelter_id,
        "name": record.name,
        "address": record.address,
        "kinds": record.kinds,
        "hazard_ok": frozenset(h for h in HAZARDS if _flag(h, record.flags.get(h, ""), found)),
        "area_m2": _area(record.area_m2, found),
        "capacity": capacity,
        "capacity_source": _source(capacity),
        "occupied": _people("occupied", _stated_people(record.occupied), found),
        "status": record.status,
        "features": frozenset[str](),
        "lon": lon,
        "lat": lat,
    }
    faults += [f"{fault} ({what})" for fault in found]
    return row


def _source(capacity: Any) -> CapacitySource:
    return "unknown" if capacity is pd.NA else "listed"


def _stated_people(text: str) -> str:
    """Give the number in "50,700 ", "300人" or "屋内1,371人／屋外5,470人（面積の1/2）".

    Indoors counts; a place that has no indoor room counts its open ground.
    """
    text = plain(text)
    numbers = [found[1] for found in (_INDOOR.search(text), _OUTDOOR.search(text)) if found]
    if numbers:
        return next((number for number in numbers if number.strip("0")), "0").replace(",", "")
    number = _PLAIN.fullmatch(text)
    return number[1].replace(",", "") if number else text


def _people(what: str, text: str, faults: list[str]) -> Any:
    if text == "":
        return pd.NA
    value = _float(text)
    if value < 0 or not value.is_integer():  # NaN and inf are no integers
        faults.append(f"{what} must be a whole number >= 0, got {text}")
        return pd.NA
    return int(value)


def _area(text: str, faults: list[str]) -> float:
    text = plain(text).replace(",", "")
    area_m2 = _float(text)
    if text and not 0 <= area_m2 < math.inf:
        faults.append(f"area_m2 must be a number >= 0, got {text}")
    return area_m2


def _flag(hazard: str, text: str, faults: list[str]) -> bool:
    text = plain(text)
    if text not in TRUE_FLAGS | FALSE_FLAGS:
        faults.append(f"the {hazard} flag must be 1 or empty, got {text}")
    return text in TRUE_FLAGS


def _position(record: Record, faults: list[str]) -> tuple[float, float]:
    lon, lat = _float(plain(record.lon)), _float(plain(record.lat))
    if not (_within(lon, JAPAN_LON) and _within(lat, JAPAN_LAT)):
        swapped = _within(lat, JAPAN_LON) and _within(lon, JAPAN_LAT)
        faults.append(
            "lon, lat must lie in Japan (122 to 154, 20 to 46), got"
            f" {record.lon or 'empty'}, {record.lat or 'empty'}"
            + (", which look swapped" if swapped else "")
        )
    return lon, lat


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
