"""What of all official warnings is for one city, and for which of its gauges."""

from __future__ import annotations

import re
from dataclasses import replace

from advisory.telegrams.types import Place
from advisory.types import Level, Warning, Warnings

UNMAPPED = "この区間の観測所は水位計の対応表にない"


def of_place(warnings: Warnings, place: Place) -> Warnings:
    """Give the warnings for a city, those of river sections with the gauges they are for.

    A river section counts if one of its stations is mapped, or if its threatened areas are in the
    city; in the second case it is for the whole city, and says so. A headline without sections is
    for the mapped stations of its rivers; without any, its level here is UNKNOWN. Codes of no known
    form count as here.
    """
    placed = (_placed(one, place) for one in warnings.active)
    return replace(
        warnings,
        active=tuple(one for one in placed if one is not None),
        bins=tuple(one for one in warnings.bins if covers(one.area_code, place)),
    )


def covers(area_code: str, place: Place) -> bool:
    """Tell whether a code is of the city, one of its parts, or a wider area around it."""
    if area_code in place.area_codes:
        return True
    if re.fullmatch(r"\d{7}|\d{5}", area_code):
        return area_code[:5] == place.city_code[:5]
    if re.fullmatch(r"\d{6}", area_code):
        return not place.area_codes and area_code[:2] == place.city_code[:2]
    return True


def _placed(warning: Warning, place: Place) -> Warning | None:
    if warning.section is not None:
        return _section(warning, warning.section.station_code, place)
    if warning.river_codes:
        return _river(warning, place)
    here = not warning.area_codes or any(covers(code, place) for code in warning.area_codes)
    return warning if here else None


def _section(warning: Warning, station: str, place: Place) -> Warning | None:
    if station in place.stations:
        return replace(warning, gauge_ids=(place.stations[station],))
    if warning.area_codes and not any(covers(code, place) for code in warning.area_codes):
        return None
    return replace(warning, doubts=(*warning.doubts, UNMAPPED))


def _river(warning: Warning, place: Place) -> Warning | None:
    gauge_ids = {
        gauge_id
        for station, gauge_id in place.stations.items()
        if station.startswith(warning.river_codes)
    }
    if gauge_ids:
        return replace(warning, gauge_ids=tuple(sorted(gauge_ids)))
    if warning.area_codes and not any(covers(code, place) for code in warning.area_codes):
        return None
    unknown = Level.UNKNOWN if not warning.area_codes else warning.level
    return replace(warning, level=unknown, doubts=(*warning.doubts, UNMAPPED))
