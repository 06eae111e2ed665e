"""A stored reason in English, told from the figures beside its Japanese text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from advisory.words import metres
from kawamori.words_en import THRESHOLD_WORDS, clock, duration, percent

Record = Mapping[str, Any]

# Rules of our own code whose id and figures do not say it all; rules of a policy speak by figures.
SAID = {
    "calm": "nothing is reached",
    "falling": "the level is falling",
    "forecast-missing": "there is no forecast; check by camera or patrol",
    "hold": "the advice given before is kept",
    "inland-unknown": "rain or warnings are unknown, so inland water cannot be judged",
    "inland-unmapped": "there is no inland map, so its area and people cannot be judged",
    "issue-by": "latest time to issue, by the time that people need to get out",
    "landslide-unmapped": "there is no map of landslide zones, so their people cannot be judged",
    "no-gauge": "this district has no gauge; check by camera or patrol",
    "no-thresholds": "no official levels are set; check by camera or patrol",
    "no-upper-thresholds": "no official level from 3 on is set; check by camera or patrol",
    "official-warning": "an official warning is in force",
    "official-foreseen": "foreseen by official information",
    "release": "the advice given before may end",
    "report-unknown": "what was reported cannot be judged",
    "silent-gauge": "the gauge is silent; check by camera or patrol",
    "telegrams-not-connected": "official warnings are not connected, they may be in force",
    "telegrams-silent": "official warnings stopped coming; check by other means",
    "top-threshold": "no higher official level is set, so nothing beyond can be judged",
    "unlisted-gauge": "the gauge is not in the list; check by camera or patrol",
    "waiting": "waiting longer makes it likelier that people are not out in time",
}


def english_reason(reason: Record, gauges: Sequence[Record]) -> str:
    """Give a reason as one sentence.

    Parameters
    ----------
    reason, gauges
        As `run.json` has them: a reason of the advice, and the gauges of the city.
    """
    gauge = next((one for one in gauges if one["gauge_id"] == reason["gauge_id"]), None)
    parts = [SAID.get(reason["rule"], ""), _figures(reason, gauge), _warning(reason)]
    told = "; ".join(part for part in parts if part) or "its text is in Japanese only"
    name = f"{gauge['name']} ({gauge['river']}): " if gauge else ""
    return f"{name}{told} (rule {reason['rule']})"


def measure(value: float, unit: str) -> str:
    """Give what a rule saw; a number without a unit is a probability."""
    if unit == "m":
        return metres(value)  # rounded down, as in the Japanese text
    if unit == "min":
        return duration(value)
    return percent(value) if unit == "" else f"{value:.4g} {unit.partition('（')[0]}".strip()


def _figures(reason: Record, gauge: Record | None) -> str:
    value, limit, unit = reason["value"], reason["threshold"], reason["unit"]
    if value is None:
        return ""
    seen = measure(value, unit)
    if limit is None:
        return {"": f"+{seen}", "min": f"90 % are out {seen} after the order"}.get(unit, seen)
    if unit == "":
        side = "the rule asks for" if reason["fired"] else "below the rule's"
        return f"chance {seen}, {side} {measure(limit, unit)}"
    side = "at or above" if value + 1e-6 >= limit else "below"
    when = f" ({clock(datetime.fromisoformat(reason['at']))})" if reason["at"] else ""
    what = "rain " if unit == "mm/h" else ""
    return f"{what}{seen}{when}, {side} {_mark(limit, unit, gauge)}{measure(limit, unit)}"


def _mark(limit: float, unit: str, gauge: Record | None) -> str:
    """Name the official level of the gauge that a limit is; empty if it is none."""
    levels = gauge["thresholds"] if gauge and unit == "m" else {}
    name = next((name for name, level_m in levels.items() if level_m == limit), None)
    return f"{THRESHOLD_WORDS[name]} " if name else ""


def _warning(reason: Record) -> str:
    return f"telegram {reason['telegram_id']}" if reason["telegram_id"] else ""
