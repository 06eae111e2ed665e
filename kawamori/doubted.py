"""Levels of the last hour that were refused or are doubted: an officer has to look at them.

A reading that fails a test is kept as it came; the forecast and the rules pass over a refused one
and use a doubted one. Both may be wrong: the river may have done what no test foresaw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from forecasting.types import BAD, SUSPECT, Gauge, aware, utc64
from kawamori.run import Run

RECENT = timedelta(hours=1)


@dataclass(frozen=True)
class Doubt:
    """The newest doubted level of a gauge."""

    gauge: Gauge
    at: datetime
    level_m: float
    count: int  # of them in the last hour


def refused(run: Run) -> list[Doubt]:
    """Give the gauges that had a level refused (BAD) within the hour before the issue time."""
    return _flagged(run, BAD)


def doubtful(run: Run) -> list[Doubt]:
    """Give the gauges with a level in use that is SUSPECT and not below the lowest official one.

    Lower ones decide nothing, and a dry bed is doubted for weeks.
    """
    return [one for one in _flagged(run, SUSPECT) if one.level_m >= _lowest_m(one.gauge)]


def _lowest_m(gauge: Gauge) -> float:
    return min((level_m for _, level_m in gauge.thresholds.items()), default=-np.inf)


def _flagged(run: Run, flag: int) -> list[Doubt]:
    last = slice(utc64(run.issued_at - RECENT), utc64(run.issued_at))
    recent = run.observations[["level_m", "level_flag"]].sel(time=last)
    found = []
    for gauge in run.city.gauges:
        if gauge.gauge_id not in recent["gauge"].values:
            continue
        own = recent.sel(gauge=gauge.gauge_id)
        levels = own["level_m"].where(own["level_flag"] == flag).dropna("time")
        if levels.size:
            at = aware(levels["time"].values[-1])
            found.append(Doubt(gauge, at, float(levels.values[-1]), levels.size))
    return found
