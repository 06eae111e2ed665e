"""One piece of stored advice told in full, in Japanese or in English, from run.json alone.

The Japanese reasons are the officer's own, word for word; the English ones are told from the
figures beside them, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from advisory.levels import level_word
from advisory.types import Level
from kawamori.reasons_en import english_reason, measure
from kawamori.words import clock, duration, people, quantity

Record = Mapping[str, Any]
LANGUAGES = ("ja", "en")
ORDERS_EN = {
    Level.UNKNOWN: "cannot be judged",
    Level.NONE: "no evacuation information",
    Level.EARLY: "no evacuation information (level 1)",
    Level.CAUTION: "no evacuation information (level 2)",
    Level.ELDERLY: "level 3, evacuation of the elderly and others (高齢者等避難)",
    Level.EVACUATE: "level 4, evacuation instruction (避難指示)",
    Level.EMERGENCY: "level 5, emergency safety measures (緊急安全確保)",
}


def explain(record: Record, district: str, *, language: str) -> Iterator[str]:
    """Give the lines that explain what a run advised a district, by district_id or name.

    Raises
    ------
    ValueError
        If the run has no such district, or the language is not ja or en.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, got {language!r}.")
    advice = _of(record["advice"], district)
    tell = _japanese if language == "ja" else _english
    yield from tell(record, advice)


def _of(all_advice: list[Record], district: str) -> Record:
    for advice in all_advice:
        if district in (advice["district_id"], advice["name"]):
            return advice
    known = [f"{advice['district_id']} ({advice['name']})" for advice in all_advice]
    raise ValueError(f"district must be one of {known}, got {district!r}.")


def _japanese(record: Record, advice: Record) -> Iterator[str]:
    drill = "【訓練】" if record["drill"] else ""
    level = _level(advice)
    yield f"{drill}{record['city']['name']} {advice['name']}: {level_word(level)}"
    yield f"基準時刻 {_clock(advice['issued_at'])}  発令期限 {_clock(advice['issue_by'])}  " + (
        f"有効 {_clock(advice['valid_until'])}まで"
    )
    counts = advice["people"]
    yield (
        f"浸水域内 {people(counts['inside'])}  立退き {people(counts['must_leave'])}  "
        f"屋内安全確保 {people(counts['may_stay'])}  判定不能 {people(counts['unknown'])}"
    )
    needed = advice["clearance"]
    if needed is not None:
        spans = f"中央値{duration(needed['p50_min'])}、90%{duration(needed['p90_min'])}"
        yield f"避難に要する時間 {spans}（{needed['basis']}）"
    for title, name in (("理由", "reasons"), ("反証", "counter_evidence")):
        yield f"{title}:" + ("" if advice[name] else " なし")
        for reason in advice[name]:
            source = f"  [{reason['source'] or '自前'}{'' if reason['verified'] else '・未確認'}]"
            yield f"  - {reason['text']}  ({_facts(reason, 'ja')}){source}"
    for place in advice["shelters"]:
        yield f"避難先: {place['name']} {people(place['people'])} 最長{place['minutes']:.0f}分"
    yield f"入力 sha256 {record['input_digest']}  助言 sha256 {advice['digest']}"


def _english(record: Record, advice: Record) -> Iterator[str]:
    drill = "【訓練 DRILL】 " if record["drill"] else ""
    gauges = record["city"]["gauges"]
    yield f"{drill}{record['city']['name']} {advice['name']}: {ORDERS_EN[_level(advice)]}"
    yield (
        f"issued {_clock(advice['issued_at'])} JST, to be issued by {_clock(advice['issue_by'])}, "
        f"valid until {_clock(advice['valid_until'])}"
    )
    counts = advice["people"]
    yield ", ".join(
        f"{title} {'unknown' if counts[name] is None else counts[name]}"
        for title, name in (
            ("people inside the water", "inside"), ("must leave", "must_leave"),
            ("may stay upstairs", "may_stay"), ("not known which", "unknown"),
        )
    )  # fmt: skip
    needed = advice["clearance"]
    if needed is not None:
        yield f"clearance: median {needed['p50_min']:.0f} min, 90 % {needed['p90_min']:.0f} min"
    for title, name in (("reasons", "reasons"), ("counter-evidence", "counter_evidence")):
        yield f"{title}:" + ("" if advice[name] else " none")
        for reason in advice[name]:
            yield f"  - {english_reason(reason, gauges)}  ({_facts(reason, 'en')})"
    for place in advice["shelters"]:
        way = f"up to {place['minutes']:.0f} min"
        yield f"shelter: {place['name']}, {place['people']} people, {way}"
    yield f"inputs sha256 {record['input_digest']}, advice sha256 {advice['digest']}"


def _facts(reason: Record, language: str) -> str:
    """Give rule, level, value against threshold, station, telegram, time and standing."""
    unit = reason["unit"]
    fired = {True: ("該当", "fired"), False: ("非該当", "not fired")}[reason["fired"]]
    parts = [reason["rule"], fired[language == "en"], _word(reason, language)]
    if reason["value"] is not None:
        parts.append(_measure(reason["value"], unit, language))
    if reason["threshold"] is not None:
        limit = _measure(reason["threshold"], unit, language)
        parts.append(f"{'目安' if language == 'ja' else 'limit'} {limit}")
    for name, title in (("gauge_id", "gauge"), ("telegram_id", "telegram")):
        if reason[name]:
            parts.append(f"{title} {reason[name]}")
    if reason["at"]:
        parts.append(_clock(reason["at"]))
    if language == "en" and not reason["verified"]:
        parts.append("rule not verified against the official text")
    return ", ".join(parts)


def _word(reason: Record, language: str) -> str:
    number = "?" if reason["level"] is None else reason["level"]
    return f"{'レベル' if language == 'ja' else 'level '}{number}"


def _measure(value: float, unit: str, language: str) -> str:
    if language == "ja":
        return quantity(value, unit)
    return measure(value, unit)


def _level(entry: Record) -> Level:
    return Level.UNKNOWN if entry["level"] is None else Level(entry["level"])


def _clock(text: str | None) -> str:
    return clock(None if text is None else datetime.fromisoformat(text))
