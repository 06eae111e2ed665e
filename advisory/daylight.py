"""Sunset and darkness, by the low-precision solar position of Meeus as NOAA's calculator uses it.

Good to about a minute between the polar circles. Angles in degrees; lon east, lat north; times
are aware, results in UTC.

.. [1] J. Meeus, Astronomical Algorithms, 2nd ed., 1998, chapter 25.
.. [2] NOAA Global Monitoring Laboratory, Solar Calculation Details,
   https://gml.noaa.gov/grad/solcalc/calcdetails.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import acos, asin, atan2, cos, degrees, radians, sin

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
SUNSET_ELEVATION_DEG = -0.833  # upper rim on the horizon, with mean refraction


def sun_position(moment: datetime) -> tuple[float, float]:
    """Give the sun's declination [deg] and the equation of time [min]."""
    century = (moment - J2000) / timedelta(days=36525)
    mean = radians(280.46646 + century * (36000.76983 + century * 0.0003032))
    anomaly = radians(357.52911 + century * (35999.05029 - century * 0.0001537))
    centre = (
        (1.914602 - century * (0.004817 + century * 0.000014)) * sin(anomaly)
        + (0.019993 - century * 0.000101) * sin(2 * anomaly)
        + 0.000289 * sin(3 * anomaly)
    )
    node = radians(125.04 - 1934.136 * century)
    apparent = mean + radians(centre - 0.00569 - 0.00478 * sin(node))
    obliquity = radians(23.439291 - 0.0130042 * century + 0.00256 * cos(node))
    declination = asin(sin(obliquity) * sin(apparent))
    ascension = atan2(cos(obliquity) * sin(apparent), cos(apparent))
    difference = degrees(mean) - 0.0057183 - degrees(ascension)
    return degrees(declination), 4 * ((difference + 180) % 360 - 180)


def sun_elevation_deg(moment: datetime, lon: float, lat: float) -> float:
    """Give the sun's geometric height above the horizon. [deg]"""
    declination, equation_min = sun_position(moment)
    noon = _noon(moment, lon, equation_min)
    hour_angle = (moment - noon) / timedelta(days=1) * 360
    height = sin(radians(lat)) * sin(radians(declination))
    height += cos(radians(lat)) * cos(radians(declination)) * cos(radians(hour_angle))
    return degrees(asin(max(-1.0, min(1.0, height))))


def is_dark(moment: datetime, lon: float, lat: float) -> bool:
    """Tell whether the sun is down."""
    return sun_elevation_deg(moment, lon, lat) < SUNSET_ELEVATION_DEG


def next_sunset(moment: datetime, lon: float, lat: float) -> datetime | None:
    """Give the first sunset after `moment` within a day; None in the polar day or night."""
    start = moment.astimezone(UTC)
    for days in (-1, 0, 1):
        found = _sunset(start + timedelta(days=days), lon, lat)
        if found is not None and start < found <= start + timedelta(days=1, minutes=5):
            return found
    return None


def _noon(moment: datetime, lon: float, equation_min: float) -> datetime:
    """Solar noon of the UTC day of `moment` at this longitude."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=720 - 4 * lon - equation_min)


def _sunset(day: datetime, lon: float, lat: float) -> datetime | None:
    """Sunset after the solar noon of a UTC day, refined at its own time."""
    at = _noon(day, lon, 0.0)
    for _ in range(3):
        declination, equation_min = sun_position(at)
        angle = _half_day_deg(declination, lat)
        if angle is None:
            return None
        at = _noon(day, lon, equation_min) + timedelta(minutes=4 * angle)
    return at


def _half_day_deg(declination: float, lat: float) -> float | None:
    """Hour angle of sunset; None where the sun does not cross the horizon."""
    rest = sin(radians(SUNSET_ELEVATION_DEG)) - sin(radians(lat)) * sin(radians(declination))
    reach = cos(radians(lat)) * cos(radians(declination))
    return degrees(acos(rest / reach)) if abs(rest) < reach else None
