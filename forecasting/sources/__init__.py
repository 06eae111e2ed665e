"""Feeds: each reads one foreign form of level and rain series into `Observations`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from forecasting.sources.amedas import Amedas
from forecasting.sources.crisis import CrisisGauges
from forecasting.sources.kotogawa import Kotogawa, KotogawaScrape
from forecasting.sources.kwater import KWater
from forecasting.sources.mlit_log import MlitLog
from forecasting.sources.table import TableSource
from forecasting.types import Gauge, Observations


class Source(Protocol):
    """A feed: constructed with the folder or file it reads, and nothing is read before `read`."""

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give the series of `gauges` and their rain gauges, `start` to `end` included."""


SOURCES: dict[str, Callable[[Path], Source]] = {
    "amedas": Amedas,  # file
    "crisis": CrisisGauges,  # file or folder
    "kotogawa": Kotogawa,  # folder
    "kotogawa-scrape": KotogawaScrape,  # file
    "kwater": KWater,  # folder
    "mlit-log": MlitLog,  # folder
    "table": TableSource,  # file
}
