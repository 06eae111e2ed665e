"""Numbers, stations and times as an officer reads them; the only place here that knows JST.

Levels and probabilities are rounded down, so that no text shows a limit as reached that was not.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from forecasting.types import Gauge

JST = timezone(timedelta(hours=9), "JST")

THRESHOLD_NAMES = {
    "standby": "水防団待機水位",
    "caution": "氾濫注意水位",
    "judgment": "避難判断水位",
    "danger": "氾濫危険水位",
    "overflow": "氾濫発生水位",
}


def clock(moment: datetime) -> str:
    """Give day and time of Japan, e.g. 9月8日19:00."""
    local = moment.astimezone(JST)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def station(gauge: Gauge) -> str:
    """Give the gauge with its river, e.g. 鎌田（夏井川）."""
    return f"{gauge.name}（{gauge.river}）"


def metres(level_m: float) -> str:
    """Give a level to the centimetre."""
    return f"{math.floor(level_m * 100 + 0.01) / 100:.2f}m"


def percent(probability: float) -> str:
    """Give a probability in whole per cent."""
    return f"{math.floor(probability * 100 + 1e-6)}%"


def hours(span_h: float) -> str:
    """Give a span of hours, e.g. 3時間 or 2時間30分."""
    whole, minutes = divmod(round(span_h * 60), 60)
    return (f"{whole}時間" if whole else "") + (f"{minutes}分" if minutes or not whole else "")
