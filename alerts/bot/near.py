"""The nearest shelters that people may be sent to, and how far they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from alerts.bot.types import Refuge

EARTH_M = 6_371_008.8  # mean radius
DETOUR = 1.3  # way on roads / straight line: assumed, the text says "about"
SHOWN = 3
FAR_M = 20_000.0  # beyond that nobody walks
MAPS = "https://www.google.com/maps/dir/?"  # documented address of a route, opens in any browser


@dataclass(frozen=True)
class Near:
    """A shelter and the straight distance to it. [m]"""

    refuge: Refuge
    distance_m: float

    def minutes(self, walk_m_per_min: float) -> int:
        """Give about how long the walk takes, at least 1. [min]"""
        return max(1, math.ceil(self.distance_m * DETOUR / walk_m_per_min))


def nearest(refuges: Sequence[Refuge], lon: float, lat: float) -> tuple[list[Near], bool]:
    """Give the nearest shelters that are safe and not full, and whether they are known open.

    Open ones alone where there are any within reach; else those of unknown state. A shelter that
    is closed, full, or not judged safe in this event is never among them.
    """
    usable = [
        Near(refuge, distance_m(lon, lat, refuge.lon, refuge.lat))
        for refuge in refuges
        if refuge.safe and refuge.status != "closed" and (refuge.room is None or refuge.room > 0)
    ]
    within = sorted(
        (near for near in usable if near.distance_m <= FAR_M),
        key=lambda near: (near.distance_m, near.refuge.shelter_id),
    )
    open_now = [near for near in within if near.refuge.status == "open"]
    return (open_now or within)[:SHOWN], bool(open_now)


def distance_m(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """Give the great-circle distance on a sphere. [m]"""
    phi, to_phi = math.radians(lat), math.radians(to_lat)
    half = (
        math.sin((to_phi - phi) / 2) ** 2
        + math.cos(phi) * math.cos(to_phi) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def route(refuge: Refuge, start: tuple[float, float] | None) -> str:
    """Give the address of a walking route; `start` is lon, lat, None = where the reader is."""
    asked = {"api": "1", "destination": f"{refuge.lat:.5f},{refuge.lon:.5f}",
             "travelmode": "walking"}  # fmt: skip
    if start is not None:
        asked["origin"] = f"{start[1]:.5f},{start[0]:.5f}"
    return MAPS + urlencode(asked, safe=",")
