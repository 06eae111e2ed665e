"""What official telegrams say about a district, and whether we would know if they said more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from advisory.policy import Policy
from advisory.types import Level, Reason, Warning, Warnings
from advisory.words import clock


def official(
    warnings: Warnings, policy: Policy, gauge_ids: Collection[str], *, issued_at: datetime
) -> list[Reason]:
    """Give a reason per warning in force here, and one if the feed is silent or not connected.

    Parameters
    ----------
    warnings
        Of this city only. One with `gauge_ids` is for the districts on these sections, one
        without for the whole city, at most at the policy's `area_level_max`.
    """
    found = [
        _reason(warning, policy)
        for warning in warnings.active
        if warning.issued_at <= issued_at
        and (warning.valid_until is None or issued_at < warning.valid_until)
        and (not warning.gauge_ids or set(warning.gauge_ids) & set(gauge_ids))
    ]
    return [*found, *_feed(warnings, policy, issued_at)]


def _reason(warning: Warning, policy: Policy) -> Reason:
    most = Level(policy.telegrams.area_level_max)
    wide = not warning.gauge_ids and warning.level > most
    text = f"公式電文「{warning.kind}」が発表中（{clock(warning.issued_at)}発表）"
    if wide:
        text += "。市全域が対象のため、レベル5とする区域は別に判断が必要"
    return Reason(
        rule="official-warning",
        text=text,
        fired=True,
        level=most if wide else warning.level,
        telegram_id=warning.telegram_id,
        at=warning.issued_at,
        source=policy.telegrams.source if wide else "公式電文",
        verified=policy.telegrams.verified if wide else True,
    )


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
