"""How full shelters were: the history told by lists of open shelters, one file a time.

A list names the shelters that are open and how many people are inside. The time stands in a column
(時点), in the header of the head counts (人数_令和6年1月9日午後6時時点) or in the file's name
(…-2024-01-09-1800.csv), always Japanese time. A shelter that a list does not name was not open
then; a head count that a list leaves empty is unknown, not zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd

from shelters.municipal import OCCUPIED
from shelters.read import read_list, read_rows
from shelters.records import plain

JST = timezone(timedelta(hours=9), "JST")
TIME_COLUMN = "時点"
OCCUPANCY_COLUMNS = ("time", "shelter_id", "name", "people", "capacity")
ERAS = {"令和": 2018, "平成": 1988}  # year 1 is the year after
_ERA_TIME = re.compile(
    r"(?P<era>令和|平成)?(?P<year>\d+|元)年(?P<month>\d+)月(?P<day>\d+)日"
    r"\s*(?P<half>午前|午後)?(?P<hour>\d+)時(?:(?P<half_past>半)|(?P<minute>\d+)分)?"
)
_FILE_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})[-T_]?(\d{2}):?(\d{2})")


def read_occupancy(paths: Sequence[Path]) -> pd.DataFrame:
    """Read lists of open shelters as one table; of two files of one time the later named counts.

    Returns
    -------
        OCCUPANCY_COLUMNS by time (UTC) and shelter_id; people and capacity <NA> = unknown.

    Raises
    ------
    ValueError
        If a file tells no time or no head counts, or as `shelters.read.read_list`.
    """
    parts = {}
    for path in paths:
        rows = read_rows(path)
        if not any(str(column).startswith(OCCUPIED) for column in rows[0]):
            raise ValueError(
                f"{path.name} must have a column {OCCUPIED} of head counts, got {list(rows[0])}."
                " Give lists of open shelters."
            )
        frame = read_list(path)[["name", "occupied", "capacity"]].reset_index()
        parts[_time(rows, path)] = frame.rename(columns={"occupied": "people"})
    if not parts:
        return pd.DataFrame(columns=list(OCCUPANCY_COLUMNS))
    tables = [part.assign(time=at) for at, part in sorted(parts.items())]
    table = pd.concat(tables, ignore_index=True)[list(OCCUPANCY_COLUMNS)]
    table["time"] = pd.to_datetime(table["time"], utc=True)
    return pd.DataFrame(table.sort_values(["time", "shelter_id"], ignore_index=True))


def occupancy_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Give by time: open shelters, people told of, shelters whose count is unknown, and full ones.

    Returns
    -------
        Index time; shelters, people, unknown, full (people >= a known capacity).
    """
    full = (table["people"] >= table["capacity"]).fillna(False).astype(int)
    rows = table.assign(unknown=table["people"].isna().astype(int), full=full)
    return pd.DataFrame(
        rows.groupby("time").agg(
            shelters=("shelter_id", "size"),
            people=("people", "sum"),
            unknown=("unknown", "sum"),
            full=("full", "sum"),
        )
    )


def _time(rows: Sequence[Mapping[str, Any]], path: Path) -> datetime:
    counted = next((name for name in rows[0] if str(name).startswith(OCCUPIED)), "")
    told = {plain(row.get(TIME_COLUMN)) for row in rows} - {""}
    if len(told) > 1:
        raise ValueError(
            f"{path.name} must be of one time, got {sorted(told)}. Split the file by time."
        )
    texts = [*told, plain(counted)]
    found = next((match for text in texts if (match := _ERA_TIME.search(text))), None)
    if found is not None:
        return _era_time(found, path)
    named = _FILE_TIME.search(path.name)
    if named is None:
        raise ValueError(
            f"{path.name} must tell its time in a column {TIME_COLUMN} (令和6年1月9日午後6時) or"
            f" in its name (2024-01-09-1800), got {texts}. Rename the file."
        )
    return _moment([int(part) for part in named.groups()], path)


def _era_time(found: re.Match[str], path: Path) -> datetime:
    year = 1 if found["year"] == "元" else int(found["year"])
    hour = int(found["hour"]) % 12 if found["half"] else int(found["hour"])
    hour += 12 if found["half"] == "午後" else 0
    minute = 30 if found["half_past"] else int(found["minute"] or 0)
    day = [ERAS.get(found["era"] or "", 0) + year, int(found["month"]), int(found["day"])]
    return _moment([*day, hour, minute], path)


def _moment(parts: list[int], path: Path) -> datetime:
    """Give year, month, day, hour (24 = the next midnight) and minute of Japan as UTC."""
    try:
        midnight = datetime(parts[0], parts[1], parts[2], tzinfo=JST)
    except ValueError as error:
        raise ValueError(f"{path.name}: {parts} is no time ({error}). Correct it.") from error
    return (midnight + timedelta(hours=parts[3], minutes=parts[4])).astimezone(UTC)
