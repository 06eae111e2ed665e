"""Hydrographs: what each gauge showed, what is forecast, and the official levels it meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.products import peaks
from forecasting.types import BAD, MISSING, Gauge, Observations, aware, utc64
from kawamori.peaks import Peak, peak_of
from kawamori.run import Run
from kawamori.situation import gauge_rows
from kawamori.situation_words import WORDS
from kawamori.words import THRESHOLD_LEVELS

Values = NDArray[np.float64]

FAN = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}  # 90 % and 50 %
PAST_HORIZONS = 3  # observed line shown before issue time, in forecast horizons
SHORTEST_PAST = timedelta(hours=6)


@dataclass(frozen=True)
class ForecastRow:
    """One lead of one gauge: level quantiles, None = unknown. [m above gauge zero]"""

    valid_time: datetime
    q05: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q95: float | None
    truth_m: float | None = None  # what came later; unknown when the forecast was made


@dataclass(frozen=True)
class Hydrograph:
    """The lines of one gauge; `truth` is empty where the later series is not given."""

    gauge: Gauge
    issued_at: datetime
    observed: tuple[tuple[datetime, float | None], ...]
    forecast: tuple[ForecastRow, ...]
    truth: tuple[tuple[datetime, float | None], ...] = ()
    highest: Peak | None = None  # over paths of the water; None = no forecast
    before: tuple[ForecastRow, ...] = ()  # what the run before foresaw for these times

    @property
    def empty(self) -> bool:
        """Tell whether nothing at all is known of this gauge."""
        known_levels = [level for _, level in (*self.observed, *self.truth) if level is not None]
        return not known_levels and self.peak is None

    @property
    def peak(self) -> ForecastRow | None:
        """Give the lead with the highest median."""
        return peak(self.forecast)


def hydrographs(
    run: Run, *, truth: Observations | None = None, previous: Run | None = None
) -> list[Hydrograph]:
    """Give one hydrograph per gauge of the city, most dangerous first.

    Parameters
    ----------
    run
        Its observations end at `issued_at`; its forecast gives the horizon.
    truth
        The series as it came later, drawn apart from what was known; None = not known.
    previous
        The run before of the same city, whose forecast is drawn beside; None = there is none.

    Returns
    -------
        A gauge without series or without forecast keeps its place with empty lines.
    """
    highest = peaks(run.forecast)
    charts = [_hydrograph(run, row.gauge, truth, highest) for row in gauge_rows(run)]
    if previous is None:
        return charts
    return [replace(chart, before=_before(previous, chart, run.issued_at)) for chart in charts]


def _before(previous: Run, chart: Hydrograph, issued_at: datetime) -> tuple[ForecastRow, ...]:
    """Give what the earlier run foresaw for times that are still drawn."""
    end = max((row.valid_time for row in chart.forecast), default=issued_at)
    rows = forecast_rows(previous, chart.gauge)
    return tuple(row for row in rows if row.valid_time <= end)


def chart_data(chart: Hydrograph, language: str = "ja") -> dict[str, Any]:
    """Give what the page draws: aligned columns on one axis of Unix seconds, None = gap."""
    short = WORDS[language].THRESHOLD_SHORT
    observed, truth = dict(chart.observed), dict(chart.truth)
    rows = {row.valid_time: row for row in chart.forecast}
    before = {row.valid_time: row.q50 for row in chart.before}
    times = sorted({*observed, *rows, *truth, *before})
    columns: dict[str, list[Any]] = {"t": [int(time.timestamp()) for time in times]}
    columns["observed"] = [observed.get(time) for time in times]
    for name in FAN:
        columns[name] = [getattr(rows.get(time), name, None) for time in times]
    if truth:
        columns["truth"] = [truth.get(time) for time in times]
    if before:
        columns["before"] = [before.get(time) for time in times]
    thresholds = [
        {"name": short[name], "level_m": level_m, "level": int(THRESHOLD_LEVELS[name])}
        for name, level_m in chart.gauge.thresholds.items()
    ]
    now = int(chart.issued_at.timestamp())
    return {"gauge_id": chart.gauge.gauge_id, "now": now, "thresholds": thresholds, **columns}


def _hydrograph(
    run: Run, gauge: Gauge, truth: Observations | None, highest: xr.Dataset
) -> Hydrograph:
    leads = run.forecast["lead"].values
    horizon = timedelta(seconds=int(leads.max() / np.timedelta64(1, "s"))) if leads.size else None
    past = max(SHORTEST_PAST, (horizon or timedelta()) * PAST_HORIZONS)
    start, end = run.issued_at - past, run.issued_at + (horizon or timedelta())
    later = dict(_series(truth, gauge, run.issued_at, end)) if truth is not None else {}
    return Hydrograph(
        gauge=gauge,
        issued_at=run.issued_at,
        observed=_series(run.observations, gauge, start, run.issued_at),
        forecast=forecast_rows(run, gauge, later=later),
        truth=tuple(later.items()),
        highest=peak_of(highest, gauge, run.issued_at),
    )


def _series(
    observations: Observations, gauge: Gauge, start: datetime, end: datetime
) -> tuple[tuple[datetime, float | None], ...]:
    """Give the levels from `start` to `end`; bad and missing ones are gaps."""
    if gauge.gauge_id not in observations["gauge"].values:
        return ()
    window = observations.sel(gauge=gauge.gauge_id, time=slice(utc64(start), utc64(end)))
    level = window["level_m"].where(~window["level_flag"].isin([BAD, MISSING]))
    times = (aware(time) for time in level["time"].values)
    return tuple(zip(times, (known(value) for value in level.values), strict=True))


def forecast_rows(
    run: Run, gauge: Gauge, *, later: Mapping[datetime, float | None] | None = None
) -> tuple[ForecastRow, ...]:
    """Give one row per lead, with what came `later` at that time if it is known."""
    if gauge.gauge_id not in run.forecast["gauge"].values:
        return ()
    level = run.forecast["level_m"].sel(gauge=gauge.gauge_id).transpose("lead", "quantile")
    grid = level["quantile"].values
    rows = []
    for lead, values in zip(level["lead"].values, level.values, strict=True):
        valid_time = run.issued_at + timedelta(seconds=int(lead / np.timedelta64(1, "s")))
        fan = {name: quantile_of(grid, values, wanted) for name, wanted in FAN.items()}
        rows.append(ForecastRow(valid_time, **fan, truth_m=(later or {}).get(valid_time)))
    return tuple(rows)


def peak(rows: Sequence[ForecastRow]) -> ForecastRow | None:
    """Give the lead with the highest median; None where no median is known."""
    known_rows = [row for row in rows if row.q50 is not None]
    return max(known_rows, key=lambda row: row.q50 or 0.0, default=None)


def quantile_of(grid: Values, levels: Values, wanted: float) -> float | None:
    """Give one quantile of levels (quantile), linear between its neighbours on `grid`.

    None where a neighbour is unknown or `wanted` lies outside: tails are never guessed.
    """
    if not grid.size or not grid.min() - 1e-9 <= wanted <= grid.max() + 1e-9:
        return None
    return known(np.interp(wanted, grid, levels))


def known(value: Any) -> float | None:
    """Give a number to the millimetre, or None for NaN."""
    return None if np.isnan(value) else round(float(value), 3)
