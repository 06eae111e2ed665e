"""What a feed is, what a poller is handed and what it gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd

from forecasting.rain_periods import RainPeriods
from forecasting.types import RainGauge

POLL_S = 90.0  # for all pages of one poll: the cycle waits for it


class FeedError(ValueError):
    """A poll that gave nothing; `kind` names the fault, as rows and tests read it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(frozen=True)
class Feed:
    """One `[[feed]]` of a city.toml (data/README.md)."""

    name: str
    kind: str
    every_s: float
    url: str = ""
    folder: Path | None = None
    on_demand: bool = False
    stations: Mapping[str, str] = field(default_factory=dict)  # the feed's own id -> house id
    columns: Mapping[str, str] = field(default_factory=dict)  # house id -> the file's own column
    types: tuple[str, ...] = ()  # of telegrams, as VXKO
    lists: tuple[str, ...] = ("extra", "regular")  # Atom feeds of telegrams
    encoding: str = "utf-8-sig"
    time_column: str = "time"
    utc_offset_h: float = 9.0
    header_row: int = 1


@dataclass(frozen=True)
class Polling:
    """What one poll may use."""

    client: httpx2.Client
    now: datetime
    memory: Mapping[str, Any]  # of the last good poll
    kinds: Mapping[str, str]  # house id -> level_m or rain_mm
    folder: Path  # of telegrams, or of bodies that are kept as they came
    rain_gauges: tuple[RainGauge, ...] = ()  # where rain forecasts are read
    last_good: datetime | None = None
    token: str = ""
    wait: Callable[[float], None] = lambda _: None
    begun: float = field(default_factory=time.monotonic)  # when it was `now`
    until: float = field(default_factory=lambda: time.monotonic() + POLL_S)  # of `time.monotonic`


@dataclass(frozen=True)
class Polled:
    """What one poll gave; `settle` runs once the readings are safely kept."""

    readings: pd.DataFrame | None = None  # columns of `kawamori.archive`; None = no such feed
    memory: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()  # what was refused beside what was kept
    settle: Callable[[], None] = lambda: None
    said: str = ""
    rain: tuple[RainPeriods, ...] = ()  # forecasts, kept by `kawamori.rain_store`
