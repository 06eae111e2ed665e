"""By when advice must be issued so that people are out before the water, and before dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from advisory.evidence import Evidence
from advisory.policy import Policy
from advisory.rules import Sky
from advisory.types import Clearance, Level, Reason
from advisory.words import THRESHOLD_NAMES, clock, hours, station

LATE = "。全員の避難は間に合わないおそれがあり、上の階への避難も併せて呼びかける"


def deadline(
    level: Level,
    reasons: Sequence[Reason],
    seen: Sequence[Evidence],
    *,
    needed: Clearance | None,
    policy: Policy,
    sky: Sky,
) -> tuple[datetime | None, Reason | None]:
    """Give the latest time to issue, never before now, and the reason for it.

    An official criterion that is already met, and anything that cannot be timed, means now. An
    order that rests on a forecast alone may wait until the early first passage (10 %) of
    氾濫発生水位 minus the clearance time (90 %), or until sunset minus that time. Below level 3,
    (None, None).
    """
    if level < Level.ELDERLY:
        return None, None
    forecast = {rule.id for rule in policy.forecast}
    met = {r.rule for r in reasons if r.fired and r.level >= level and r.rule not in forecast}
    passage = _earliest(seen, sky)
    if needed is None or passage is None:
        return sky.issued_at, _reason(level, _now(met, needed), sky, needed)
    at, text = passage
    span = timedelta(minutes=needed.p90_min)
    late = LATE if at - span < sky.issued_at and level < Level.EMERGENCY else ""
    if met:
        return sky.issued_at, _reason(level, _now(met, needed) + late, sky, needed)
    if sky.sunset is not None and not sky.dark and sky.sunset < at:
        at, text = sky.sunset, f"日没（{clock(sky.sunset)}）より前に避難を終えるため"
    latest = max(at - span, sky.issued_at)
    when = "直ちに" if latest == sky.issued_at else f"{clock(latest)}までに"
    text = f"{text}、避難に要する{hours(needed.p90_min / 60)}を見込み、{when}発令{late}"
    return latest, _reason(level, text, sky, needed)


def _now(met: set[str], needed: Clearance | None) -> str:
    if met:
        kept = met == {"hold"}
        return "前回の避難情報を維持する" if kept else "発令の基準に達しているため、直ちに発令"
    return f"{'避難に要する' if needed is None else '氾濫までの'}時間が不明のため、直ちに発令"


def _earliest(seen: Sequence[Evidence], sky: Sky) -> tuple[datetime, str] | None:
    """The earliest time of danger among the gauges and where it comes from; None = unknown."""
    found = [passage for one in seen if (passage := _passage(one)) is not None]
    if not found:
        return None
    passage_h, what = min(found)
    at = sky.issued_at + timedelta(hours=passage_h)
    return at, f"{what}（{clock(at)}）から"


def _passage(seen: Evidence) -> tuple[float, str] | None:
    """Early passage of overflow, else of danger as a proxy, else the end of the forecast. [h]"""
    if seen.gauge is None:
        return None
    names = [n for n in ("overflow", "danger") if getattr(seen.gauge.thresholds, n) is not None]
    passages = [(name, seen.outlook.passage_h.get(name, math.nan)) for name in names]
    for name, passage_h in passages:
        if math.isfinite(passage_h):
            proxy = "" if name == "overflow" else "（氾濫発生水位の代用）"
            what = f"{station(seen.gauge)}が{THRESHOLD_NAMES[name]}{proxy}に達する"
            return passage_h, f"{what}早い見込みの時刻"
    if not passages or any(math.isnan(passage_h) for _, passage_h in passages):
        return None
    return seen.outlook.horizon_h, "予測時間内には氾濫に至らない見込みのため、予測の終わり"


def _reason(level: Level, text: str, sky: Sky, needed: Clearance | None) -> Reason:
    return Reason(
        rule="issue-by",
        text=text,
        fired=True,
        level=level,
        value=None if needed is None else needed.p90_min,
        unit="" if needed is None else "min",
        at=sky.issued_at,
    )
