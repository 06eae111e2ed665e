"""The night rule on official foresight: what is foreseen for the night is advised in the evening.

The telegrams foresee the level of each municipality in bins of three hours. In the evening window
a bin between sunset and sunrise that foresees level 3 or more gives that level to the districts
with mapped danger of that kind: inland or river water for heavy rain, zones for landslides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from advisory.policy import NightRule
from advisory.rules import Sky
from advisory.types import Bin, Level, Reason, Warnings
from advisory.words import clock

KINDS = {"大雨": ("大雨",), "土砂災害": ("土砂",)}  # of a rule: how hazards of bins begin


def foreseen(
    warnings: Warnings, kind: str, *, start: datetime, end: datetime, issued_at: datetime
) -> Bin | None:
    """Give the bin of the highest level that touches a span, the earliest of several; None = none.

    A bin issued after `issued_at` is not known yet.
    """
    touching = [
        one
        for one in warnings.bins
        if one.hazard.startswith(KINDS[kind])
        and one.start < end
        and start < one.end
        and (one.issued_at is None or one.issued_at <= issued_at)
    ]
    return max(touching, key=lambda one: (one.level, -one.start.timestamp()), default=None)


def night_level(warnings: Warnings, kind: str, rules: Sequence[NightRule], sky: Sky) -> float:
    """Give the official level foreseen for the coming night, 0 by other hours or if none is."""
    hours = [rule.hours for rule in rules if rule.kind == kind]
    if not hours or not coming_night(sky) or sky.sunset is None:
        return 0.0
    end = sky.sunset + timedelta(hours=max(hours))
    one = foreseen(warnings, kind, start=sky.sunset, end=end, issued_at=sky.issued_at)
    return 0.0 if one is None else max(float(one.level), 0.0)


def coming_night(sky: Sky) -> bool:
    """Tell whether it is the hour to judge the coming night."""
    return sky.evening and sky.sunset is not None and not sky.dark


def judge_night(
    warnings: Warnings, rules: Sequence[NightRule], sky: Sky, *, people: dict[str, int | None]
) -> list[Reason]:
    """Give the reasons of the night rules for one district, fired or not; none by other hours.

    Parameters
    ----------
    people
        Of each kind, who lives in the mapped danger: 0 = nobody, so the rule is not for the
        district; None = not known, then it is, and says so.
    """
    if not coming_night(sky) or sky.sunset is None:
        return []
    found = []
    for rule in rules:
        count = people.get(rule.kind)
        if count == 0:
            continue
        end = sky.sunset + timedelta(hours=rule.hours)
        one = foreseen(warnings, rule.kind, start=sky.sunset, end=end, issued_at=sky.issued_at)
        if one is not None and one.level is not Level.UNKNOWN:
            found.append(_reason(rule, one, count, sky))
    return found


def _reason(rule: NightRule, one: Bin, count: int | None, sky: Sky) -> Reason:
    fired = one.level >= rule.bin_level
    inside = "想定区域の人数は不明" if count is None else f"想定区域内に{count:,}人"
    text = (
        f"夜間（日没後）の{clock(one.start)}から{clock(one.end)}に{one.hazard}が警戒レベル"
        f"{int(one.level)}相当の予想（目安{rule.bin_level}）。{inside}、明るいうちに発令"
    )
    return Reason(
        rule=rule.id,
        text=text,
        fired=fired,
        level=Level(rule.level),
        value=float(one.level),
        threshold=float(rule.bin_level),
        unit="（警戒レベル相当）",
        telegram_id=one.telegram_id or None,
        at=one.issued_at or sky.issued_at,
        source=rule.source,
        verified=rule.verified,
    )
