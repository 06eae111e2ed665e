"""Dangers that no gauge tells of: inland water and small streams, and landslides.

Rain and official warnings call for them, by rules of their own in the policy; people are those in
the mapped areas. All text is Japanese, for the officer.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from advisory.night import night_level
from advisory.policy import InlandRule, Policy
from advisory.rules import CHECK, Sky
from advisory.types import Level, RainState, Reason, Warning, Warnings
from hazard.types import INLAND, LANDSLIDE, Exposure

HEAVY_RAIN, LANDSLIDES = "大雨", "土砂災害"  # hazards of official warnings
ZONE = "landslide-zone"  # the rule that says who lives in a zone
NAME = "内水・小河川（水位計なし）"


def warning_level(
    warnings: Warnings, hazard: str, policy: Policy, *, issued_at: datetime
) -> float | None:
    """Give the highest 警戒レベル相当 in force for a hazard.

    Returns
    -------
        0 = none in force; None = no feed is connected; NaN = not known: the feed is silent, or a
        warning of unreadable level is in force and none of level 3 or more.
    """
    if warnings.received_at is None:
        return None
    levels = [one.level for one in _in_force(warnings, hazard, issued_at)]
    known = float(max((level for level in levels if level is not Level.UNKNOWN), default=0))
    age = issued_at - warnings.received_at
    silent = not timedelta(0) <= age <= timedelta(minutes=policy.staleness.telegram_min)
    if known < Level.ELDERLY and (silent or Level.UNKNOWN in levels):
        return math.nan
    return known


def called_level(warnings: Warnings, hazard: str, policy: Policy, sky: Sky) -> float | None:
    """Give the level that calls for a danger: in force, or foreseen for the night in the evening.

    None and NaN as in `warning_level`, where nothing is foreseen.
    """
    level = warning_level(warnings, hazard, policy, issued_at=sky.issued_at)
    ahead = night_level(warnings, hazard, policy.night, sky)
    if ahead == 0.0:
        return level
    return ahead if level is None or math.isnan(level) else max(level, ahead)


def judge_inland(
    state: RainState,
    warnings: Warnings,
    policy: Policy,
    *,
    exposure: Exposure | None,
    issued_at: datetime,
) -> list[Reason]:
    """Give the reasons of the inland rules for one district, fired or not.

    Without an inland map of the district a rule that fires cannot tell whether anybody is
    concerned: the district is then UNKNOWN, or, where the city has no such map at all, the limit
    is stated and no more.
    """
    level = warning_level(warnings, HEAVY_RAIN, policy, issued_at=issued_at)
    reasons = [_inland(rule, state, level, exposure, issued_at) for rule in policy.inland]
    if any(reason.fired for reason in reasons) and not state.mapped:
        first = next(reason.text for reason in reasons if reason.fired)
        text = f"{first}だが、この地区の内水の想定図がなく、区域と人数を判定できない。{CHECK}"
        fired = state.mapped is False
        return [Reason("inland-unmapped", text, fired, Level.UNKNOWN, at=issued_at)]
    lost = _lost(state, level)
    if lost and state.mapped and not any(reason.fired for reason in reasons):
        text = f"{NAME}: {lost}が不明で判定できない。{CHECK}"
        return [Reason("inland-unknown", text, True, Level.UNKNOWN, at=issued_at)]
    return reasons if state.mapped else []


def judge_landslide(
    district_id: str,
    warnings: Warnings,
    policy: Policy,
    *,
    exposure: Exposure | None,
    issued_at: datetime,
) -> list[Reason]:
    """Give the reason for people in landslide zones once the official level asks for them.

    The level itself is that of the warning, for the whole city; here it gets its places and its
    people, who must leave: nobody stays upstairs in a zone.
    """
    level = warning_level(warnings, LANDSLIDES, policy, issued_at=issued_at)
    if level is None or math.isnan(level) or level < policy.landslide.warning_level:
        return []
    row = row_of(exposure, district_id, LANDSLIDE)
    people = None if row is None else row["people"]
    telegram = max(
        _in_force(warnings, LANDSLIDES, issued_at), key=lambda one: (one.level, one.telegram_id)
    )
    reason = Reason(
        rule=ZONE,
        text=f"土砂災害の警戒レベル相当{level:g}（目安{policy.landslide.warning_level}）",
        fired=True,
        level=Level(min(int(level), policy.telegrams.area_level_max)),
        value=level,
        threshold=float(policy.landslide.warning_level),
        unit="（警戒レベル相当）",
        telegram_id=telegram.telegram_id,
        at=telegram.issued_at,
        source=policy.landslide.source,
        verified=policy.landslide.verified,
    )
    if people is None or pd.isna(people):
        text = (
            f"{reason.text}だが、土砂災害警戒区域の人数が不明（区域の図がないか、"
            "区域内に建物が見当たらない）。区域の図で確認してください"
        )
        level_unknown = replace(reason, fired=False, level=Level.UNKNOWN)
        return [replace(level_unknown, rule="landslide-unmapped", text=text)]
    if people == 0:
        return []
    text = (
        f"{reason.text}。土砂災害警戒区域内の{int(people):,}人は全員が区域の外へ"
        "（上の階にとどまる屋内安全確保は不可）"
    )
    return [replace(reason, text=text)]


def row_of(exposure: Exposure | None, district_id: str, scenario: str) -> Any | None:
    """Give one row of the exposure; None where there is none."""
    if exposure is None or (district_id, scenario) not in exposure.index:
        return None
    return exposure.loc[(district_id, scenario)]


def people_in(
    exposure: Exposure | None, district_id: str, kind: str, rain: RainState | None
) -> int | None:
    """Give who lives in the mapped danger of a kind (大雨, 土砂災害); 0 = nobody, None = unknown.

    The rows are counted only while a signal applies; a district outside the inland map has nobody
    in it.
    """
    if kind == HEAVY_RAIN and rain is not None and rain.mapped is False:
        return 0
    row = row_of(exposure, district_id, INLAND if kind == HEAVY_RAIN else LANDSLIDE)
    return None if row is None or pd.isna(row["people"]) else int(row["people"])


def _inland(
    rule: InlandRule,
    state: RainState,
    level: float | None,
    exposure: Exposure | None,
    issued_at: datetime,
) -> Reason:
    rain_mm = state.rain_mm_per_h
    wet = rain_mm is not None and rain_mm + 1e-6 >= rule.rain_mm_per_h
    warned = level is not None and level >= rule.warning_level
    told = []
    if rain_mm is not None:
        side = "以上" if wet else "未満"
        shown = math.floor(rain_mm * 10 + 1e-6) / 10  # never shown as reached where it is not
        told.append(f"最近の1時間雨量{shown:g}mmは目安{rule.rain_mm_per_h:g}mm{side}")
    if warned:
        told.append(f"大雨の警戒レベル相当{level:g}（目安{rule.warning_level}）")
    row = row_of(exposure, state.district_id, INLAND)
    people = None if row is None or pd.isna(row["people"]) else int(row["people"])
    inside = ""
    if wet or warned:
        inside = "。想定区域の人数は不明" if people is None else f"。想定区域内に{people:,}人"
    return Reason(
        rule=rule.id,
        text=f"{NAME}: {'、'.join(told) or '雨量が不明'}{inside if state.mapped else ''}",
        fired=wet or warned,
        level=Level(rule.level),
        value=rain_mm,
        threshold=rule.rain_mm_per_h if rain_mm is not None else None,
        unit="mm/h" if rain_mm is not None else "",
        at=issued_at,
        source=rule.source,
        verified=rule.verified,
    )


def _lost(state: RainState, level: float | None) -> str:
    """Name what a rule would need and does not have; empty where enough is known."""
    lost = ["雨量"] if state.rain_mm_per_h is None else []
    lost += ["大雨の警報等"] if level is not None and math.isnan(level) else []
    return "と".join(lost)


def _in_force(warnings: Warnings, hazard: str, issued_at: datetime) -> list[Warning]:
    """Give the warnings of a hazard in force; one that tells no hazard is known by its kind."""
    return [
        one
        for one in warnings.active
        if (one.hazard == hazard or (not one.hazard and hazard in one.kind))
        and one.issued_at <= issued_at
        and (one.valid_until is None or issued_at < one.valid_until)
    ]
