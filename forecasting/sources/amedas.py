"""AMeDAS hourly rain: one row per station and hour, no water level.

`hour_jst` is the END of the hour that `precipitation1h` [mm] fell in; `precipitation24h` [mm] is
the sum of the 24 hours up to then. An hour without a report has no row. Such an hour is rebuilt
where a 24-hour sum leaves no choice (all other hours of its window are known, or nothing is left
for the missing ones) and is flagged SUSPECT. The sum that rebuilds an hour is up to 23 hours
younger than it: a backtest of forecasts must read with `rebuild=False`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.sources.grid import HOUR, Credit, absent, fixed_grid, on_grid, rain_gauges_of
from forecasting.sources.rows import Numbers, check_step, numbers, read_rows, utc_times
from forecasting.types import SUSPECT, Gauge, Observations

COLUMNS = {"rain_mm": "precipitation1h", "rain_24h_mm": "precipitation24h"}
WINDOW_H = 24
RESOLUTION_MM = 0.5  # a tipping bucket of 0.5 mm: smaller rests are rounding
CREDIT = Credit(
    title="AMeDAS hourly rain",
    source="気象庁 AMeDAS, hourly files collected 2023-07 to 2023-12",
    credit="気象庁; collection (c) 2023 Nikkei Visual & Data Journalism, MIT",
    comment="no water level; rain flagged suspect was rebuilt from 24-hour sums",
)


@dataclass(frozen=True)
class Amedas:
    """The CSV (may be .gz): hour_jst, amdno, precipitation1h, precipitation24h."""

    path: Path
    rebuild: bool = True

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give hourly rain of the gauges' rain stations; levels are all missing.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If a column is missing, a station has no row, or an hour or number cannot be read.
        """
        grid = fixed_grid(start, end, HOUR)
        stations = rain_gauges_of(gauges)
        rows = read_rows(self.path, ("hour_jst", "amdno", *COLUMNS.values()))
        self._check_known(stations, rows)
        rain, flags = absent(stations), absent(stations)
        if stations:
            columns = [self._station(rows[rows["amdno"] == name]) for name in stations]
            rain = pd.DataFrame({n: one for n, (one, _) in zip(stations, columns, strict=True)})
            flags = pd.DataFrame({n: one for n, (_, one) in zip(stations, columns, strict=True)})
        level = absent(gauge.gauge_id for gauge in gauges)
        return on_grid(grid, level, rain, CREDIT, rain_flags=flags)

    def _check_known(self, stations: Sequence[str], rows: pd.DataFrame) -> None:
        unknown = sorted(set(stations) - set(rows["amdno"]))
        if unknown:
            raise ValueError(
                f"{self.path.name} must hold rows of amdno {list(stations)}, got none of {unknown}."
                " Correct rain_gauges of the gauges."
            )

    def _station(self, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        times = utc_times(rows["hour_jst"], self.path)
        check_step(times, rows["hour_jst"], self.path, HOUR)
        frame = pd.DataFrame(
            {name: numbers(rows[column], self.path) for name, column in COLUMNS.items()},
            index=times,
        )
        frame = frame.groupby(level=0).last().asfreq("h")
        seen = frame["rain_mm"].to_numpy()
        whole = rebuilt(seen, frame["rain_24h_mm"].to_numpy()) if self.rebuild else seen
        flags = np.where(np.isnan(seen) & ~np.isnan(whole), SUSPECT, np.nan)
        return pd.Series(whole, frame.index), pd.Series(flags, frame.index)


def rebuilt(rain_mm: Numbers, rain_24h_mm: Numbers) -> Numbers:
    """Give hourly rain with the hours that a 24-hour sum determines; others stay NaN. [mm]"""
    whole = rain_mm.copy()
    for last in range(WINDOW_H - 1, len(whole)):
        window = whole[last - WINDOW_H + 1 : last + 1]  # a view: filling it fills `whole`
        gaps = np.isnan(window)
        if not gaps.any() or np.isnan(rain_24h_mm[last]):
            continue
        rest = rain_24h_mm[last] - np.nansum(window)
        if abs(rest) < RESOLUTION_MM / 2:
            window[gaps] = 0.0
        elif rest > 0 and gaps.sum() == 1:
            window[gaps] = rest
    return whole
