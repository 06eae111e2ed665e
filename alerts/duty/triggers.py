"""What staff must know now, from the run before, this run and the desk's own health.

Forecast figures are allowed here: these texts are for staff only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite

from advisory.types import Level
from alerts.duty.types import Chance, Health, RunFacts, Silence, StaffRules, Told, Trigger
from alerts.glossary import term
from alerts.staff import level_name
from alerts.wording import clean, jst, metres
from forecasting.types import THRESHOLDS

REASONS_MAX = 4
UNKNOWN_LEVEL = 3  # not knowing whether to evacuate is as urgent as level 3
LEVEL_OF = {"standby": 1, "caution": 2, "judgment": 3, "danger": 4, "overflow": 5}
NAMES_MAX = 12


def triggers(
    previous: Mapping[str, Level], run: RunFacts | None, health: Health, staff: StaffRules
) -> tuple[Trigger, ...]:
    """Give everything that stands now, most urgent first.

    Parameters
    ----------
    previous
        Levels by district of the run that was looked at before; empty = there was none, then
        everything in `run` is new.
    run
        The newest complete run; None = there is none, or it is too old to speak of now.
    """
    found = [*_health_triggers(health, staff)]
    if run is not None:
        found += [
            trigger
            for each in run.advice
            if (trigger := _advice(each, previous.get(each.district_id), staff)) is not None
        ]
        found += _likely(run, staff)
        found += _silent(run, staff)
        found = [_of_run(trigger, run) for trigger in found]
    return tuple(sorted(found, key=lambda each: (-each.level, each.topic)))


def _of_run(trigger: Trigger, run: RunFacts) -> Trigger:
    names = {each.district_id: each.name for each in run.advice}
    return replace(
        trigger,
        run_id=run.run_id,
        drill=run.drill,
        districts=tuple(clean(names.get(key, key)) for key in trigger.district_ids),
    )


def _advice(now: Told, was: Level | None, staff: StaffRules) -> Trigger | None:
    """Give the trigger of advice that stands, or of an order that fell below the limit."""
    stands = now.level is Level.UNKNOWN or now.level >= staff.level_min
    lowered = was is not None and was >= staff.level_min and was > now.level
    if not (stands or lowered):
        return None
    urgent = UNKNOWN_LEVEL if now.level is Level.UNKNOWN else max(int(now.level), 1)
    if lowered and was is not None and not stands:
        urgent = min(int(was), UNKNOWN_LEVEL)
    change = "" if was is None or was is now.level else f"(前回 {level_name(was)})"
    reasons = [clean(text) for text in now.reasons[:REASONS_MAX]]
    if now.must_leave is not None and now.level >= Level.ELDERLY:
        reasons.append(f"立退きが必要な人数の見込み {now.must_leave}人")
    return Trigger(
        topic=f"advice/{now.district_id}",
        kind="advice",
        state=now.level.name,
        severity=25 if now.level is Level.UNKNOWN else 10 * int(now.level),
        level=urgent,
        title=f"{clean(now.name)}: 助言 {level_name(now.level)}{change}",
        reasons=tuple(reasons) or ("理由は画面で確かめてください",),
        district_ids=(now.district_id,),
        deadline=now.issue_by,
        any_change=True,
    )


def _likely(run: RunFacts, staff: StaffRules) -> list[Trigger]:
    """Give for each gauge the highest threshold that is likely and not yet reached."""
    highest: dict[str, Chance] = {}
    for chance in run.chances:
        if (
            chance.threshold in staff.thresholds
            and not chance.reached
            and chance.probability is not None
            and chance.probability >= staff.probability
        ):
            known = highest.get(chance.gauge_id)
            if known is None or _rank(chance) > _rank(known):
                highest[chance.gauge_id] = chance
    return [_becoming_likely(run, chance, staff) for chance in highest.values()]


def _becoming_likely(run: RunFacts, chance: Chance, staff: StaffRules) -> Trigger:
    name = term(f"threshold_{chance.threshold}", "ja")
    due = [
        each.issue_by
        for each in run.advice
        if each.district_id in chance.district_ids and each.issue_by is not None
    ]
    arrival = _after(run.issued_at, chance.earliest_h)
    reasons = [
        f"{clean(chance.gauge_name)}({clean(chance.river)})が{staff.lead_h:g}時間以内に"
        f"{name}{metres(chance.level_m)}に達する確率 {percent(chance.probability)}"
        f"(目安 {percent(staff.probability)}以上)",
        f"到達の見込み: 早くて{_time(run.issued_at, chance.earliest_h)}、"
        f"中央値 {_time(run.issued_at, chance.median_h)}",
    ]
    return Trigger(
        topic=f"likely/{chance.gauge_id}",
        kind="likely",
        state=chance.threshold,
        severity=_rank(chance),
        level=LEVEL_OF[chance.threshold],
        title=f"{clean(chance.gauge_name)}: {name}に達する見込み {percent(chance.probability)}",
        reasons=tuple(reasons),
        district_ids=chance.district_ids,
        deadline=min(due) if due else arrival,
        deadline_of="発令期限" if due else "早い場合の到達",
    )


def _silent(run: RunFacts, staff: StaffRules) -> list[Trigger]:
    if not run.silences:
        return []
    lines = [_silence(each) for each in run.silences]
    more = [f"ほか{len(lines) - NAMES_MAX}件"] if len(lines) > NAMES_MAX else []
    touched = dict.fromkeys(key for each in run.silences for key in each.district_ids)
    return [
        Trigger(
            topic="feed",
            kind="feed",
            state=",".join(sorted(each.source for each in run.silences)),
            severity=1,
            level=staff.silent_level,
            title=f"観測が途絶 {len(lines)}件(平常とみなさないこと)",
            reasons=(*lines[:NAMES_MAX], *more),
            district_ids=tuple(touched),
            items=tuple(sorted(each.source for each in run.silences)),
        )
    ]


def _health_triggers(health: Health, staff: StaffRules) -> Iterable[Trigger]:
    late = _late(health, staff)
    if health.failure or late:
        said = [f"直近の計算が失敗しました: {clean(health.failure)}"] if health.failure else []
        yield Trigger(
            topic="cycle", kind="cycle", state="failed" if health.failure else "late",
            severity=2 if health.failure else 1, level=staff.failure_level,
            title="計算が止まっています(古い画面で判断しないこと)",
            reasons=(*said, *([late] if late else [])),
        )  # fmt: skip
    for channel in health.paused:
        yield Trigger(
            topic=f"channel/{channel}", kind="channel", state="paused", severity=1,
            level=staff.failure_level, title=f"送信経路 {clean(channel)} が失敗し、休止中です",
            reasons=("続けて失敗したため、間隔をあけて試しています。ほかの経路は送り続けます。",),
        )  # fmt: skip
    for channel, count in health.dead:
        yield Trigger(
            topic=f"dead/{channel}", kind="channel", state=str(count.bit_length()),
            severity=count.bit_length(),  # told again when the number has doubled
            level=staff.failure_level, title=f"送信経路 {clean(channel)} で送れない分があります",
            reasons=(f"送れない分 {count}件。理由を送信箱で確かめ、期限内なら再送してください。",),
        )  # fmt: skip


def _late(health: Health, staff: StaffRules) -> str:
    if health.newest is None:
        return ""
    age = health.at - health.newest
    if age <= timedelta(minutes=staff.old_min):
        return ""
    old_min = age.total_seconds() / 60
    return (
        f"最新の計算は{jst(health.newest, day=True)}のもので、{old_min:.0f}分前です"
        f"(目安 {staff.old_min:g}分)"
    )


def percent(probability: float | None) -> str:
    """Give a probability in per cent, 不明 where there is none."""
    return "不明" if probability is None else f"{probability * 100:.0f}%"


def _rank(chance: Chance) -> int:
    return THRESHOLDS.index(chance.threshold)


def _after(start: datetime, hours: float | None) -> datetime | None:
    return None if hours is None or not isfinite(hours) else start + timedelta(hours=hours)


def _time(start: datetime, hours: float | None) -> str:
    if hours is None:
        return "不明"
    moment = _after(start, hours)
    return "予測時間内になし" if moment is None else jst(moment, day=True)


def _silence(each: Silence) -> str:
    last = "値なし" if each.since is None else f"最後の値 {jst(each.since, day=True)}"
    return f"{clean(each.name)}: {last}"


def worse(trigger: Trigger, told: Mapping[str, object], staff: StaffRules) -> bool:
    """Tell whether a thing that was told is worse now.

    Parameters
    ----------
    told
        `state`, `severity`, `items` and `deadline` of the alert that was sent.
    """
    severity, items, deadline = (told[name] for name in ("severity", "items", "deadline"))
    if not isinstance(severity, int) or not isinstance(items, (list, tuple)):
        raise TypeError("an alert must have severity and items")
    if trigger.any_change and trigger.state != told["state"]:
        return True
    if trigger.severity > severity or set(trigger.items) - set(items):
        return True
    if trigger.deadline is None or trigger.kind != "advice":
        return False
    earlier = timedelta(minutes=staff.deadline_earlier_min)
    return not isinstance(deadline, datetime) or trigger.deadline <= deadline - earlier
