"""What is known about one gauge at issue time, and why the rest is not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from advisory.policy import Policy
from advisory.types import GaugeState
from advisory.words import clock
from forecasting.types import Exceedance, Gauge, aware


@dataclass(frozen=True)
class Outlook:
    """The forecast of one gauge, hours from issue time; NaN = unknown."""

    probability: Mapping[str, tuple[tuple[float, float], ...]]  # threshold: (lead_h, 0-1)
    passage_h: Mapping[str, float]  # threshold: early first passage, inf = not in the horizon

    @property
    def horizon_h(self) -> float:
        """Give the longest lead, known or not; 0 without any."""
        return max((lead for row in self.probability.values() for lead, _ in row), default=0.0)

    def highest(self, threshold: str, *, after_h: float, until_h: float) -> tuple[float, bool]:
        """Give the highest known probability between two leads, and whether all are known.

        It is the chance at a single time, so the chance to be reached at all is no smaller.
        NaN where nothing is known.
        """
        row = self.probability.get(threshold, ())
        found = [value for lead, value in row if after_h <= lead <= until_h + 1e-9]
        known = [value for value in found if not math.isnan(value)]
        return max(known, default=math.nan), bool(found) and len(known) == len(found)


SILENT = "水位データが届いていません"
NO_OUTLOOK = Outlook({}, {})


@dataclass(frozen=True)
class Evidence:
    """One gauge: `fault` says why `level_m` is None, in Japanese; a rise of None is unknown."""

    gauge_id: str
    gauge: Gauge | None
    level_m: float | None
    at: datetime | None
    rise_m_per_h: float | None
    upstream_rises_m_per_h: tuple[float | None, ...]  # of every gauge upstream
    fault: str
    outlook: Outlook = field(default=NO_OUTLOOK)


def gather(
    gauge_ids: Iterable[str],
    gauges: Sequence[Gauge],
    states: Sequence[GaugeState],
    exceedance: Exceedance | None,
    policy: Policy,
    *,
    issued_at: datetime,
) -> dict[str, Evidence]:
    """Give the evidence of every wanted gauge; one that nobody lists is there with its fault."""
    known = {gauge.gauge_id: gauge for gauge in gauges}
    fresh = {
        state.gauge_id: _fresh(state, known.get(state.gauge_id), policy, issued_at)
        for state in states
    }
    current = _current(exceedance, policy, issued_at)
    found = {}
    for gauge_id in gauge_ids:
        gauge = known.get(gauge_id)
        silent = GaugeState(gauge_id, None, None)
        state, fault = fresh.get(gauge_id, (silent, SILENT))
        upstream = [
            fresh.get(other, (silent, ""))[0] for other in (gauge.upstream if gauge else ())
        ]
        found[gauge_id] = Evidence(
            gauge_id=gauge_id,
            gauge=gauge,
            level_m=state.level_m if gauge else None,
            at=state.at,
            rise_m_per_h=state.rise_m_per_h,
            upstream_rises_m_per_h=tuple(other.rise_m_per_h for other in upstream),
            fault=fault if gauge else "水位計の一覧にありません",
            outlook=_outlook(current, gauge_id),
        )
    return found


def _fresh(
    state: GaugeState, gauge: Gauge | None, policy: Policy, issued_at: datetime
) -> tuple[GaugeState, str]:
    """The state with an unusable level or rise as None, and the fault."""
    level_m, at = _finite(state.level_m), state.at
    last = "" if at is None else f"（最後の値は{clock(at)}）"
    if level_m is None or at is None:
        return GaugeState(state.gauge_id, None, at), f"欠測または異常値です{last}"
    at = at.astimezone(UTC)
    limit = _limit_min(gauge, level_m, policy)
    if at > issued_at:
        return GaugeState(state.gauge_id, None, at), f"時刻が未来です（{clock(at)}）"
    if issued_at - at > timedelta(minutes=limit):
        fault = f"{limit:.0f}分を超えて更新がありません（最後は{clock(at)}の{level_m:.2f}m）"
        return GaugeState(state.gauge_id, None, at), fault
    return GaugeState(state.gauge_id, level_m, at, _finite(state.rise_m_per_h)), ""


def _limit_min(gauge: Gauge | None, level_m: float, policy: Policy) -> float:
    """How old a level may be: 危機管理型 sensors rest below their lowest level. [min]"""
    levels = gauge.thresholds.items() if gauge and gauge.sensor == "crisis" else []
    resting = bool(levels) and level_m < levels[0][1]
    return policy.staleness.crisis_rest_min if resting else policy.staleness.stage_min


def _current(
    exceedance: Exceedance | None, policy: Policy, issued_at: datetime
) -> Exceedance | None:
    """The forecast, unless it was issued too long ago or in the future."""
    if exceedance is None or "issued_at" not in exceedance.coords:
        return exceedance
    made = aware(np.datetime64(exceedance["issued_at"].values.item(), "ns"))
    old = timedelta(minutes=policy.staleness.forecast_min)
    return exceedance if timedelta(0) <= issued_at - made <= old else None


def _outlook(exceedance: Exceedance | None, gauge_id: str) -> Outlook:
    if exceedance is None or gauge_id not in exceedance["gauge"].values:
        return NO_OUTLOOK
    one = exceedance.sel(gauge=gauge_id)
    leads_h = one["lead"].values / np.timedelta64(1, "h")
    rows = one["probability"].transpose("threshold", "lead").values
    names = [str(name) for name in one["threshold"].values]
    return Outlook(
        probability={
            name: tuple(zip(leads_h.tolist(), row.tolist(), strict=True))
            for name, row in zip(names, rows, strict=True)
        },
        passage_h=dict(zip(names, _early(one["first_passage_h"]).tolist(), strict=True)),
    )


def _early(passage_h: xr.DataArray) -> np.ndarray:
    """The first passage at the quantile nearest to 0.1, by threshold. [h]"""
    early = passage_h.sel(quantile=0.1, method="nearest")
    return np.asarray(early.values, dtype=float)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
