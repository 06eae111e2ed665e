"""解除: a level that was advised stays until water and rain are down and expected to stay so."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisory.evidence import Evidence
from advisory.policy import Policy
from advisory.rules import TOLERANCE_M
from advisory.types import Advice, Level, RainState, Reason
from advisory.words import THRESHOLD_NAMES, clock, metres, station

NO_GAUGE = "no-gauge"  # the reason of a district that no gauge speaks for: rain alone releases it


def hold(
    previous: Advice | None,
    level: Level,
    seen: Sequence[Evidence],
    reasons: Sequence[Reason],
    *,
    rain: RainState | None,
    policy: Policy,
) -> Reason | None:
    """Give the reason that holds or releases an earlier order; None where there is no fall.

    Parameters
    ----------
    level
        What the rules give now. `reasons` are the ones they gave.
    rain
        What rain says of the district; not known, it releases nothing where no gauge stands.
    """
    if previous is None or previous.level < Level.ELDERLY or level >= previous.level:
        return None
    against = [text for one in seen if (text := _against(one, policy))]
    if any(_likely(reason, policy) for reason in reasons):
        against.append("氾濫危険水位等に達する予測がまだ残る")
    if any(_unknown(reason) for reason in reasons):
        against.append("判定できない入力がある")
    if text := _rain_against(rain, policy, gauged=bool(seen)):
        against.append(text)
    order = f"前回（{clock(previous.issued_at)}）の警戒レベル{int(previous.level)}"
    if against:
        text = f"{order}を維持。解除の条件を満たさない: {'、'.join(against)}"
    else:
        spread = "氾濫後の浸水の広がりと" if previous.level is Level.EMERGENCY else ""
        text = f"{order}は解除の条件を満たす（{spread}これからの雨は未確認、解除は市が判断）"
    return Reason(
        rule="hold" if against else "release",
        text=text,
        fired=bool(against),
        level=previous.level,
        at=previous.issued_at,
        source=policy.release.source,
        verified=policy.release.verified,
    )


def reissue(previous: Advice | None, level: Level, policy: Policy) -> list[Reason]:
    """Give the reason not to send level 5 to the same people twice; it changes no level."""
    if previous is None or not previous.level is level is Level.EMERGENCY:
        return []
    text = (
        f"緊急安全確保は発令済み（前回{clock(previous.issued_at)}の助言も同じ）。"
        "同じ住民へ再び発令しない"
    )
    return [
        Reason(
            rule="L5-no-reissue",
            text=text,
            fired=False,
            level=level,
            at=previous.issued_at,
            source=policy.release.source,
            verified=policy.release.verified,
        )
    ]


def _unknown(reason: Reason) -> bool:
    return reason.fired and reason.level is Level.UNKNOWN and reason.rule != NO_GAUGE


def _rain_against(rain: RainState | None, policy: Policy, *, gauged: bool) -> str:
    """Why rain does not allow a release; empty where it does."""
    rate = None if rain is None else rain.rain_mm_per_h
    if rate is None:
        return "" if gauged else "雨量が不明"
    lowest = min((rule.rain_mm_per_h for rule in policy.inland), default=math.inf)
    limit = lowest * policy.release.rain_fraction
    return f"最近の1時間雨量が{limit:g}mm以上" if rate + 1e-6 >= limit else ""


def _likely(reason: Reason, policy: Policy) -> bool:
    if reason.value is None or reason.threshold is None or reason.unit:
        return False
    return reason.value >= reason.threshold * policy.release.probability_fraction


def _against(seen: Evidence, policy: Policy) -> str:
    """Why this gauge does not allow a release; empty where it does."""
    if seen.gauge is None or seen.level_m is None:
        return f"{seen.gauge.name if seen.gauge else seen.gauge_id}の水位が不明"
    levels = dict(seen.gauge.thresholds.items())
    name = next((n for n in ("danger", "judgment", "caution", "overflow") if n in levels), None)
    if name is None:
        return f"{station(seen.gauge)}に基準水位がない"
    if seen.level_m + TOLERANCE_M >= levels[name]:
        return f"{station(seen.gauge)}が{THRESHOLD_NAMES[name]}{metres(levels[name])}以上"
    low = "caution" in levels and seen.level_m + TOLERANCE_M < levels["caution"]
    limit = policy.trend.rising_m_per_h if low else policy.trend.falling_m_per_h
    if seen.rise_m_per_h is None:
        return f"{station(seen.gauge)}の上昇・下降が不明"
    quiet = seen.rise_m_per_h < limit if low else seen.rise_m_per_h <= limit
    what = "がまだ上昇中" if low else "に明らかな下降が見られない"
    return "" if quiet else f"{station(seen.gauge)}{what}"
