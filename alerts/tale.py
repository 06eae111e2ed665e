"""What one public text is made of: its words, its passages, and the shelters it may name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite

from advisory.types import ORDERS, Advice, Destination
from alerts.glossary import sentences, term
from alerts.occasions import Passages, occasion_faults, occasion_words, passages
from alerts.types import NEW, Hazard, Observed, Occasion
from alerts.wording import clean, district_name, jst

RIVERS_MAX = 3
DOUBLE_STOP = re.compile(r"(?<!\.)([.…])\.(?!\.)")


@dataclass(frozen=True)
class Tale:
    """One district, one language: templates and what they name; no figure of a forecast."""

    advice: Advice
    language: str
    hazard: Hazard
    occasion: Occasion
    words: dict[str, str]
    passages: Passages
    shelters: tuple[Destination, ...]  # that may be named, nearest first
    known_open: bool  # whether `shelters` are known to be open

    @property
    def headline(self) -> str:
        """Give the first line: the level and its order, the Japanese word only where it differs."""
        same = self.words["order"] == self.words["official"]
        template = self.passages.headline
        return self.fill(template.replace("({official})", "") if same else template)

    def fill(self, template: str) -> str:
        """Give a template with the words of this tale; "etc." at an end needs no second dot."""
        return DOUBLE_STOP.sub(r"\1", template.format(**self.words))


def tell(
    advice: Advice,
    language: str,
    *,
    city_name: str,
    expires: datetime,
    hazard: Hazard = "flood",
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    open_shelters: Collection[str] | None = None,
) -> Tale:
    """Give what a text of this advice says; parameters as of `alerts.compose.compose`.

    Raises
    ------
    ValueError
        If the occasion does not fit the advice.
    """
    faults = list(occasion_faults(occasion, advice, finish_by))
    if faults:
        raise ValueError(f"{advice.name} ({occasion.kind}): " + "; ".join(faults) + ".")
    chosen = passages(
        advice.level,
        language,
        hazard=hazard,
        occasion=occasion,
        rising=any(fact.rising for fact in observed),
        deadline=finish_by is not None,
    )
    words = words_of(advice, language, city_name, river_names, expires, hazard=hazard)
    return Tale(
        advice=advice,
        language=language,
        hazard=hazard,
        occasion=occasion,
        words=words | occasion_words(occasion, advice, language, finish_by),
        passages=chosen,
        shelters=() if chosen.where is None else tuple(known_places(advice, open_shelters)),
        known_open=open_shelters is not None,
    )


def words_of(
    advice: Advice,
    language: str,
    city_name: str,
    river_names: Sequence[str],
    expires: datetime,
    *,
    hazard: Hazard = "flood",
) -> dict[str, str]:
    """Give what the templates of one district name. Times are of Japan."""
    said = sentences(language)
    named = list(dict.fromkeys(clean(name) for name in river_names if name.strip()))
    rivers = "・".join(named[:RIVERS_MAX])
    if len(named) > RIVERS_MAX:
        rivers = said["rivers_more"].format(rivers=rivers)
    peril = term(f"hazard_{hazard}", language)
    plain = said["hazard_unnamed"] if hazard == "flood" else peril
    of_river = hazard == "flood" and rivers
    return {
        "level": term(f"level_{int(advice.level)}", language),
        "order": term(f"order_{int(advice.level)}", language),
        "official": ORDERS[advice.level],
        "district": district_name(advice.name, language),
        "city": clean(city_name),
        "rivers": rivers or said["river_unnamed"],
        "river_unnamed": said["river_unnamed"],
        "peril": peril,
        "hazard": said["hazard"].format(rivers=rivers) if of_river else plain,
        "hazard_unnamed": plain,
        "issued": jst(advice.issued_at, day=True, language=language),
        "expires": jst(expires, day=True, language=language),
    }


def known_places(advice: Advice, open_shelters: Collection[str] | None) -> list[Destination]:
    """Give the shelters that may be named, nearest first."""
    return [
        shelter
        for shelter in sorted(advice.shelters, key=_nearness)
        if open_shelters is None or shelter.shelter_id in open_shelters
    ]


def _nearness(shelter: Destination) -> float:
    return shelter.minutes if isfinite(shelter.minutes) else inf
