"""Foreseen danger per municipality and span of time: VPWP50, and the periods in VPWW55 to 61."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element

from advisory.telegrams.codes import LEVELLED, level_of_significancy
from advisory.telegrams.types import Telegram
from advisory.telegrams.words import moment, span, text_of, type_of
from advisory.types import Bin, Level

_GRADES = {"01": "注意報級未満", "20": "注意報級", "30": "警報級", "50": "特別警報級"}

Span = tuple[datetime, datetime]


def read_bins(telegram: Telegram, body: Element) -> tuple[Bin, ...]:
    """Give every 危険度 of a time series; a bin without readable time is left out."""
    found: list[Bin] = []
    for series in body.findall("MeteorologicalInfos/TimeSeriesInfo"):
        spans = dict(_spans(series))
        for item in series.findall("Item"):
            area = item.find("Area")
            for part in item.findall("Kind/Property/SignificancyPart"):
                for local, mark in _marks(part, "Significancy"):
                    when = spans.get(mark.get("refID", ""))
                    if when is not None:
                        found.append(
                            _bin(telegram, area, mark, hazard=type_of(mark), local=local, when=when)
                        )
    return tuple(found)


def read_periods(telegram: Telegram, body: Element) -> tuple[Bin, ...]:
    """Give the periods in which a warning foresees its criteria to be met, per municipality."""
    found: list[Bin] = []
    for part in body.findall("Warning"):
        if type_of(part).endswith("(市町村等)"):
            for item in part.findall("Item"):
                for prop in item.findall("Kind/Property"):
                    hazard = text_of(prop, "Type")
                    found += _periods(telegram, item.find("Area"), hazard, prop)
    return tuple(found)


def _periods(telegram: Telegram, area: Element | None, hazard: str, prop: Element) -> Iterator[Bin]:
    for part in prop.findall("CriteriaPeriod"):
        for base in part.findall("Base"):
            for place in [*base.findall("Local"), base]:
                start, lasting = moment(text_of(place, "Time")), span(text_of(place, "Duration"))
                mark = place.find("CriteriaClass")
                if start is not None and lasting is not None and mark is not None:
                    when, local = (start, start + lasting), text_of(place, "AreaName")
                    yield _bin(telegram, area, mark, hazard=hazard, local=local, when=when)


def _spans(series: Element) -> Iterator[tuple[str, Span]]:
    for define in series.findall("TimeDefines/TimeDefine"):
        start, lasting = moment(text_of(define, "DateTime")), span(text_of(define, "Duration"))
        if start is not None and lasting is not None:
            yield define.get("timeId", ""), (start, start + lasting)


def _marks(part: Element, tag: str) -> Iterator[tuple[str, Element]]:
    for base in part.findall("Base"):
        for mark in base.findall(tag):
            yield "", mark
        for local in base.findall("Local"):
            for mark in local.findall(tag):
                yield text_of(local, "AreaName"), mark


def _bin(
    telegram: Telegram,
    area: Element | None,
    mark: Element,
    *,
    hazard: str,
    local: str,
    when: Span,
) -> Bin:
    code = text_of(mark, "Code")
    levelled = hazard.startswith(LEVELLED)
    if levelled:
        level = level_of_significancy(code)
    else:
        level = Level.NONE if code in _GRADES else Level.UNKNOWN
    return Bin(
        area_code=text_of(area, "Code"),
        area_name=text_of(area, "Name"),
        hazard=hazard.removesuffix("危険度"),
        start=when[0],
        end=when[1],
        level=level,
        grade="" if levelled else _GRADES.get(code, text_of(mark, "Name")),
        local=local,
        telegram_id=telegram.telegram_id,
        issued_at=telegram.issued_at,
    )
