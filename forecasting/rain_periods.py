"""Rain that was forecast, in the periods of whoever forecast it, and from there in our own steps.

Each feed has its own periods (hours, five minutes), its own delay and reach. Rain is spread evenly
over a period (仮定), summed over our steps; where a better feed is silent the next one is read.
What no feed tells is NaN, and a step that is not told wholly is NaN too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from forecasting.rain import check_rain_forecast
from forecasting.types import RainForecast, utc64

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

PIECE = np.timedelta64(5, "m")  # in which feeds are put together
LONGEST = np.timedelta64(6, "h")  # rain is not spread evenly over more
ROUNDING_MM = 0.2  # of the packing of sums
COMMENT = "as issued, spread evenly over each period (仮定); one member"


@dataclass(frozen=True)
class RainPeriods:
    """What one feed told at one time: rain_mm, low_mm, high_mm (period, rain_gauge).

    Periods may begin together (sums since the beginning of a model's run); `apart` takes the
    differences. `low_mm` and `high_mm` are the bounds where a feed tells classes (`high_mm` inf =
    open above), else the amount itself. [mm per period, NaN = unknown]
    """

    source: str
    issued_at: datetime
    start: Times  # UTC
    end: Times
    rain_gauges: tuple[str, ...]
    rain_mm: Floats
    low_mm: Floats
    high_mm: Floats

    def __post_init__(self) -> None:
        shape = (len(self.start), len(self.rain_gauges))
        faults = []
        for name in ("rain_mm", "low_mm", "high_mm"):
            if (got := getattr(self, name).shape) != shape:
                faults.append(f"{name} must have shape {shape}, got {got}")
        if len(self.end) != len(self.start) or not (self.end > self.start).all():
            faults.append("each period must end after its start")
        if (negative := int((self.rain_mm < 0).sum())) > 0:
            faults.append(f"rain must be >= 0 mm, {negative} values are negative")
        if faults:
            raise ValueError(f"rain of {self.source} is not usable: {'; '.join(faults)}.")


def apart(periods: RainPeriods) -> RainPeriods:
    """Give periods that follow on each other: of sums that begin together, the differences.

    A sum of more than `LONGEST` that no shorter one can be taken from is left out, as is a period
    that overlaps with one before it; a sum that falls by more than rounding is NaN.
    """
    order = np.lexsort((periods.end, periods.start))
    rows: list[tuple[int, int | None, np.datetime64]] = []  # row, row to take away, start
    until, before = np.datetime64("NaT"), None
    for row in map(int, order):
        begins_with = before is not None and periods.start[before] == periods.start[row]
        start = periods.end[before] if before is not None and begins_with else periods.start[row]
        less, before = (before if begins_with else None), row
        if start < until or start >= periods.end[row] or periods.end[row] - start > LONGEST:
            continue
        rows.append((row, less, start))
        until = periods.end[row]
    return RainPeriods(
        periods.source, periods.issued_at,
        np.array([start for _, _, start in rows], dtype="datetime64[ns]"),
        periods.end[[row for row, _, _ in rows]], periods.rain_gauges,
        *(_taken_away(values, rows)
          for values in (periods.rain_mm, periods.low_mm, periods.high_mm)),
    )  # fmt: skip


def _taken_away(values: Floats, rows: Sequence[tuple[int, int | None, np.datetime64]]) -> Floats:
    told = np.empty((len(rows), values.shape[1]))
    for place, (row, less, _) in enumerate(rows):
        told[place] = values[row] if less is None else values[row] - values[less]
    return np.where(told < -ROUNDING_MM, np.nan, np.maximum(told, 0.0))


def fallen(periods: RainPeriods, edges: Times, rain_gauges: Sequence[str]) -> Floats:
    """Give the rain between neighbouring edges (step, rain_gauge); NaN where not wholly told.

    The periods must be `apart`.
    """
    at = edges.astype("datetime64[ns]").astype(np.int64).astype(float)
    column = {name: place for place, name in enumerate(periods.rain_gauges)}
    start, end = (one.astype("datetime64[ns]").astype(np.int64).astype(float)
                  for one in (periods.start, periods.end))  # fmt: skip
    told = np.full((len(edges) - 1, len(rain_gauges)), np.nan)
    for place, name in enumerate(rain_gauges):
        if name not in column:
            continue
        rain = periods.rain_mm[:, column[name]]
        known = np.isfinite(rain)
        share = np.clip((at[:, None] - start[known]) / (end[known] - start[known]), 0, 1)
        spent = share * (end[known] - start[known])
        covered = np.diff(spent.sum(axis=1)) >= np.diff(at) - 1e3  # a microsecond for rounding
        told[:, place] = np.where(covered, np.diff((share * rain[known]).sum(axis=1)), np.nan)
    return np.where(told < 0, 0.0, told)  # rounding only: shares never fall


def rain_ahead_of(
    feeds: Sequence[RainPeriods],
    rain_gauges: Sequence[str],
    *,
    issued_at: datetime,
    step: np.timedelta64,
    steps: int,
) -> RainForecast:
    """Give the rain of the steps after `issued_at` as the feeds tell it, the first one preferred.

    Parameters
    ----------
    step
        A multiple of `PIECE`: feeds are put together in such pieces, a step sums its pieces.

    Returns
    -------
        Dims (lead, rain_gauge, member), one member [mm per step], NaN where no feed tells;
        attrs["source"] names the feeds read, with their times of issue.

    Raises
    ------
    ValueError
        If the step is no multiple of `PIECE`, or a feed was issued after `issued_at`.
    """
    parts = step / PIECE
    if parts != round(parts) or parts < 1:
        raise ValueError(f"step must be a multiple of {PIECE}, got {step}.")
    if late := [feed.source for feed in feeds if feed.issued_at > issued_at]:
        raise ValueError(f"rain forecasts must be issued by {issued_at.isoformat()}, not {late}.")
    edges = utc64(issued_at) + PIECE * np.arange(steps * round(parts) + 1)
    pieces = np.full((len(edges) - 1, len(rain_gauges)), np.nan)
    used = []
    for feed in feeds:
        told = fallen(apart(feed), edges, rain_gauges)
        if (np.isnan(pieces) & np.isfinite(told)).any():
            used.append(f"{feed.source} {feed.issued_at:%Y-%m-%dT%H:%MZ}")
        pieces = np.where(np.isnan(pieces), told, pieces)
    rain = pieces.reshape(steps, round(parts), len(rain_gauges)).sum(axis=1)
    coords = {"lead": step * np.arange(1, steps + 1), "rain_gauge": list(rain_gauges),
              "member": [0]}  # fmt: skip
    cube = xr.DataArray(rain[..., None], dims=("lead", "rain_gauge", "member"), coords=coords)
    cube.attrs = {"mode": "issued", "source": "; ".join(used), "comment": COMMENT}
    return check_rain_forecast(cube)
