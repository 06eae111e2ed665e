"""Advice as cards: districts that share level, deadline and kind of reason stand on one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from advisory.types import Advice, Level, People
from kawamori.situation import leading_reason, pressing

Say = Callable[[Advice], str]


@dataclass(frozen=True)
class Card:
    """Districts of one level, deadline and rule, in the order of the list."""

    level: Level
    issue_by: datetime | None
    districts: tuple[Advice, ...]
    why: tuple[tuple[str, tuple[str, ...]], ...]  # text, names of the districts it is for
    waiting: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def urgent(self) -> bool:
        """Tell whether an officer must act on it or look into it now."""
        return pressing(self.districts[0])

    @property
    def people(self) -> People:
        """Give the sums; `partial` where a district's number is not known, None where none is."""
        return total(self.districts)


def cards(advice: Sequence[Advice], *, why: Say, waiting: Say) -> list[Card]:
    """Give the advice on cards, in its own order by the first district of each card.

    What no officer must act on shares a card by level alone.
    """
    held: dict[tuple[Level, datetime | None, str], list[Advice]] = {}
    for item in advice:
        reason = leading_reason(item, advice) if pressing(item) else None
        held.setdefault((item.level, item.issue_by, reason.rule if reason else ""), []).append(item)
    return [
        Card(level, issue_by, tuple(rows), _shared(rows, why), _shared(rows, waiting))
        for (level, issue_by, _rule), rows in held.items()
    ]


def total(districts: Sequence[Advice]) -> People:
    """Give the people of several districts together, at least so many where some are unknown."""
    names = ("inside", "must_leave", "may_stay", "unknown")
    counts = {name: [getattr(one.people, name) for one in districts] for name in names}
    known = {name: [each for each in found if each is not None] for name, found in counts.items()}
    return People(
        **{name: sum(found) if found else None for name, found in known.items()},
        partial=any(one.people.partial or one.people.must_leave is None for one in districts),
    )


def _shared(rows: Sequence[Advice], say: Say) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give each text once, with the districts that it is for; empty texts are left out."""
    found: dict[str, list[str]] = {}
    for item in rows:
        found.setdefault(say(item), []).append(item.name)
    return tuple((text, tuple(names)) for text, names in found.items() if text)
