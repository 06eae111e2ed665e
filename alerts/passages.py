"""Passages of a public text: who and why, what to do and where, issuer and notes.

They read the district, the level and the shelters of an advice, measured levels and official
warnings. Reasons, head counts, clearance and deadline rest on our own forecast: never read here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import inf, isfinite

from advisory.types import Advice, Destination, Level
from advisory.types import Warning as OfficialWarning
from alerts.glossary import sentences, term
from alerts.types import Observed
from alerts.wording import brief, clean, jst, metres

FACTS_MAX = 3
SHELTERS_MAX = 3


def who_and_why(
    words: Mapping[str, str],
    advice: Advice,
    language: str,
    *,
    observed: Sequence[Observed],
    warnings: Sequence[OfficialWarning],
) -> list[str]:
    """Give the order for this district and the facts behind it. [m above gauge zero, JST]"""
    place = _place(advice.level, language)
    why = "why_rising" if any(fact.rising for fact in observed) else "why"
    return [
        place["who"].format(**words),
        place[why].format(**words),
        *(_fact(fact, language) for fact in observed[:FACTS_MAX]),
        *_in_force(warnings, advice.issued_at, language),
    ]


def what_and_where(
    words: Mapping[str, str],
    advice: Advice,
    language: str,
    *,
    open_shelters: Collection[str] | None,
) -> list[str]:
    """Give what to do, by when, and the nearest shelters; level 5 sends nobody outside."""
    said, place = sentences(language), _place(advice.level, language)
    lines = [place["what"].format(**words), place["when"].format(**words)]
    if advice.level == Level.EMERGENCY:
        return lines
    known = open_shelters is not None
    shelters = known_places(advice, open_shelters)[:SHELTERS_MAX]
    if not shelters:
        return [*lines, place["where"] + said["shelter_none"]]
    lines += [place["where"], *(_shelter(each, language, known_open=known) for each in shelters)]
    return lines if known else [*lines, said["shelter_check"]]


def known_places(advice: Advice, open_shelters: Collection[str] | None) -> list[Destination]:
    """Give the shelters that may be named, nearest first; none at level 5."""
    if advice.level == Level.EMERGENCY:
        return []
    return [
        shelter
        for shelter in sorted(advice.shelters, key=_nearness)
        if open_shelters is None or shelter.shelter_id in open_shelters
    ]


def end(words: Mapping[str, str], language: str, notes: Sequence[str]) -> list[str]:
    """Give the hint for late readers, the issuer with the time, and what is simulated."""
    said = sentences(language)
    return [
        said["late"].format(**words),
        said["issuer"].format(**words),
        *([said["note"].format(notes="／".join(map(brief, notes)))] if notes else []),
    ]


def _place(level: Level, language: str) -> dict[str, str]:
    passages: dict[str, str] = sentences(language)[f"level_{int(level)}"]
    return passages


def _fact(fact: Observed, language: str) -> str:
    said = sentences(language)
    words = {
        "time": jst(fact.at, language=language),
        "gauge": clean(fact.gauge_name),
        "river": clean(fact.river),
        "level_m": metres(fact.level_m),
    }
    if fact.reached is None or fact.reached_m is None:
        return str(said["observed"].format(**words))
    words |= {
        "threshold": term(f"threshold_{fact.reached}", language),
        "limit": metres(fact.reached_m),
    }
    return str(said["observed_reached"].format(**words))


def _in_force(warnings: Sequence[OfficialWarning], issued_at: datetime, language: str) -> list[str]:
    in_force = [
        warning
        for warning in warnings
        if warning.issued_at <= issued_at
        and (warning.valid_until is None or issued_at < warning.valid_until)
    ]
    highest = sorted(in_force, key=lambda warning: warning.level, reverse=True)[:FACTS_MAX]
    form = sentences(language)["warning"]
    return [
        form.format(kind=clean(each.kind), time=jst(each.issued_at, language=language))
        for each in highest
    ]


def _nearness(shelter: Destination) -> float:
    return shelter.minutes if isfinite(shelter.minutes) else inf


def _shelter(shelter: Destination, language: str, *, known_open: bool) -> str:
    form = "shelter_open" if known_open else "shelter"
    if not isfinite(shelter.minutes):
        return str(sentences(language)[f"{form}_plain"].format(name=clean(shelter.name)))
    minutes = max(1, round(shelter.minutes))
    return str(sentences(language)[form].format(name=clean(shelter.name), minutes=minutes))
