"""What a public text may say about the water: levels that gauges measured, nothing predicted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import isfinite

from advisory.types import GaugeState
from alerts.types import Observed
from forecasting.types import Gauge

MAX_AGE = timedelta(hours=1)  # our own choice: an older level is history, not a reason


def observe(
    states: Iterable[GaugeState],
    gauges: Sequence[Gauge],
    *,
    gauge_ids: Iterable[str],
    issued_at: datetime,
) -> tuple[Observed, ...]:
    """Give the fresh observed levels of one district's gauges, most dangerous first.

    Parameters
    ----------
    states
        What the gauges measured. [m above gauge zero]
    gauge_ids
        The gauges that this district listens to.

    Returns
    -------
        Silent gauges, stamps after `issued_at` and levels older than `MAX_AGE` are left out.
    """
    known = {gauge.gauge_id: gauge for gauge in gauges}
    wanted = set(gauge_ids) & set(known)
    facts = [
        _observed(known[state.gauge_id], state.level_m, state.at, state.rise_m_per_h)
        for state in states
        if state.gauge_id in wanted
        and state.level_m is not None
        and isfinite(state.level_m)
        and state.at is not None
        and issued_at - MAX_AGE <= state.at <= issued_at
    ]
    return tuple(sorted(facts, key=_danger, reverse=True))


def _observed(gauge: Gauge, level_m: float, at: datetime, rise_m_per_h: float | None) -> Observed:
    passed = [(name, limit) for name, limit in gauge.thresholds.items() if level_m >= limit]
    reached, reached_m = passed[-1] if passed else (None, None)
    return Observed(
        river=gauge.river,
        gauge_name=gauge.name,
        at=at,
        level_m=level_m,
        rising=rise_m_per_h is not None and rise_m_per_h > 0.0,
        reached=reached,
        reached_m=reached_m,
    )


def _danger(fact: Observed) -> tuple[int, float]:
    order = (None, "standby", "caution", "judgment", "danger", "overflow")
    return order.index(fact.reached), fact.level_m
