"""How many of those who must leave may be in a shelter already, as far as head counts tell.

A count tells how many are inside, not where they came from. If all of them are of those who must
leave, the fewest are still to move; if all came from elsewhere, everybody is. The truth lies
between, and a plan that takes the counted off leaves somebody at a full door when they came from
elsewhere. So plans keep places for everybody, and both ends are told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shelters.types import Shelters


@dataclass(frozen=True)
class Moving:
    """People who must leave and people counted inside; plans reckon with all who must leave."""

    must_leave: int
    counted: int
    uncounted: int  # open shelters whose count is not known: then the fewest is not known either

    @property
    def fewest(self) -> int | None:
        """Give how many are still to move if whoever is inside had to leave; None = unknown."""
        return None if self.uncounted else max(0, self.must_leave - self.counted)


def moving(must_leave: int, inside: Iterable[int | None]) -> Moving:
    """Count who is inside; None = an open shelter whose count is not known."""
    counts = list(inside)
    known = [count for count in counts if count is not None]
    return Moving(must_leave, sum(known), len(counts) - len(known))


def counts_of(shelters: Shelters, uncounted: Collection[str] = ()) -> list[int | None]:
    """Give the head count of each shelter that has one or is open.

    A 0 of those that are `uncounted` was assumed, nobody told it.
    """
    rows = shelters[(shelters["status"] == "open") | shelters["occupied"].notna()]
    inside = rows["occupied"].astype("Int64").fillna(-1)
    return [
        None if count < 0 or (count == 0 and key in uncounted) else int(count)
        for key, count in inside.items()
    ]
