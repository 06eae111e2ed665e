"""A city's own CSV: `time`, one column per gauge [m] and per rain gauge [mm per step].

The form by which a new city starts. The column names are the house ids unless a map says
otherwise; a blank is missing. A time that names no zone is UTC, or `utc_offset_h` ahead of it; a
stamp is the END of the step, which is an hour if all times are whole hours and 10 min otherwise.
What cannot be true is refused with its row: a person can correct it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from forecasting.quality import level_limits, most_rain_mm
from forecasting.sources.grid import (
    HOUR,
    TEN_MINUTES,
    Credit,
    fixed_grid,
    on_grid,
    rain_gauges_of,
)
from forecasting.sources.rows import (
    check_step,
    numbers,
    raise_all,
    raise_faults,
    read_rows,
    utc_times,
)
from forecasting.types import Gauge, Observations, aware


@dataclass(frozen=True)
class TableSource:
    """A CSV with a time column; `columns` maps house ids to the file's own column names."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    utc_offset_h: float = 0.0
    time_column: str = "time"
    credit: str = ""

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give level and rain of the table, `start` to `end` included.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If a column is missing, a time is double or off the step, or a value is not a number
            or not possible (`quality.level_limits`, `quality.most_rain_mm`). Each row is named.
        """
        levels = [gauge.gauge_id for gauge in gauges]
        rains = list(rain_gauges_of(gauges))
        foreign = {name: self.columns.get(name, name) for name in (*levels, *rains)}
        rows = read_rows(self.path, (self.time_column, *foreign.values()))
        series = {name: numbers(rows[column], self.path) for name, column in foreign.items()}
        frame = pd.DataFrame(series, index=rows.index)
        times, step = self._times(rows[self.time_column])
        self._refuse_impossible(frame, gauges, rains, step / HOUR)
        frame.index = times
        credit = Credit(f"Level and rain of {self.path.name}", "table", self.credit)
        return on_grid(fixed_grid(start, end, step), frame[levels], frame[rains], credit)

    def period(self) -> tuple[datetime, datetime]:
        """Give the first and the last time of the table.

        Raises
        ------
        FileNotFoundError, ValueError
            As `read`; also if the table has no row.
        """
        rows = read_rows(self.path, (self.time_column,))
        times, _ = self._times(rows[self.time_column])
        if not len(times):
            raise ValueError(f"{self.path.name} must have at least one row, got none. Fill it.")
        return aware(times.min().to_datetime64()), aware(times.max().to_datetime64())

    def _times(self, column: pd.Series) -> tuple[pd.DatetimeIndex, pd.Timedelta]:
        """Give the times and their step."""
        times = utc_times(column, self.path, utc_offset_h=self.utc_offset_h)
        step = HOUR if (times == times.floor(HOUR)).all() else TEN_MINUTES
        check_step(times, column, self.path, step)
        twice = times.duplicated(keep="first")
        raise_faults(f"{self.path.name}: each {self.time_column} must come once", column[twice])
        return times, step

    def _refuse_impossible(
        self, frame: pd.DataFrame, gauges: Sequence[Gauge], rains: Sequence[str], step_h: float
    ) -> None:
        limits = {gauge.gauge_id: (*level_limits(gauge), "m") for gauge in gauges}
        limits |= {name: (0.0, most_rain_mm(step_h), "mm") for name in rains}
        faults = [
            f"{value:g} {unit} outside {low:g} to {high:g} {unit} (row {row}, {name})"
            for name, (low, high, unit) in limits.items()
            for row, value in frame[name].items()
            if value < low or value > high
        ]
        raise_all(f"{self.path.name}: level and rain must be possible", faults)
