"""The ten biggest floods of every real series: none of their readings may be refused.

A flood here is from a day before a top to six hours after it; tops stand two days apart and half a
metre above the series' median.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.quality import screen
from forecasting.sources import SOURCES
from forecasting.sources.mlit_log import read_siteinfo
from forecasting.types import BAD, SUSPECT, Gauge, step_of

BIGGEST, APART_H, LEAST_M = 10, 48.0, 0.5
BEFORE_H, AFTER_H = 24.0, 6.0
JINGWAN = (("1018620", "1018625", "1018630"), ("10184110", "10184220"))
SAMRANGJIN = (
    ("2020650", "2020675", "2021685", "2020680", "2022610"),
    ("20224050", "20204020", "20204030", "20214020"),
)
NONE: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
SERIES = {  # source, folder, gauges and rain gauges (none: of its siteinfo), first and last day
    "Jingwan": ("kwater", "kwater_korea/data", JINGWAN, "2014-01-01", "2021-06-30"),
    "Samrangjin": ("kwater", "kwater_korea/data", SAMRANGJIN, "2014-01-01", "2021-06-30"),
    "厚東川 2023": (
        "kotogawa",
        "kotogawa_yamaguchi",
        (("jiseiji",), ()),
        "2023-06-01",
        "2023-08-02",
    ),
    "厚東川 2024": (
        "kotogawa",
        "kotogawa_yamaguchi",
        (("jiseiji",), ()),
        "2024-06-01",
        "2024-08-02",
    ),
    "Tokachi 2016": ("mlit-log", "tokachi_2016", NONE, "2016-08-01", "2016-09-22"),
    "Oita 2017": ("mlit-log", "oita_2017", NONE, "2017-07-03", "2017-07-08"),
}


def flood_rates(data: Path) -> dict[str, Any]:
    """Give what is doubted and refused in the floods of each real series, and beside them."""
    return {name: _rates(data / "river", name) for name in SERIES}


def _rates(folder: Path, name: str) -> dict[str, Any]:
    source, place, (gauges, rains), *days = SERIES[name]
    asked = [Gauge(one, "", "", 0.0, 0.0, rain_gauges=rains) for one in gauges]
    if not asked:
        asked = list(read_siteinfo(folder / place / "siteinfo.csv"))
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days)
    observed = SOURCES[source](folder / place).read(asked, start, end)
    tests = screen(observed, asked)
    level = observed["level_m"].values
    step_h = float(step_of(observed) / np.timedelta64(1, "s")) / 3600
    tops = [_tops(level[:, column], step_h) for column in range(level.shape[1])]
    flood = np.zeros(level.shape, dtype=bool)
    for column, rows in enumerate(tops):
        for row in rows:
            first = max(0, row - round(BEFORE_H / step_h))
            flood[first : row + round(AFTER_H / step_h) + 1, column] = True
    known = np.isfinite(level)
    refused = (tests == BAD).any("test").values & known
    doubted = (tests == SUSPECT).any("test").values & known & ~refused
    return {
        "floods": sum(map(len, tops)),
        "readings_in_floods": int((known & flood).sum()),
        "refused_in_floods": int((refused & flood).sum()),
        "doubted_in_floods": int((doubted & flood).sum()),
        "readings_beside": int((known & ~flood).sum()),
        "refused_beside": int((refused & ~flood).sum()),
        "doubted_beside": int((doubted & ~flood).sum()),
    }


def _tops(level_m: np.ndarray, step_h: float) -> list[int]:
    """Give the rows of the highest tops of a gauge."""
    left, apart = level_m.copy(), round(APART_H / step_h)
    rows: list[int] = []
    if not np.isfinite(left).any():
        return []
    least = float(np.nanmedian(left)) + LEAST_M
    while len(rows) < BIGGEST and np.isfinite(left).any() and np.nanmax(left) >= least:
        top = int(np.nanargmax(left))
        rows.append(top)
        left[max(0, top - apart) : top + apart] = np.nan
    return rows
