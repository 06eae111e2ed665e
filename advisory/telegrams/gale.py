"""When it will be too windy to walk out: 暴風警報, foreseen wind per municipality, typhoons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, degrees, radians, sin, sqrt

from advisory.telegrams.place import covers
from advisory.telegrams.types import Place
from advisory.types import TrackPoint, Typhoon, Warnings

EARTH_KM = 6371.0
STEP = timedelta(minutes=10)
_TOWARDS = {"北": 0, "北東": 45, "東": 90, "南東": 135, "南": 180, "南西": 225, "西": 270,
            "北西": 315}  # fmt: skip
_STORMS = ("暴風", "暴風雪")
_SEVERE = ("警報級", "特別警報級")
_LAND = "陸上"

Disc = tuple[float, float, float]  # lon, lat, radius [km]


@dataclass(frozen=True)
class Gale:
    """The start of storm wind at a place, and who says so."""

    at: datetime
    telegram_id: str
    basis: str  # Japanese


def gale_onset(
    warnings: Warnings, place: Place, *, lon: float, lat: float, issued_at: datetime
) -> Gale | None:
    """Give the earliest start of storm wind (25 m/s, 警報級) from now on; None = none foreseen.

    A 暴風警報 in force without a foreseen time counts as now. None does not mean calm where no
    telegram is known: look at `warnings.received_at`.
    """
    known = [one for one in warnings.active if one.issued_at <= issued_at]
    found = [
        Gale(
            max(one.start, issued_at),
            one.telegram_id,
            f"時系列情報: {one.local or '全域'}で{one.grade}の風",
        )
        for one in warnings.bins
        if one.hazard == "風"
        and one.grade in _SEVERE
        and one.local in ("", _LAND)
        and one.end > issued_at
        and (one.issued_at is None or one.issued_at <= issued_at)
        and covers(one.area_code, place)
    ]
    for typhoon in warnings.typhoons:
        at = storm_onset(typhoon, lon=lon, lat=lat, issued_at=issued_at)
        if at is not None and typhoon.issued_at <= issued_at:
            found.append(Gale(at, typhoon.telegram_id, f"{typhoon.name}の暴風警戒域"))
    if not found:
        found = [
            Gale(issued_at, one.telegram_id, f"{one.kind}が発表中")
            for one in known
            if one.hazard in _STORMS
            and one.grade in ("警報", "特別警報")
            and (one.valid_until is None or issued_at < one.valid_until)
            and any(covers(code, place) for code in one.area_codes)
        ]
    return min(found, key=lambda one: (one.at, one.telegram_id), default=None)


def storm_onset(
    typhoon: Typhoon, *, lon: float, lat: float, issued_at: datetime
) -> datetime | None:
    """Give when the place comes into the 暴風域 or 暴風警戒域, interpolated in steps of 10 min."""
    track = [point for point in typhoon.track if point.valid_time >= issued_at - timedelta(hours=3)]
    for before, after in pairwise(track):
        discs = _disc(before), _disc(after)
        if discs[0] is None and discs[1] is None:
            continue
        steps = max(1, int((after.valid_time - before.valid_time) / STEP))
        for step in range(steps + 1):
            at = before.valid_time + step * STEP
            if at >= issued_at and _inside(_between(*discs, step / steps), lon, lat):
                return at
    only = _disc(track[0]) if len(track) == 1 else None
    return issued_at if only is not None and _inside(only, lon, lat) else None


def _disc(point: TrackPoint) -> Disc | None:
    """Give the storm area as a disc: two unlike radii move its centre towards the larger."""
    radii = [km for _, km in point.storm_km]
    if not radii:
        return None
    radius_km, shift_km = (max(radii) + min(radii)) / 2, (max(radii) - min(radii)) / 2
    towards = next(name for name, km in point.storm_km if km == max(radii))
    bearing = radians(_TOWARDS.get(towards, 0))
    lat = point.lat + degrees(shift_km / EARTH_KM) * cos(bearing)
    lon = point.lon + degrees(shift_km / EARTH_KM) * sin(bearing) / cos(radians(point.lat))
    return lon, lat, radius_km


def _between(first: Disc | None, second: Disc | None, share: float) -> Disc:
    """Give the disc at a share of the way; where only one end has an area, that one holds."""
    if first is None or second is None:
        return first or second or (0.0, 0.0, 0.0)
    lon, lat, km = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return lon, lat, km


def _inside(disc: Disc, lon: float, lat: float) -> bool:
    """Tell whether a point lies in a disc, along the great circle."""
    east, north = radians(lon - disc[0]), radians(lat - disc[1])
    half = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(disc[1])) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half))) <= disc[2]
