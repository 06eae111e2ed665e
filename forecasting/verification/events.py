"""Floods of a series: separate peaks, the hours around each, highest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from forecasting.evaluate import Period
from forecasting.features import good_levels
from forecasting.types import Observations, aware


@dataclass(frozen=True)
class Flood:
    """One peak of one gauge and the hours that belong to it, both ends included."""

    gauge_id: str
    peak_at: datetime
    peak_m: float
    first: datetime
    last: datetime

    @property
    def period(self) -> Period:
        """Give the hours that belong to the flood."""
        return self.first, self.last


def find_floods(
    observations: Observations,
    gauge_id: str,
    *,
    most: int,
    apart: timedelta,
    before: timedelta,
    after: timedelta,
    least_m: float = -np.inf,
) -> tuple[Flood, ...]:
    """Give the highest peaks of a gauge, highest first, each at least `apart` from any higher one.

    Parameters
    ----------
    most
        At most so many floods.
    before, after
        Hours around the peak that belong to the flood, cut at the ends of the series.
    least_m
        A peak below this level is no flood. [m above gauge zero]
    """
    times = observations["time"].values
    level = good_levels(observations, gauge_id)
    waiting = np.isfinite(level)
    wide = [np.timedelta64(span, "ns") for span in (before, after, apart)]
    found: list[Flood] = []
    while len(found) < most and waiting.any():
        row = int(np.argmax(np.where(waiting, level, -np.inf)))
        if level[row] < least_m:
            break
        first, last = max(times[row] - wide[0], times[0]), min(times[row] + wide[1], times[-1])
        ends = [aware(end) for end in (times[row], first, last)]
        found.append(Flood(gauge_id, ends[0], float(level[row]), ends[1], ends[2]))
        waiting &= np.abs(times - times[row]) >= wide[2]
    return tuple(_untangled(found))


def _untangled(floods: Sequence[Flood]) -> list[Flood]:
    """Give the floods with a shared hour left to the higher one."""
    kept: list[Flood] = []
    step = timedelta(seconds=1)
    for flood in floods:
        first, last = flood.first, flood.last
        for higher in kept:
            if higher.peak_at < flood.peak_at:
                first = max(first, higher.last + step)
            else:
                last = min(last, higher.first - step)
        if first <= flood.peak_at <= last:
            kept.append(Flood(flood.gauge_id, flood.peak_at, flood.peak_m, first, last))
    return kept
