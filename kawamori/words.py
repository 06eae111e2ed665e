"""Words of the page: levels, thresholds, times and numbers as an officer reads them.

Only text for people is made here, so JST appears here. None and NaN read 不明, never 0.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from advisory.types import ORDERS, Level

JST = timezone(timedelta(hours=9), "JST")
UNKNOWN_WORD = "不明"
SEPARATOR = "、"
WEEKDAYS = "月火水木金土日"

# What a district is advised. Levels 3-5 are the municipality's own 避難情報.
LEVEL_WORDS = {
    Level.UNKNOWN: UNKNOWN_WORD,
    Level.NONE: "発表なし",
    Level.EARLY: "早期注意",
    Level.CAUTION: "避難行動の確認",
    **ORDERS,
}

# The official level that each threshold stands for (氾濫発生 = start of overflow).
THRESHOLD_LEVELS = {
    "standby": Level.EARLY,
    "caution": Level.CAUTION,
    "judgment": Level.ELDERLY,
    "danger": Level.EVACUATE,
    "overflow": Level.EMERGENCY,
}
THRESHOLD_WORDS = {
    "standby": "水防団待機水位",
    "caution": "氾濫注意水位",
    "judgment": "避難判断水位",
    "danger": "氾濫危険水位",
    "overflow": "氾濫発生水位",
}
THRESHOLD_SHORT = {name: word.removesuffix("水位") for name, word in THRESHOLD_WORDS.items()}
FORM_WORDS = {
    "line": "LINE",
    "mail": "メール",
    "plain": "本文のみ",
    "spoken": "放送文",
    "urgent": "緊急速報メール",
    "cap": "CAP",
    "staff": "職員向け",
}
MODE_WORDS = {"walk": "徒歩", "car": "車"}


def number(level: Level) -> str:
    """Give the digit of the level, "?" for UNKNOWN."""
    return "?" if level is Level.UNKNOWN else str(int(level))


def stamp(moment: datetime | None) -> str:
    """Give date, weekday and time in JST."""
    if moment is None:
        return UNKNOWN_WORD
    local = moment.astimezone(JST)
    day = f"{local.year}年{local.month}月{local.day}日({WEEKDAYS[local.weekday()]})"
    return f"{day} {local:%H:%M}"


def clock(moment: datetime | None) -> str:
    """Give day and time in JST, short: deadlines pass midnight, so the day stays."""
    if moment is None:
        return UNKNOWN_WORD
    local = moment.astimezone(JST)
    return f"{local.month}/{local.day} {local:%H:%M}"


def duration(minutes: float | None) -> str:
    """Give a span of time; inf is beyond the forecast, None and NaN are unknown."""
    if minutes is None or math.isnan(minutes):
        return UNKNOWN_WORD
    if math.isinf(minutes):
        return "予測時間内になし"
    days, rest = divmod(round(abs(minutes)), 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [f"{days}日" if days else "", f"{hours}時間" if hours else ""]
    parts.append(f"{left}分" if left or not (days or hours) else "")
    return "".join(parts)


def ago(minutes: float) -> str:
    """Give how long ago something was."""
    return f"{duration(minutes)}前"


def countdown(moment: datetime | None, seen: datetime) -> str:
    """Give how far a deadline lies ahead; a past one says so."""
    if moment is None:
        return ""
    minutes = (moment - seen).total_seconds() / 60
    if minutes <= 0:
        return "直ちに" if minutes == 0 else f"直ちに(期限を{duration(minutes)}超過)"
    return f"{duration(minutes)}後"


def until(moment: datetime | None, issued_at: datetime) -> str:
    """Give how far a deadline lies from the issue time; a past one says so."""
    ahead = moment is not None and moment > issued_at
    return ("基準時刻から" if ahead else "") + countdown(moment, issued_at)


def metres(level_m: float | None, *, signed: bool = False) -> str:
    """Give a level or a rise to the centimetre, without its unit."""
    if level_m is None or math.isnan(level_m):
        return UNKNOWN_WORD
    return f"{level_m:+.2f}" if signed else f"{level_m:.2f}"


def percent(probability: float | None) -> str:
    """Give a probability in per cent; the ends say that they are not certain."""
    if probability is None or math.isnan(probability):
        return UNKNOWN_WORD
    if probability > 0.99:
        return "99%超"
    return "1%未満" if probability < 0.01 else f"{probability * 100:.0f}%"


def quantity(value: float | None, unit: str) -> str:
    """Give what a rule saw: metres, minutes, or a probability where there is no unit."""
    written = {"m": lambda: f"{metres(value)} m", "min": lambda: duration(value)}
    written[""] = lambda: percent(value)
    if unit not in written:
        return UNKNOWN_WORD if value is None else f"{value:g} {unit}"
    return written[unit]()


def people(count: int | None, partial: bool = False) -> str:
    """Give a head count; `partial` reads "at least so many"; None and "at least 0" read 不明."""
    if count is None or (partial and not count):
        return UNKNOWN_WORD
    return f"{count:,}人{'以上' if partial else ''}"


def shelter_reason(text: str) -> str:
    """Give why a shelter is not usable, as it is written."""
    return text
