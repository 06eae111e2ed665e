"""Advice held against what happened: who was told in time, who in vain, and who not at all.

An order is advice of level 4 or 5. It is counted from the cycle that first advises it, as if it had
been issued at once. "In time" asks for the district's own clearance time (90 %) before the water,
as that advice gave it; where that time is unknown, no order is in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from advisory.daylight import is_dark, next_sunset
from advisory.types import Advice, Level

Verdict = Literal["hit", "late", "miss", "false_alarm", "quiet"]
NIGHT = timedelta(hours=16)  # longer than any night of Japan


@dataclass(frozen=True)
class Outcome:
    """What became of one district; `first_water` None = it stayed dry, `people` = in the water."""

    first_water: datetime | None
    people: int

    def __post_init__(self) -> None:
        """Refuse water without a time zone and people in water that never came."""
        if self.first_water is not None and self.first_water.tzinfo is None:
            raise ValueError(f"first_water must be aware, got {self.first_water}. Add its zone.")
        if self.people < 0 or (self.people and self.first_water is None):
            raise ValueError(
                f"people in the water must be >= 0, and 0 where first_water is None, got {self}. "
                "Give the time at which water first came."
            )


@dataclass(frozen=True)
class DistrictReview:
    """How one district was served; None = not applicable, or not known."""

    district_id: str
    name: str
    verdict: Verdict
    first_water: datetime | None
    ordered_at: datetime | None  # first advice of level 4 or 5 that still preceded the water
    needed_min: float | None  # clearance (90 %) of that advice
    lead_min: float | None  # from that advice to the water
    before_dark: bool | None  # None where the water did not come in the dark
    night_order: bool  # ordered_at is in the dark
    flooded: int
    ordered: int | None  # most people told to leave at once; None = an order of unknown size
    changes: int  # of the level, from cycle to cycle
    unknown_cycles: int


@dataclass(frozen=True)
class Summary:
    """One or many storms in figures; None where there is nothing to divide by."""

    flooded: int
    ordered: int
    unsized_orders: int  # orders whose head count is unknown: not in `ordered`
    in_time_share: float | None  # of people flooded: ordered their own clearance before the water
    before_dark_share: float | None  # of people whose water came in the dark: ordered by daylight
    ordered_per_flooded: float | None
    miss_rate: float | None  # of people flooded: no order before the water
    false_alarms: int  # districts
    night_orders: int
    changes: int


def review(
    cycles: Sequence[Sequence[Advice]],
    outcomes: Mapping[str, Outcome],
    *,
    place: tuple[float, float],
) -> tuple[DistrictReview, ...]:
    """Give how each district was served by a sequence of advice.

    Parameters
    ----------
    cycles
        The advice of each cycle, in order of time.
    outcomes
        What happened, by district_id.
    place
        lon, lat: for daylight.

    Raises
    ------
    ValueError
        If cycles are missing or out of order, or a district of the advice has no outcome.
    """
    if not cycles or not all(cycles):
        raise ValueError("a review needs at least one cycle with advice, got none.")
    times = [advice[0].issued_at for advice in cycles]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError("cycles must be in order of time, each once. Sort them by issued_at.")
    by_district: dict[str, list[Advice]] = {}
    for advice in cycles:
        for one in advice:
            by_district.setdefault(one.district_id, []).append(one)
    unknown = sorted(set(by_district) - set(outcomes))
    if unknown:
        raise ValueError(f"outcomes must name every district of the advice, missing {unknown}.")
    return tuple(_district(told, outcomes[key], place) for key, told in by_district.items())


def summary(reviews: Sequence[DistrictReview]) -> Summary:
    """Give the figures of the reviews of one or many storms together."""
    flooded = sum(one.flooded for one in reviews)
    dark = [one for one in reviews if one.before_dark is not None]
    in_dark = sum(one.flooded for one in dark)
    ordered = sum(one.ordered or 0 for one in reviews)
    return Summary(
        flooded=flooded,
        ordered=ordered,
        unsized_orders=sum(one.ordered is None for one in reviews),
        in_time_share=_share(sum(r.flooded for r in reviews if r.verdict == "hit"), flooded),
        before_dark_share=_share(sum(r.flooded for r in dark if r.before_dark), in_dark),
        ordered_per_flooded=_share(ordered, flooded),
        miss_rate=_share(sum(r.flooded for r in reviews if r.verdict == "miss"), flooded),
        false_alarms=sum(one.verdict == "false_alarm" for one in reviews),
        night_orders=sum(one.night_order for one in reviews),
        changes=sum(one.changes for one in reviews),
    )


def _district(
    told: Sequence[Advice], outcome: Outcome, place: tuple[float, float]
) -> DistrictReview:
    water = outcome.first_water
    orders = [one for one in told if one.level >= Level.EVACUATE]
    before = [one for one in orders if water is None or one.issued_at < water]
    first = before[0] if before else None
    lead_min = None
    if first is not None and water is not None:
        lead_min = (water - first.issued_at) / timedelta(minutes=1)
    needed = first.clearance.p90_min if first is not None and first.clearance else None
    ordered_at = first.issued_at if first else None
    return DistrictReview(
        district_id=told[0].district_id,
        name=told[0].name,
        verdict=_verdict(water, bool(orders), lead_min, needed),
        first_water=water,
        ordered_at=ordered_at,
        needed_min=needed,
        lead_min=lead_min,
        before_dark=_before_dark(water, ordered_at, told[0].issued_at, place),
        night_order=ordered_at is not None and is_dark(ordered_at, *place),
        flooded=outcome.people,
        ordered=_ordered(orders),
        changes=sum(a.level is not b.level for a, b in pairwise(told)),
        unknown_cycles=sum(one.level is Level.UNKNOWN for one in told),
    )


def _verdict(
    water: datetime | None, ordered: bool, lead_min: float | None, needed: float | None
) -> Verdict:
    if water is None:
        return "false_alarm" if ordered else "quiet"
    if lead_min is None:
        return "miss"
    return "hit" if needed is not None and lead_min >= needed else "late"


def _ordered(orders: Sequence[Advice]) -> int | None:
    """The most people told to leave in one cycle; 0 without an order, None if none is known."""
    if not orders:
        return 0
    known = [one.people.must_leave for one in orders if one.people.must_leave is not None]
    return max(known) if known else None


def _before_dark(
    water: datetime | None,
    ordered_at: datetime | None,
    begun: datetime,
    place: tuple[float, float],
) -> bool | None:
    """Whether the order came by the last sunset before a water that came in the dark."""
    if water is None or not is_dark(water, *place):
        return None
    sunset = next_sunset(water - NIGHT, *place)
    if sunset is None or not begun <= sunset < water:
        return None  # dark since before the first cycle: nobody could have been told by day
    return ordered_at is not None and ordered_at <= sunset


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
