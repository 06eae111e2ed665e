"""水文水質データベース, one station as text: `date,time,value,flag` below lines that name it.

The page of a search links to the text (`….dat`), in CP932, times in JST, 24:00 is the day's end.
Flags: blank = checked, * = provisional, $ = missing, # = closed, - = not received; only the first
two have a value, and -9999 and less is none whatever its flag. Form: as users of it describe it,
2026-08.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pandas as pd

from forecasting.sources.readings import Reading, jst_time, number_of, readings_of

ENCODING = "cp932"
LINK = re.compile(rb"""href\s*=\s*["']?([^"'\s>]+\.dat)\b""", re.IGNORECASE)
ROW = re.compile(r"^(\d{4})/(\d{1,2})/(\d{1,2})\s*,\s*(\d{1,2}):(\d{2})\s*,([^,]*),?([^,]*)")
STATION = re.compile(r"^観測所記号,\s*(\S+)")
USABLE = ("", "*")
NONE_M = -9999.0  # and below: the number that stands for none


def text_link(page: bytes) -> str:
    """Give the link of a search page to its text, as it stands there.

    Raises
    ------
    ValueError
        If the page has none.
    """
    found = LINK.search(page)
    if found is None:
        raise ValueError("水文水質データベース page must link to a .dat file, got none.")
    return found.group(1).decode("ascii")


def text_readings(body: bytes, station: str, house_id: str, kind: str) -> pd.DataFrame:
    """Give the readings of a text.

    Parameters
    ----------
    station
        観測所記号 that the text must be of.
    kind
        `level_m` or `rain_mm`; see `kawamori.archive`.

    Raises
    ------
    ValueError
        If it is another station's text, or has no row; UnicodeDecodeError if it is not CP932.
    """
    lines = body.decode(ENCODING).splitlines()
    named = [found.group(1) for line in lines if (found := STATION.match(line))]
    rows = [row for row in _rows(lines, house_id, kind) if row is not None]
    if named != [station] or not rows:
        raise ValueError(
            f"text of 水文水質データベース must be of station {station} with rows date,time,value,"
            f"flag, got stations {named} and {len(rows)} rows. Correct the feed's url."
        )
    return readings_of(rows)


def _rows(lines: list[str], house_id: str, kind: str) -> Iterator[Reading | None]:
    for line in lines:
        found = ROW.match(line)
        if found is None:
            continue
        at = jst_time(*map(int, found.groups()[:5]))
        value = number_of(found.group(6).strip()) if found.group(7).strip() in USABLE else math.nan
        known = value if value > NONE_M else math.nan
        yield None if at is None else (kind, house_id, at, known)
