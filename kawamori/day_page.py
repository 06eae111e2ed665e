"""The page of a documented day: our advice per district beside what was done then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from advisory.types import Advice, Level, Reason
from kawamori.city import City
from kawamori.day_review import DayReview, Told, review_day
from kawamori.days import Fact
from kawamori.progress import Report
from kawamori.settings import Settings
from kawamori.words import JST, LEVEL_WORDS, number, people

MARK = "【訓練】再現"


@dataclass(frozen=True)
class Row:
    """One district: what we advise and what was ordered, cycle by cycle."""

    name: str
    advised: tuple[Level, ...]
    ordered: tuple[Level, ...]
    first: str  # our first level 4
    then: str  # the first 避難指示 of the day
    leaving: int | None  # most people told to leave at level 4 or 5; None = unknown
    rests: bool  # our first level 4 rests on reconstructed facts
    told: tuple[Advice, ...]  # the cycles at which the level changed


def day_to_page(name: str, settings: Settings, progress: Report) -> tuple[Path, list[str]]:
    """Run a documented day and write its page; give its folder and lines for the terminal."""
    reviewed = review_day(name, settings, progress)
    folder = settings.out / f"{reviewed.day.city}-{name}-review"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page(reviewed), encoding="utf-8")
    return folder, lines(reviewed)


def page(reviewed: DayReview) -> str:
    """Give the page as one file that needs no network."""
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(number=number, words=LEVEL_WORDS, clock=clock, people=people)
    return environment.get_template("day.html").render(
        mark=MARK,
        reviewed=reviewed,
        day=reviewed.day,
        hours=hour_heads(reviewed.told[0]),
        days=day_heads(reviewed.told[0]),
        rows=rows(reviewed),
        verdict=verdict(reviewed),
        shares=[_share(told, reviewed.city) for told in reviewed.told],
        timeline=timeline(reviewed),
        fired=_fired,
    )  # fmt: skip


def rows(reviewed: DayReview) -> list[Row]:
    """Give one row per district, in their order."""
    day, whole = reviewed.day, reviewed.told[0]
    found = []
    for key, district in reviewed.city.districts.iterrows():
        advice = [one for cycle in whole.cycles for one in cycle if one.district_id == key]
        changed = [
            one for at, one in enumerate(advice) if at == 0 or one.level is not advice[at - 1].level
        ]
        orders = [
            one
            for one in day.done
            if one.level >= Level.EVACUATE
            and not one.unknown_area
            and (not one.districts or key in one.districts)
        ]
        first = min(orders, key=lambda one: one.at, default=None)
        found.append(
            Row(
                name=str(district["name"]),
                advised=tuple(one.level for one in advice),
                ordered=tuple(day.done_at(str(key), one.issued_at) for one in advice),
                first=clock(whole.first(str(key))),
                then="—" if first is None else first.clock or clock(first.at),
                leaving=whole.leaving(str(key)),
                rests=reviewed.rests_on_assumption(str(key)),
                told=tuple(changed),
            )
        )
    return found


def leaving(told: Told, city: City) -> str:
    """Give how many people are told to leave at level 4 or 5, and their share of all residents."""
    counts = [told.leaving(str(key)) for key in city.districts.index]
    known = sum(count for count in counts if count is not None)
    lost = sum(count is None for count in counts)
    share = known / float(city.districts["population"].sum())
    return f"{people(known)}（{share:.0%}）" + (f"と人数不明の{lost}地区" if lost else "")


def _share(told: Told, city: City) -> tuple[str, ...]:
    """Give one telling: its name, residents of ordered districts, who leaves, when, unknown."""
    share, lost = f"{told.share(city):.0%}", f"{told.unknown_share():.0%}"
    return told.telling.name, share, leaving(told, city), _earliest(told), lost


def hour_heads(told: Told) -> list[str]:
    """Give the heading of each cycle: the hour in JST, 半 for the half hour after it."""
    local = [cycle[0].issued_at.astimezone(JST) for cycle in told.cycles]
    return [f"{at:%-H}" if at.minute == 0 else "半" for at in local]


def day_heads(told: Told) -> list[tuple[str, int]]:
    """Give each day of the cycles and how many of them it has."""
    local = [f"{cycle[0].issued_at.astimezone(JST):%-d日}" for cycle in told.cycles]
    return [(name, local.count(name)) for name in dict.fromkeys(local)]


def verdict(reviewed: DayReview) -> str:
    """Say what the result rests on."""
    keys = [str(key) for key in reviewed.city.districts.index]
    ordered = [key for key in keys if reviewed.told[0].first(key) is not None]
    resting = [key for key in ordered if reviewed.rests_on_assumption(key)]
    if not ordered:
        text = "どの地区にもレベル4を出していない。"
        if any(told.share(reviewed.city) > 0 for told in reviewed.told[2:]):
            return f"{text}ただしこの結果は再構成（仮定）による: 別の仮定ではレベル4になる"
        return text
    if resting:
        some = len(resting) < len(ordered)
        which = f"{len(ordered)}地区のうち{len(resting)}" if some else f"全{len(ordered)}"
        return (
            f"レベル4の{which}地区は、再構成（仮定）の電文によって早まったか、出たもの。"
            "公表された事実だけでは同じ時刻にならない"
        )
    return f"レベル4の{len(ordered)}地区は、公表された事実だけでも同じ時刻になる"


def timeline(reviewed: DayReview) -> list[tuple[datetime, bool, str, str, str]]:
    """Give (time, assumed, clock, text, source) of every fact and order of the day."""
    day = reviewed.day
    told: list[tuple[Fact, str]] = [(one, one.text) for one in day.facts]
    told += [(one, one.name) for one in day.warnings]
    told += [(one, f"{one.by}: {one.text}") for one in day.reports]
    names = {gauge.gauge_id: gauge.name for gauge in reviewed.city.gauges}
    told += [(one, f"{names[one.gauge]} 水位{one.level_m:.2f}m") for one in day.levels]
    told += [
        (
            one,
            f"時系列 {one.hazard}{one.local} {one.grade or f'警戒レベル{one.level}相当'} "
            f"{clock(one.first)}から{clock(one.last)}",
        )
        for one in day.bins
    ]
    found = [
        (one.at, one.assumed, clock(one.at), _if(one) + text, one.source) for one, text in told
    ]
    for order in day.done:
        word = LEVEL_WORDS[Level(order.level)] if order.level else "解除"
        counts = "" if order.people is None else f"（{people(order.people)}）"
        when = order.clock or clock(order.at)
        text = f"当時の発令: {word} {order.area}{counts}"
        found.append((order.at, False, when, text, order.source))
    return sorted(found, key=lambda one: (one[0], one[3]))


def lines(reviewed: DayReview) -> list[str]:
    """Give the day for the terminal."""
    day = reviewed.day
    told = [f"{MARK} {reviewed.city.name} {day.name} {day.title}"]
    for row in rows(reviewed):
        basis = "（再構成による）" if row.rests else ""
        told.append(f"  {row.name}: レベル4 {row.first}{basis}  当時の避難指示等 {row.then}")
    told += [
        f"  {one.telling.name}: レベル4の住民 {one.share(reviewed.city):.0%}、最初 {_earliest(one)}"
        for one in reviewed.told
    ]
    return [*told, f"  {verdict(reviewed)}", f"  足りないもの: {day.missing}"]


def clock(moment: datetime | None) -> str:
    """Give day and time in JST; — = never."""
    if moment is None:
        return "—"
    return f"{moment.astimezone(JST):%d日%H:%M}"


def _if(fact: Fact) -> str:
    return f"〔比較: もし{fact.what_if}〕" if fact.what_if else ""


def _earliest(told: Told) -> str:
    keys = {one.district_id for cycle in told.cycles for one in cycle}
    times = [at for key in keys if (at := told.first(key)) is not None]
    return clock(min(times, default=None))


def _fired(advice: Advice) -> list[Reason]:
    return [reason for reason in advice.reasons if reason.fired]
