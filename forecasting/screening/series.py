"""What the tests read: levels and the rain that fed them, all gauges side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from forecasting.types import BAD, GOOD, SUSPECT, Gauge, Observations, step_of

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """Levels of all gauges on one time step, and the mean of the rain gauges named for each.

    A gauge that the city does not describe is None: it is held against its own past alone.
    """

    level_m: Numbers  # (time, gauge), NaN = missing
    rain_mm: Numbers  # (time, gauge) per step, NaN = no rain gauge told
    gauges: tuple[Gauge | None, ...]
    step_h: float
    hindsight: bool = False  # readings after the judged one may be used

    def lowest_m(self) -> Numbers:
        """Give the lowest official level of each gauge, (gauge); NaN = none is known."""
        known = [gauge.thresholds.items() if gauge else [] for gauge in self.gauges]
        return np.array([levels[0][1] if levels else np.nan for levels in known], dtype="float64")


def series_of(
    observations: Observations,
    gauges: Sequence[Gauge],
    believed_rain_mm: Numbers,
    *,
    hindsight: bool = False,
) -> Series:
    """Give the series of observations; rain that is not believed is NaN, (time, rain_gauge)."""
    known = {gauge.gauge_id: gauge for gauge in gauges}
    described = tuple(known.get(str(name)) for name in observations["gauge"].values)
    step_h = float(step_of(observations) / np.timedelta64(1, "s")) / 3600
    rain = _mean_rain(believed_rain_mm, observations["rain_gauge"].values, described)
    level = np.asarray(observations["level_m"].values, dtype="float64")
    return Series(level, rain, described, step_h, hindsight)


def flags_of(suspect: Mask, bad: Mask | None = None) -> Flags:
    """Give BAD where `bad`, else SUSPECT where `suspect`, else GOOD."""
    flags = np.where(suspect, SUSPECT, GOOD)
    return (flags if bad is None else np.where(bad, BAD, flags)).astype("int8")


def rows_of(level_m: Numbers) -> Rows:
    """Give the row numbers as a column, (time, 1)."""
    return np.arange(len(level_m), dtype="int64")[:, None]


def last_row(seen: Mask) -> Rows:
    """Give the row of the newest true value up to each row, (time, gauge); -1 = none so far."""
    return np.maximum.accumulate(np.where(seen, rows_of(seen), -1), axis=0)  # type: ignore[arg-type]


def at_rows(values: Numbers, rows: Rows) -> Numbers:
    """Give the values at `rows` (time, gauge), NaN where the row is before the first."""
    taken = np.take_along_axis(values, np.maximum(rows, 0), axis=0)
    return np.where(rows >= 0, taken, np.nan)


def changes(level_m: Numbers, seen: Mask, step_h: float) -> tuple[Numbers, Numbers]:
    """Give the change since the seen reading before [m] and the hours between; NaN = none."""
    before = np.full(level_m.shape, -1, dtype="int64")
    before[1:] = last_row(seen)[:-1]
    change = np.where(seen, level_m - at_rows(level_m, before), np.nan)
    return change, np.where(before >= 0, rows_of(level_m) - before, 0) * step_h


def _mean_rain(rain_mm: Numbers, names: npt.NDArray[np.str_], gauges: Sequence[Gauge | None]
               ) -> Numbers:  # fmt: skip
    row_of = {str(name): row for row, name in enumerate(names)}
    pairs = [
        (row_of[name], column)
        for column, gauge in enumerate(gauges)
        for name in (gauge.rain_gauges if gauge else ())
        if name in row_of
    ]
    rows, columns = (np.array([pair[end] for pair in pairs], dtype="int64") for end in (0, 1))
    feeds = csr_array(
        (np.ones(len(pairs)), (rows, columns)), shape=(len(names), len(gauges)), dtype="float64"
    )
    known = np.isfinite(rain_mm)
    total, count = np.where(known, rain_mm, 0.0) @ feeds, known.astype("float64") @ feeds
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
