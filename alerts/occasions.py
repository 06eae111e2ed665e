"""Which sentences tell a first order, a change of it, its end or its withdrawal, by hazard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from advisory.types import ORDERS, Advice, Level
from alerts.glossary import sentences, term
from alerts.types import NEW, Hazard, Occasion
from alerts.wording import JST, jst


@dataclass(frozen=True)
class Passages:
    """The templates of one text in their order; `where` None = no shelter may be named."""

    headline: str
    who: str
    change: tuple[str, ...]
    why: str
    what: str
    when: str
    where: str | None
    late: str
    call: str
    subjects: tuple[str, ...]  # the fullest first


def passages(
    level: Level,
    language: str,
    *,
    hazard: Hazard = "flood",
    occasion: Occasion = NEW,
    rising: bool = False,
    deadline: bool = False,
) -> Passages:
    """Give the templates for a level, a hazard and an occasion.

    Parameters
    ----------
    rising
        Whether a gauge of the river measured a rise: only then the text says so.
    deadline
        Whether the mayor named a time by which people must be out.
    """
    said = sentences(language)
    if occasion.ends:
        own = said[occasion.kind]
        return Passages(
            **{name: own[name] for name in ("headline", "who", "why", "what", "when", "late")},
            change=(),
            where=None,
            call=own["call"],
            subjects=(own["subject"], own["subject_short"]),
        )
    place, update = said[f"level_{int(level)}"], said["update"]
    danger, stays = said.get(hazard, {}), occasion.after_water
    grade = danger_grade(level, occasion)
    why = said[f"level_{grade}"]["why_rising" if rising else "why"]
    when = update["finish_by"] if deadline and level < Level.EMERGENCY else place["when"]
    return Passages(
        headline=place["headline"],
        who=place["who"],
        change=tuple(_changes(occasion, update)),
        why=danger.get(f"why_{grade}", why),
        what=update["stay"] if stays else danger.get(f"what_{int(level)}", place["what"]),
        when=update["stay_when"] if stays else when,
        where=None if stays else place.get("where"),
        late=said["late"],
        call=said["call"],
        subjects=_subjects(said, occasion),
    )


def danger_grade(level: Level, occasion: Occasion) -> int:
    """Give the level whose reason is told: after a lowering nothing is said to be growing."""
    return int(Level.ELDERLY if occasion.kind == "lowered" else level)


def occasion_words(
    occasion: Occasion, advice: Advice, language: str, finish_by: datetime | None
) -> dict[str, str]:
    """Give what the templates of a change name. Times are of Japan."""
    words = {}
    if occasion.before is not None:
        words["before_level"] = term(f"level_{int(occasion.before)}", language)
        words["before_order"] = term(f"order_{int(occasion.before)}", language)
    for name, moment in (("earlier", occasion.earlier), ("finish_by", finish_by)):
        if moment is not None:
            same = moment.astimezone(JST).date() == advice.issued_at.astimezone(JST).date()
            words[name] = jst(moment, day=not same, language=language)
    words["tag"] = sentences(language)["update"].get(f"{occasion.kind}_tag", "")
    return words


def occasion_faults(
    occasion: Occasion, advice: Advice, finish_by: datetime | None
) -> Iterator[str]:
    """Name what is wrong with an occasion for this advice."""
    kind, before, earlier = occasion.kind, occasion.before, occasion.earlier
    issued_at = advice.issued_at
    if kind in ("raised", "lowered"):
        right = before in ORDERS and (before < advice.level) == (kind == "raised")
        if not right or before == advice.level:
            yield f"before must be an order below or above level {int(advice.level)}, got {before}"
    if kind in ("changed", "corrected", "withdrawn") and earlier is None:
        yield f"earlier must say when the {kind} message was issued, got None"
    if earlier is not None and not earlier <= issued_at:
        yield f"earlier must not be after {issued_at.isoformat()}, got {earlier.isoformat()}"
    if kind == "changed" and not occasion.changed:
        yield "changed must name shelters, deadline or both, got neither"
    if "deadline" in occasion.changed and finish_by is None:
        yield "a changed deadline needs finish_by, got None"
    if finish_by is not None and not issued_at < finish_by:
        yield f"finish_by must lie after {issued_at.isoformat()}, got {finish_by.isoformat()}"


def _changes(occasion: Occasion, update: dict[str, str]) -> Iterator[str]:
    if occasion.kind == "changed":
        yield from (update[f"changed_{what}"] for what in dict.fromkeys(occasion.changed))
    elif occasion.kind != "new":
        yield update[occasion.kind]


def _subjects(said: dict[str, str], occasion: Occasion) -> tuple[str, ...]:
    if occasion.kind == "new":
        return tuple(said[name] for name in ("subject", "subject_plain", "subject_short"))
    update: dict[str, str] = said["update"]  # type: ignore[assignment]
    return update["subject"], update["subject_short"]
