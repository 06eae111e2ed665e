"""What people on the ground report: leaks and breaches seen on patrol, gates, notices of dams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from advisory.policy import ReportRule
from advisory.types import Level, Reason, Report
from advisory.words import clock


def judge_reports(
    reports: Sequence[Report],
    district_id: str,
    gauge_ids: Sequence[str],
    rules: Sequence[ReportRule],
    *,
    issued_at: datetime,
) -> list[Reason]:
    """Give a reason per report in force for a district; one of an unknown kind is UNKNOWN."""
    by_kind = {rule.kind: rule for rule in rules}
    return [
        _reason(report, by_kind.get(report.kind))
        for report in sorted(reports, key=lambda one: (one.at, one.kind, one.text))
        if (district_id in report.district_ids or set(gauge_ids) & set(report.gauge_ids))
        and report.at <= issued_at
        and (report.ended is None or issued_at < report.ended)
        and _fresh(report, by_kind.get(report.kind), issued_at)
    ]


def _fresh(report: Report, rule: ReportRule | None, issued_at: datetime) -> bool:
    return rule is None or issued_at - report.at <= timedelta(hours=rule.valid_h)


def _reason(report: Report, rule: ReportRule | None) -> Reason:
    text = f"現地からの報告（{report.by}、{clock(report.at)}）: {report.text}"
    if rule is None:
        text = f"{text}。種別「{report.kind}」の基準がなく判定できない。内容を確認してください"
        return Reason("report-unknown", text, True, Level.UNKNOWN, at=report.at)
    return Reason(
        rule=rule.id,
        text=text,
        fired=True,
        level=Level(rule.level),
        at=report.at,
        source=rule.source,
        verified=rule.verified,
    )
