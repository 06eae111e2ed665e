"""What of all official warnings is for one city, and for which of its gauges."""

from __future__ import annotations

import re
from dataclasses import replace

from advisory.telegrams.types import Place
from advisory.types import Level, Section, Warning, Warnings

UNMAPPED = "この区間の観測所は水位計の対応表にない"
SOMEWHERE = "この川のどの区間が市にかかるか不明"


def of_place(warnings: Warnings, place: Place) -> Warnings:
    """Give the warnings for a city, those of river sections with the gauges they are for.

    A river section whose station is mapped is for that gauge alone. One that is not counts for the
    whole city if its threatened areas lie there, and says so. Where a telegram tells no areas but
    the prefecture, its level here is UNKNOWN, unless the towns of the section are told and are
    others. A headline without sections is for the mapped stations of its rivers.
    """
    placed = (_placed(one, place) for one in warnings.active)
    return replace(
        warnings,
        active=tuple(one for one in placed if one is not None),
        bins=tuple(one for one in warnings.bins if covers(one.area_code, place)),
    )


def covers(area_code: str, place: Place) -> bool:
    """Tell whether a code is of the city, its parts or a wider area; of no known form: yes."""
    if area_code in place.area_codes:
        return True
    if _municipal(area_code):
        return area_code[:5] == place.city_code[:5]
    if re.fullmatch(r"\d{6}", area_code):
        return not place.area_codes and area_code[:2] == place.city_code[:2]
    return True


def _municipal(area_code: str) -> bool:
    return re.fullmatch(r"\d{7}|\d{5}", area_code) is not None


def _placed(warning: Warning, place: Place) -> Warning | None:
    gauge_ids = _mapped(warning, place)
    if gauge_ids:
        return replace(warning, gauge_ids=gauge_ids)
    here = [code for code in warning.area_codes if covers(code, place)]
    if warning.area_codes and not here:
        return None
    if not warning.river_codes and warning.section is None:
        return warning
    if any(_municipal(code) for code in here):
        return replace(warning, doubts=(*warning.doubts, UNMAPPED))
    if warning.section is not None and _elsewhere(warning.section, place):
        return None
    return replace(warning, level=Level.UNKNOWN, doubts=(*warning.doubts, SOMEWHERE))


def _mapped(warning: Warning, place: Place) -> tuple[str, ...]:
    """Give the gauges of the section, or of the whole river where no section is named."""
    if warning.section is not None:
        gauge_id = place.stations.get(warning.section.station_code)
        return () if gauge_id is None else (gauge_id,)
    rivers = warning.river_codes
    found = {place.stations[code] for code in place.stations if rivers and code.startswith(rivers)}
    return tuple(sorted(found))


def _elsewhere(section: Section, place: Place) -> bool:
    """Tell whether the towns of a section are told and the city is none of them."""
    told = bool(place.name and section.towns)
    return told and not any(place.name in town for town in section.towns)
