"""Text for the desk: forecast figures, reasons and the deadline, so it stays inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from advisory.types import ORDERS, Advice, Level, Reason
from alerts.wording import clean, jst

NO_DEADLINE = "なし、または不明(理由を参照)"


def staff_subject(advice: Advice) -> str:
    """Give one line: who, the advised level, the deadline."""
    deadline = f" 発令期限 {jst(advice.issue_by, day=True)}" if advice.issue_by else ""
    return f"[職員限り] {clean(advice.name)}: {level_name(advice.level)}{deadline}"


def staff_text(
    advice: Advice, *, city_name: str, expires: datetime, notes: Sequence[str] = ()
) -> str:
    """Give the advice with every reason and figure, for the officers who decide.

    Levels in metres above gauge zero, times JST; unknown figures read 不明, never 0.
    """
    fired = [reason for reason in advice.reasons if reason.fired]
    lines = [
        f"[職員限り] {city_name} {clean(advice.name)}: {level_name(advice.level)}を助言",
        "自前の予測を含みます。住民へ転送しないでください(気象業務法第17条)。",
        f"発令期限: {jst(advice.issue_by, day=True) if advice.issue_by else NO_DEADLINE}",
        *_section("理由", fired),
        *_section("反対の材料・発動しなかった規則", advice.counter_evidence),
        _people(advice),
        _clearance(advice),
        "避難先: " + ("、".join(clean(s.name) for s in advice.shelters) or "割り当てなし"),
        *([f"住民の行動: {advice.action}"] if advice.action else []),
        f"算出 {jst(advice.issued_at, day=True)}、有効 {jst(advice.valid_until, day=True)}まで、"
        f"送信期限 {jst(expires, day=True)}(いずれも日本時間)",
        *(f"※{clean(note)}" for note in notes),
    ]
    return "\n".join(lines) + "\n"


def level_name(level: Level) -> str:
    """Give the level as number and word; UNKNOWN says that nothing can be said."""
    if level == Level.UNKNOWN:
        return "判断不能(入力が不足)"
    if level == Level.NONE:
        return "避難情報なし"
    return f"警戒レベル{int(level)} {ORDERS.get(level, '避難情報なし')}"


def _section(title: str, reasons: Sequence[Reason]) -> list[str]:
    return [f"{title}:", *(map(_reason, reasons) if reasons else ["・なし"])]


def _reason(reason: Reason) -> str:
    checked = "" if reason.verified else "(原文未確認の基準)"
    return f"・{clean(reason.text)} [{reason.rule}]{checked}"


def _people(advice: Advice) -> str:
    people = advice.people
    return (
        f"人数: 浸水域内 {_count(people.inside)}、立退き {_count(people.must_leave)}、"
        f"屋内可 {_count(people.may_stay)}、区分不明 {_count(people.unknown)}"
        + ("(不明な浸水を除く下限)" if people.partial else "")
    )


def _clearance(advice: Advice) -> str:
    if advice.clearance is None:
        return "避難に要する時間: 不明"
    time = advice.clearance
    return f"避難に要する時間: 中央値 {time.p50_min:.0f}分、90% {time.p90_min:.0f}分({time.basis})"


def _count(people: int | None) -> str:
    return "不明" if people is None else f"{people}人"
