"""What each gauge says at issue time: its last good level, how old it is, how it moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from advisory.types import GaugeState
from forecasting.types import Exceedance, Gauge, Observations, aware, utc64

TREND_WINDOW = timedelta(hours=1)
P_ALARMED = 0.1  # engineering starting point, as hazard.select.P_PLANNED


def gauge_states(
    observations: Observations, gauges: Sequence[Gauge], *, issued_at: datetime
) -> tuple[GaugeState, ...]:
    """Give the state of every gauge from readings at or before `issued_at`.

    Parameters
    ----------
    observations
        level_m (time, gauge) with NaN where missing or bad. [m above gauge zero]
    gauges
        The gauges to report; one that has no series is silent.
    issued_at
        Aware time of the cycle.

    Returns
    -------
        One state per gauge: the last good reading and its time, however old (policy says what
        is stale); None where there is none. `rise_m_per_h` is over the hour before it.
    """
    past = observations.sel(time=slice(None, utc64(issued_at)))
    return tuple(_state(past, gauge.gauge_id) for gauge in gauges)


def alarmed_rivers(
    states: Sequence[GaugeState], chances: Exceedance, gauges: Sequence[Gauge]
) -> frozenset[str]:
    """Give the rivers where 避難判断水位 (else 氾濫注意水位) is reached or may be reached.

    Such a river may bring advice of level 3 and more, so the people of its planned scenario count.
    """
    measured = {state.gauge_id: state.level_m for state in states}
    return frozenset(
        gauge.river
        for gauge in gauges
        for name in ("judgment" if gauge.thresholds.judgment is not None else "caution",)
        if _reached(measured.get(gauge.gauge_id), getattr(gauge.thresholds, name))
        or _likely(chances, gauge.gauge_id, name) >= P_ALARMED
    )


def _reached(level_m: float | None, threshold_m: float | None) -> bool:
    return level_m is not None and threshold_m is not None and level_m >= threshold_m


def _likely(chances: Exceedance, gauge_id: str, threshold: str) -> float:
    """Give the highest probability over the leads, 0 where none is known."""
    if gauge_id not in chances["gauge"].values:
        return 0.0
    leads = chances["probability"].sel(gauge=gauge_id, threshold=threshold).values
    return float(np.nanmax(leads, initial=0.0))


def _state(past: Observations, gauge_id: str) -> GaugeState:
    if past.sizes["time"] == 0 or gauge_id not in past["gauge"].values:
        return GaugeState(gauge_id, None, None)
    levels = past["level_m"].sel(gauge=gauge_id)
    known = levels.dropna("time")
    if known.sizes["time"] == 0:
        return GaugeState(gauge_id, None, None)
    last = known["time"].values[-1]
    since = last - np.timedelta64(TREND_WINDOW)
    before = known.sel(time=slice(None, since))
    rise = None
    if before.sizes["time"] and before["time"].values[-1] == since:
        rise = float(known.values[-1] - before.values[-1]) / (TREND_WINDOW.total_seconds() / 3600)
    return GaugeState(gauge_id, float(known.values[-1]), aware(last), rise)
