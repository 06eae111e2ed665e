"""The rules of the policy held against one gauge: what fired, what did not, what is unknown.

Reasons with level UNKNOWN and `fired` True leave a district unjudged unless it has an order
anyway; with `fired` False they only state a limit. All text is Japanese, for the officer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from advisory.daylight import is_dark, next_sunset
from advisory.evidence import Evidence
from advisory.policy import ForecastRule, ObservedRule, Policy
from advisory.types import Level, Reason
from advisory.words import JST, THRESHOLD_NAMES, clock, hours, metres, percent, station
from forecasting.types import THRESHOLDS, Gauge

TOLERANCE_M = 1e-4  # float32 series: 7.1 must reach 7.1; gauges read centimetres
UPPER = THRESHOLDS[2:]  # judgment, danger, overflow: what levels 3 to 5 are judged by
CHECK = "カメラ・巡視で確認してください"


@dataclass(frozen=True)
class Sky:
    """Issue time and light; `sunset` is the next one, None = none within a day."""

    issued_at: datetime
    dark: bool
    sunset: datetime | None
    evening: bool  # inside the policy's evening window


def sky_at(issued_at: datetime, place: tuple[float, float] | None, policy: Policy) -> Sky:
    """Give the light at lon, lat; without a place it is taken to be dark."""
    local = issued_at.astimezone(JST).time()
    evening = policy.evening.start <= local <= policy.evening.end
    if place is None:
        return Sky(issued_at, dark=True, sunset=None, evening=evening)
    return Sky(issued_at, is_dark(issued_at, *place), next_sunset(issued_at, *place), evening)


def judge(seen: Evidence, policy: Policy, sky: Sky, *, clearance_h: float) -> list[Reason]:
    """Give every reason that this gauge gives, fired or not, in the order of the policy.

    Parameters
    ----------
    clearance_h
        Time the district needs (p90), 0 where unknown. [h]
    """
    if seen.gauge is None:
        return [_unknown(seen, "unlisted-gauge", f"水位計{seen.gauge_id}は{seen.fault}。{CHECK}")]
    found = [_observed(rule, seen, seen.gauge, policy) for rule in policy.observed]
    found += [_forecast(rule, seen, seen.gauge, sky, clearance_h) for rule in policy.forecast]
    reasons = [reason for reason in found if reason is not None]
    if seen.level_m is None:
        text = f"{station(seen.gauge)}は{seen.fault}。{CHECK}"
        reasons.append(_unknown(seen, "silent-gauge", text))
    reasons += _limits(seen, seen.gauge, policy)
    falling = seen.rise_m_per_h is not None and seen.level_m is not None
    if falling and (seen.rise_m_per_h or 0.0) <= policy.trend.falling_m_per_h:
        text = f"{station(seen.gauge)}の水位は下降中（1時間に{seen.rise_m_per_h:+.2f}m）"
        reasons.append(_fact(seen, "falling", text, Level.NONE, policy.trend.verified))
    return _once(reasons)


def _observed(rule: ObservedRule, seen: Evidence, gauge: Gauge, policy: Policy) -> Reason | None:
    """None where the rule is not for this gauge or there is no level to hold against it."""
    threshold = getattr(gauge.thresholds, rule.threshold)
    if gauge.river_class not in rule.river_classes or threshold is None or seen.level_m is None:
        return None
    reached = seen.level_m + TOLERANCE_M >= threshold
    met, condition = _condition(rule.condition, seen, policy)
    unknown = reached and met is None
    return Reason(
        rule=rule.id,
        text=_observed_text(rule, seen, gauge, threshold, condition if reached else ""),
        fired=reached and met is not False,
        level=Level.UNKNOWN if unknown else Level(rule.level),
        value=seen.level_m,
        threshold=float(threshold),
        unit="m",
        gauge_id=gauge.gauge_id,
        at=seen.at,
        source=rule.source,
        verified=rule.verified,
    )


def _observed_text(
    rule: ObservedRule, seen: Evidence, gauge: Gauge, threshold: float, condition: str
) -> str:
    level_m = seen.level_m or 0.0
    short = threshold - level_m
    side = "以上" if short <= TOLERANCE_M else f"未満（あと{short:.2f}m）"
    when = "" if seen.at is None else f"（{clock(seen.at)}）"
    limit = f"{THRESHOLD_NAMES[rule.threshold]}{metres(threshold)}"
    return f"{station(gauge)}の水位{metres(level_m)}{when}は{limit}{side}{condition}"


def _condition(condition: str, seen: Evidence, policy: Policy) -> tuple[bool | None, str]:
    """Whether the trend that a rule asks for is there (None = unknown), and in words."""
    own = seen.rise_m_per_h
    if condition == "rising":
        if own is None:
            return True, "、上昇の有無が不明のため上昇中とみなす"
        rising = own >= policy.trend.rising_m_per_h
        return rising, f"、1時間に{own:+.2f}m（{'上昇中' if rising else '上昇していない'}）"
    if condition == "rapid_rise":
        rises = (own, *seen.upstream_rises_m_per_h)
        fastest = max((rise for rise in rises if rise is not None), default=-math.inf)
        limit = policy.trend.rapid_rise_m_per_h
        if fastest >= limit:
            return True, f"、自所または上流で1時間に{fastest:+.2f}mの急な上昇（目安{limit:.2f}m）"
        if any(rise is None for rise in rises):
            return None, f"だが、自所または上流の上昇の速さが不明で判定できない。{CHECK}"
        return False, f"だが、急な上昇はない（最大で1時間に{fastest:+.2f}m、目安{limit:.2f}m）"
    return True, ""


def _forecast(
    rule: ForecastRule, seen: Evidence, gauge: Gauge, sky: Sky, clearance_h: float
) -> Reason | None:
    """None where the rule is not for this gauge or this hour."""
    name = next((n for n in rule.thresholds if getattr(gauge.thresholds, n) is not None), None)
    if gauge.river_class not in rule.river_classes or name is None:
        return None
    window_h = _window(rule, seen, sky, clearance_h)
    if window_h is None:
        return None
    after_h, until_h = window_h
    value, complete = seen.outlook.highest(name, after_h=after_h, until_h=until_h)
    fired = value + 1e-6 >= rule.probability
    if not fired and not complete:
        text = f"{station(gauge)}の水位予測が得られず、{hours(until_h)}先まで判定できない。{CHECK}"
        return _unknown(seen, "forecast-missing", text)
    threshold = getattr(gauge.thresholds, name)
    if not fired and seen.level_m is not None and seen.level_m + TOLERANCE_M >= threshold:
        return None  # already there: what is forecast to come cannot be evidence against it
    limit = f"{THRESHOLD_NAMES[name]}{metres(threshold)}"
    night = f"（日没{clock(sky.sunset)}以降）" if rule.evening and sky.sunset else ""
    proxy = THRESHOLD_NAMES[rule.thresholds[0]]
    text = (
        f"{station(gauge)}が{hours(until_h)}以内{night}に{limit}に達する確率は{percent(value)}"
        f"（目安{percent(rule.probability)}{'以上' if fired else '未満'}、"
        f"{clock(sky.issued_at)}時点の予測）"
        + ("" if name == rule.thresholds[0] else f"。{proxy}が未設定のため代用")
    )
    return Reason(
        rule=rule.id,
        text=text,
        fired=fired,
        level=Level(rule.level),
        value=value,
        threshold=rule.probability,
        unit="",
        gauge_id=gauge.gauge_id,
        at=sky.issued_at,
        source=rule.source,
        verified=rule.verified,
    )


def _window(
    rule: ForecastRule, seen: Evidence, sky: Sky, clearance_h: float
) -> tuple[float, float] | None:
    """The leads that a rule looks at, first to last [h]; None where the hour is not for it."""
    until_h = max(rule.within_h, clearance_h) if rule.until_clearance else rule.within_h
    if seen.outlook.probability:
        until_h = min(until_h, seen.outlook.horizon_h)
    if not rule.evening:
        return 0.0, until_h
    if not sky.evening or sky.sunset is None or sky.dark:
        return None
    after_h = (sky.sunset - sky.issued_at) / timedelta(hours=1)
    return (after_h, until_h) if after_h <= until_h else None


def _limits(seen: Evidence, gauge: Gauge, policy: Policy) -> list[Reason]:
    """What this gauge cannot show for want of official thresholds."""
    names = [name for name, _ in gauge.thresholds.items()]
    if not names:
        text = f"{station(gauge)}は基準水位が一つも設定されておらず、判定に使えない。{CHECK}"
        return [_unknown(seen, "no-thresholds", text)]
    top = names[-1]
    limit = float(getattr(gauge.thresholds, top))
    above = seen.level_m is not None and seen.level_m + TOLERANCE_M >= limit
    if top in UPPER:
        text = (
            f"{station(gauge)}は{THRESHOLD_NAMES[top]}より上の基準が未設定で、この先を判定できない"
        )
        stated = above and top != UPPER[-1]
        return [_fact(seen, "top-threshold", text, Level.UNKNOWN, True)] if stated else []
    blind = policy.blind
    until_h = min(blind.within_h, seen.outlook.horizon_h)
    chance, complete = seen.outlook.highest(top, after_h=0.0, until_h=until_h)
    name = THRESHOLD_NAMES[top]
    text = f"{station(gauge)}は避難判断水位以上の基準が未設定で、レベル3以上を水位から判定できない"
    if above or not complete or chance + 1e-6 >= blind.probability:
        why = f"{name}{metres(limit)}に達している" if above else f"{name}に達しないと言えない"
        return [_unknown(seen, "no-upper-thresholds", f"{text}（{why}）。{CHECK}")]
    return [_fact(seen, "no-upper-thresholds", text, Level.UNKNOWN, blind.verified)]


def _unknown(seen: Evidence, rule: str, text: str) -> Reason:
    return Reason(rule, text, True, Level.UNKNOWN, gauge_id=seen.gauge_id, at=seen.at)


def _fact(seen: Evidence, rule: str, text: str, level: Level, verified: bool) -> Reason:
    return Reason(rule, text, False, level, gauge_id=seen.gauge_id, at=seen.at, verified=verified)


def _once(reasons: list[Reason]) -> list[Reason]:
    """Keep the first of the reasons that say one thing for two rules."""
    return list({(r.rule, r.fired): r for r in reversed(reasons)}.values())[::-1]
