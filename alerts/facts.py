"""What a public text may say about the danger: its kind and measured levels, nothing predicted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import isfinite

from advisory.types import Advice, GaugeState, Reason
from alerts.types import Hazard, Observed
from forecasting.types import Gauge

DANGERS: dict[Hazard, tuple[str, ...]] = {
    "landslide": ("landslide", "土砂災害"),
    "inland": ("inland", "内水"),
}
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


def hazard_of(advice: Advice) -> Hazard:
    """Give what an order is for: the river, unless every reason of its level names another danger.

    Only the kind of danger is read from the reasons, no figure.
    """
    fired = [one for one in advice.reasons if one.fired and one.level == advice.level]
    kinds = {_hazard(reason) for reason in fired}
    if not kinds or "flood" in kinds:
        return "flood"
    return "landslide" if kinds == {"landslide"} else "inland"


def _hazard(reason: Reason) -> Hazard:
    said = f"{reason.rule} {reason.text}"
    named = (hazard for hazard, words in DANGERS.items() if any(word in said for word in words))
    return next(named, "flood")


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
