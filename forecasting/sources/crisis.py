"""危機管理型水位計: JSON of the nation's low-cost gauges, one report per fetch or line by line.

An item names its station, `obsTime` (with zone), `level` and three levels of its own: `startLevel`
(観測開始水位), `warnLevel` (危険水位) and `fladLevel` (氾濫開始水位). Only gauges above their start
level are listed, so a series is censored from below; the same reading is listed again until a newer
one comes, so `obsTime` counts, never the time of the fetch. Levels of most stations are elevations:
never mix them with stage.

Its terms ask not to poll the map service; a city takes the file its prefecture hands out, or
fetches on demand.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.sources.grid import (
    TEN_MINUTES,
    Credit,
    absent,
    fixed_grid,
    on_grid,
    rain_gauges_of,
)
from forecasting.sources.readings import aware_time, json_of, number_of, readings_of
from forecasting.sources.rows import raise_all
from forecasting.types import Gauge, Observations, Thresholds

# 観測開始, 危険 and 氾濫開始水位, by the house levels that mean the most like them.
LEVELS = {"standby": "startLevel", "danger": "warnLevel", "overflow": "fladLevel"}
RIVER = re.compile(r"^(?P<before>[^(（]*)[(（](?P<bridge>.+?)[)）]\s*$")
CREDIT = Credit(
    title="Levels of 危機管理型水位計 while above their start level",
    source="国土交通省 川の水位情報",
    credit="国土交通省",
    comment="censored below the start level; level_m of most stations is an elevation",
)
Item = Mapping[str, Any]
EXPECTED = "an item must have a code, an obsTime with zone"


@dataclass(frozen=True)
class CrisisGauges:
    """A file of reports (`.json` with `items`, `.jsonl` of items) or a folder of such files."""

    path: Path

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give levels on a 10-minute grid, `start` to `end` included; rain is all missing.

        A reading between two steps stands at the later one; of several at one step the newest
        counts. A gauge that was never listed is all missing: it stayed below its start level or
        was not connected.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If a file is no such JSON or an item lacks its code, time or level; all are named.
        """
        grid = fixed_grid(start, end, TEN_MINUTES)
        wanted = [gauge.gauge_id for gauge in gauges]
        readings, faults = _readings(_items(self.path), level=True)
        raise_all(f"{EXPECTED} and a level", faults)
        rows = [row for row in readings if row[0] in set(wanted)]
        frame = pd.DataFrame(rows, columns=["gauge_id", "at", "level_m"]).astype({"level_m": float})
        times = pd.DatetimeIndex(pd.to_datetime(frame["at"], utc=True)).tz_localize(None)
        frame = frame.assign(at=times, time=times.ceil(TEN_MINUTES)).sort_values(
            "at", kind="stable"
        )
        level = frame.groupby(["time", "gauge_id"])["level_m"].last().unstack("gauge_id")
        level = level.reindex(columns=wanted).set_axis(wanted, axis=1)
        return on_grid(grid, level, absent(rain_gauges_of(gauges)), CREDIT)


def read_crisis_stations(path: Path) -> tuple[Gauge, ...]:
    """Give the stations that a report names, in the order of their codes.

    Thresholds are the station's own: standby = 観測開始水位, danger = 危険水位, overflow =
    氾濫開始水位; a missing one is None, and one out of order is left out.
    """
    newest = {str(item["code"]): item for _, item in _items(path) if item.get("code")}
    return tuple(_gauge(newest[code]) for code in sorted(newest))


def crisis_readings(body: bytes) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give the readings of one report as the archive keeps them, and what was refused of it.

    An item without a level is reported as missing (NaN); one without a code or a time is refused,
    the others are not.

    Raises
    ------
    ValueError
        If the body is no such JSON, or no item of it can be read.
    """
    report = json_of(body, "report of 危機管理型水位計")
    items = report.get("items") if isinstance(report, Mapping) else None
    if not isinstance(items, list):
        raise ValueError("report of 危機管理型水位計 must have a list `items`, got none.")
    placed = [(f"item {number}", item) for number, item in enumerate(items, start=1)]
    found, faults = _readings(placed, level=False)
    if not found:
        raise_all(EXPECTED, faults)
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    refused = (f"{EXPECTED}, got {faults[0]}{more}",) if faults else ()
    return readings_of(("level_m", *reading) for reading in found), refused


def _gauge(item: Item) -> Gauge:
    name = str(item.get("name", "")).strip()
    parts = RIVER.match(name)
    levels: dict[str, float] = {}
    for house, foreign in LEVELS.items():
        level = number_of(item.get(foreign))
        if math.isfinite(level) and level >= max(levels.values(), default=-math.inf):
            levels[house] = level
    return Gauge(
        gauge_id=str(item["code"]),
        name=name,
        river=parts["before"].strip() if parts else "",
        lon=number_of(item.get("longitude")),
        lat=number_of(item.get("latitude")),
        thresholds=Thresholds(**levels),
        sensor="crisis",
    )


def _readings(
    items: Iterable[tuple[str, Any]], *, level: bool
) -> tuple[list[tuple[str, datetime, float]], list[str]]:
    """Give code, time and level of each item that has them, and the others by name.

    With `level` False an item may do without one: NaN.
    """
    found, faults = [], []
    for place, item in items:
        told = item if isinstance(item, Mapping) else {}
        code, text, level_m = told.get("code"), told.get("obsTime"), number_of(told.get("level"))
        at = aware_time(text)
        named = isinstance(code, str | int) and bool(code)
        if at is not None and named and not (level and math.isnan(level_m)):
            found.append((str(code), at, level_m))
        else:
            faults.append(f"{code!r}, {text!r}, {told.get('level')!r}"[:150] + f" ({place})")
    return found, faults


def _items(path: Path) -> Iterator[tuple[str, Item]]:
    """Give each item and where it stands, in order of file name and line."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Name the report of 危機管理型水位計.")
    files = sorted(path.glob("*.json*")) if path.is_dir() else [path]
    for file in files:
        text = file.read_text(encoding="utf-8-sig")
        try:
            if file.suffix == ".jsonl":
                items = [json.loads(line) for line in text.splitlines() if line.strip()]
            else:
                items = json.loads(text)["items"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f"{file.name} must be JSON with `items`, or an item a line (.jsonl), got {error!r}."
            ) from error
        for number, item in enumerate(items, start=1):
            yield f"{file.name}, item {number}", item
