"""What official telegrams say about a district, and whether we would know if they said more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from advisory.policy import Policy
from advisory.types import Bin, Level, Reason, Section, Warning, Warnings
from advisory.words import clock, metres

# Thresholds that a level of a section stands for, as in the telegram.
_REACHED = {
    Level.CAUTION: "caution_m",
    Level.ELDERLY: "judgment_m",
    Level.EVACUATE: "danger_m",
}
_SHOWN = ("警報", "危険警報", "特別警報", "速報")  # of hazards without levels; others are noise
_AHEAD = timedelta(hours=24)


def official(
    warnings: Warnings, policy: Policy, gauge_ids: Collection[str], *, issued_at: datetime
) -> list[Reason]:
    """Give a reason per warning in force here, and one if the feed is silent or not connected.

    Parameters
    ----------
    warnings
        Of this city only (`advisory.telegrams.of_place`). One with `gauge_ids` is for the districts
        on these sections and has the level of its section; one without is for the whole city, at
        most at the policy's `area_level_max`.
    """
    found = [
        _reason(warning, policy, gauge_ids)
        for warning in warnings.active
        if warning.issued_at <= issued_at
        and (warning.valid_until is None or issued_at < warning.valid_until)
        and (not warning.gauge_ids or set(warning.gauge_ids) & set(gauge_ids))
        and (warning.level is not Level.NONE or warning.grade in _SHOWN)
    ]
    return [*found, *_foreseen(warnings.bins, issued_at), *_feed(warnings, policy, issued_at)]


def _reason(warning: Warning, policy: Policy, gauge_ids: Collection[str]) -> Reason:
    most = Level(policy.telegrams.area_level_max)
    wide = not warning.gauge_ids and warning.level > most
    text = f"公式電文「{warning.kind}」が発表中（{clock(warning.issued_at)}発表）"
    if warning.section is not None:
        text += _section_text(warning.section, warning.level)
    if warning.level is Level.UNKNOWN:
        text += "。レベルは不明。原文を確認してください"
    if warning.level is Level.NONE:
        text += "。警戒レベルのない情報"
    if wide:
        text += "。市全域が対象のため、レベル5とする区域は別に判断が必要"
    if warning.doubts:
        text += f"。注意: {'、'.join(warning.doubts)}"
    here = [gauge_id for gauge_id in warning.gauge_ids if gauge_id in gauge_ids]
    value, threshold = _observed(warning)
    return Reason(
        rule="official-warning",
        text=text,
        fired=True,
        level=most if wide else warning.level,
        value=value,
        threshold=threshold,
        unit="" if value is None else "m（電文の基準）",  # may be an elevation
        gauge_id=here[0] if here else None,
        telegram_id=warning.telegram_id,
        at=warning.issued_at,
        source=policy.telegrams.source if wide else "公式電文",
        verified=policy.telegrams.verified if wide else True,
    )


def _section_text(section: Section, level: Level) -> str:
    """Give the section's level, its newest observed value and the highest foreseen one."""
    told = f"。この区間は警戒レベル{int(level)}" if level > Level.NONE else ""
    seen = [one for one in section.values if one.observed and one.level_m is not None]
    ahead = [one for one in section.values if not one.observed and one.level_m is not None]
    if seen and seen[-1].level_m is not None:
        told += f"、{clock(seen[-1].valid_time)}の水位{metres(seen[-1].level_m)}"
    if ahead:
        peak = max(ahead, key=lambda one: one.level_m or 0.0)
        told += f"、予測の最高{metres(peak.level_m or 0.0)}（{clock(peak.valid_time)}）"
    return told


def _observed(warning: Warning) -> tuple[float | None, float | None]:
    """Give the newest observed level of the section and the threshold of its warning."""
    if warning.section is None:
        return None, None
    seen = [one.level_m for one in warning.section.values if one.observed]
    field = _REACHED.get(warning.level, "danger_m")
    return (seen[-1] if seen else None), getattr(warning.section.criteria, field)


def _foreseen(bins: Collection[Bin], issued_at: datetime) -> list[Reason]:
    """Give what is foreseen for the next day at level 3 or more, per hazard; it fires nothing."""
    known = [
        one
        for one in bins
        if one.level >= Level.ELDERLY
        and issued_at < one.end
        and one.start < issued_at + _AHEAD
        and (one.issued_at is None or one.issued_at <= issued_at)
    ]
    found = []
    for hazard in sorted({one.hazard for one in known}):
        mine = [one for one in known if one.hazard == hazard]
        first = min(mine, key=lambda one: (-one.level, one.start, one.telegram_id, one.local))
        text = (
            f"公式の時系列情報: {hazard}が{clock(first.start)}から{clock(first.end)}に"
            f"警戒レベル{int(first.level)}相当の予想"
        )
        found.append(
            Reason(
                "official-foreseen",
                text,
                False,
                first.level,
                telegram_id=first.telegram_id,
                at=first.issued_at,
                source="公式電文",
            )
        )
    return found


def _feed(warnings: Warnings, policy: Policy, issued_at: datetime) -> list[Reason]:
    received_at = warnings.received_at
    if received_at is None:
        text = "公式電文は未接続。気象庁・県の警報等が出ていないとは言えない"
        return [Reason("telegrams-not-connected", text, policy.telegrams.required, Level.UNKNOWN)]
    limit = policy.staleness.telegram_min
    if received_at <= issued_at <= received_at + timedelta(minutes=limit):
        return []
    last = clock(received_at)
    text = f"公式電文が{limit:.0f}分を超えて途絶（最後は{last}）。別の手段で確認してください"
    return [Reason("telegrams-silent", text, True, Level.UNKNOWN, at=received_at)]
