"""How many people a published figure may tell of: tens only, never fewer than ten.

Each figure is rounded down by itself; no total, merged cell or complement stands beside it. So each
leaves ten counts open, whatever else was published before, beside or after it: small cells that
are merged, or exact figures of two times, can be taken apart (two cells below ten that are 18
together are nine each).
"""

from __future__ import annotations

from kawamori.console.api.bodies import PublicShelter

K = 10  # fewest people that one published count may tell of, and its step


def tens(people: int | None) -> int | None:
    """Give people rounded down to tens; None where they are unknown or fewer than ten.

    >>> tens(29), tens(9), tens(0), tens(None)
    (20, None, None, None)
    """
    return None if people is None or people < K else people // K * K


def told_shelter(shelter: PublicShelter) -> PublicShelter:
    """Give a shelter as it may be published: people in tens, and the room that is sure to be left.

    The room is for the most people that the published tens stand for; 0 = full for certain. None
    where people or capacity are unknown, or it may be full or not.
    """
    return shelter.model_copy(
        update={"occupied_people": tens(shelter.occupied_people), "room_people": _room(shelter)}
    )


def _room(shelter: PublicShelter) -> int | None:
    inside, capacity = shelter.occupied_people, shelter.capacity_people
    if inside is None or capacity is None:
        return None
    fewest = tens(inside) or 0
    if fewest and fewest >= capacity:
        return 0
    surely = capacity - fewest - (K - 1)
    return surely if surely > 0 else None
