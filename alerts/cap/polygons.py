"""What is wrong with a CAP polygon: "lat,lon lat,lon …", closed, simple, inside the city."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapely.geometry import Polygon

MARGIN_DEG = 0.05
POINT = re.compile(r"(-?\d{1,3}\.\d+),(-?\d{1,3}\.\d+)")
DECIMALS = 5


def polygon_faults(
    text: str, bounds: tuple[float, float, float, float]
) -> Iterator[tuple[str, str]]:
    """Name every broken rule of one polygon; `bounds` are west, south, east, north of the city."""
    points = text.split()
    found = [POINT.fullmatch(point) for point in points]
    if not points or not all(found):
        yield "polygon-form", f"points must be lat,lon with decimals, got {text[:60]!r}"
        return
    pairs = [(float(one[1]), float(one[2])) for one in found if one]
    if any(len(one[part].partition(".")[2]) != DECIMALS for one in found if one for part in (1, 2)):
        yield "polygon-decimals", f"coordinates must have {DECIMALS} decimals"
    if len(pairs) < 4:
        yield "polygon-points", f"a ring needs >= 4 points, got {len(pairs)}"
        return
    if pairs[0] != pairs[-1]:
        yield "polygon-closed", "the last point must be the first again"
    west, south, east, north = bounds
    outside = [
        pair
        for pair in pairs
        if not (
            south - MARGIN_DEG <= pair[0] <= north + MARGIN_DEG
            and west - MARGIN_DEG <= pair[1] <= east + MARGIN_DEG
        )
    ]
    if outside:
        swapped = all(west <= lat <= east and south <= lon <= north for lat, lon in pairs)
        hint = "; lat and lon are swapped" if swapped else ""
        yield "polygon-inside", f"{len(outside)} points lie outside the city{hint}"
    ring = Polygon(pairs)
    if ring.convex_hull.area == 0:
        yield "polygon-area", "the ring encloses nothing"
    elif not ring.is_valid:
        yield "polygon-simple", "the ring crosses itself"
