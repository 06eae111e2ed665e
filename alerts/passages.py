"""Passages of a public text: who and why, what to do and where, issuer and notes.

They read the district, the level and the shelters of an advice, measured levels and official
warnings. Reasons, head counts, clearance and deadline rest on our own forecast: never read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

from advisory.types import Destination
from advisory.types import Warning as OfficialWarning
from alerts.glossary import sentences, term
from alerts.tale import Tale
from alerts.types import Observed
from alerts.wording import brief, clean, jst, metres

FACTS_MAX = 3
SHELTERS_MAX = 3


def who_and_why(
    tale: Tale,
    *,
    observed: Sequence[Observed],
    warnings: Sequence[OfficialWarning],
) -> list[str]:
    """Give the order for this district and the facts behind it. [m above gauge zero, JST]

    The end of an order has none: what gauges and warnings said was the reason to give it.
    """
    passages, issued_at = tale.passages, tale.advice.issued_at
    said = [*map(tale.fill, (passages.who, *passages.change, passages.why))]
    if tale.occasion.ends:
        return said
    return [
        *said,
        *(_fact(fact, tale.language) for fact in observed[:FACTS_MAX]),
        *_in_force(warnings, issued_at, tale.language),
    ]


def what_and_where(tale: Tale) -> list[str]:
    """Give what to do, by when, and the nearest shelters where anybody is sent to one."""
    said, passages = sentences(tale.language), tale.passages
    lines = [tale.fill(passages.what), tale.fill(passages.when)]
    if passages.where is None:
        return lines
    shelters = tale.shelters[:SHELTERS_MAX]
    if not shelters:
        return [*lines, passages.where + said["shelter_none"]]
    lines += [passages.where, *(_shelter(each, tale) for each in shelters)]
    return lines if tale.known_open else [*lines, said["shelter_check"]]


def end(tale: Tale, notes: Sequence[str], *, map_url: str = "") -> list[str]:
    """Give the map of shelters, the hint for late readers, issuer and time, what is simulated."""
    said, sent = sentences(tale.language), tale.passages.where is not None
    return [
        *([said["map"].format(url=clean(map_url))] if map_url and sent else []),
        tale.fill(tale.passages.late),
        tale.fill(said["issuer"]),
        *([said["note"].format(notes="／".join(map(brief, notes)))] if notes else []),
    ]


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


def _shelter(shelter: Destination, tale: Tale) -> str:
    said, form = sentences(tale.language), "shelter_open" if tale.known_open else "shelter"
    if not isfinite(shelter.minutes):
        return str(said[f"{form}_plain"].format(name=clean(shelter.name)))
    minutes = max(1, round(shelter.minutes))
    return str(said[form].format(name=clean(shelter.name), minutes=minutes))
