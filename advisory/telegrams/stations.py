"""The water-level stations of a river telegram: thresholds, reaches, values, threatened areas.

A station is known by its code. Samples give one code to several stations; then the name decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from xml.etree.ElementTree import Element

from advisory.telegrams.words import moment, number, plain, prose_of, text_of, type_of
from advisory.types import FloodedArea, Level, Section, StationCriteria, StationValue

Key = tuple[str, str]  # code, and the name where the code is shared

_CRITERIA = {
    "水防団待機水位": "standby_m",
    "氾濫注意水位": "caution_m",
    "避難判断水位": "judgment_m",
    "氾濫危険水位": "danger_m",
    "計画高水位": "design_high_m",
}
_MISSING = ("欠測", "未計算", "値なし", "休止", "閉局", "不明")
NOW = "現況"


class Mentions:
    """Finds the section that a part of the telegram speaks of, and opens one if it is new."""

    def __init__(self, sections: dict[Key, Section]) -> None:
        self.sections = sections
        self.shared = {code for code, name in sections if name}

    def of(self, station: Element) -> Key:
        """Give the key of a Station or station Area."""
        code, name = text_of(station, "Code"), text_of(station, "Name")
        key = (code, name if code in self.shared or not code else "")
        if key not in self.sections:
            place = text_of(station, "Location")
            self.sections[key] = Section(code, name, place, Level.UNKNOWN, "")
        return key


def read_sections(body: Element) -> dict[Key, Section]:
    """Give the sections by key, levels not yet read; in the order of their codes."""
    sections: dict[Key, Section] = {(code, name): _empty(code, name) for code, name in _keys(body)}
    mentions = Mentions(sections)
    for part in body.findall("AdditionalInfo/FloodForecastAddition/HydrometricStationPart"):
        area = part.find("Area")
        if area is not None:
            key = mentions.of(area)
            sections[key] = replace(
                sections[key],
                name=text_of(area, "Name"),
                location=text_of(area, "Location"),
                reaches=tuple(plain(one.text) for one in part.findall("ChargeSection")),
                criteria=_criteria(part),
                towns=tuple(town.rstrip("-") for town in text_of(area, "SubCityList").split()),
            )
    for item, times in _series(body):
        for station in item.findall("Station"):
            key = mentions.of(station)
            values = (*sections[key].values, *_values(item, times))
            sections[key] = replace(sections[key], name=text_of(station, "Name"), values=values)
    for station, threatened in _areas(body):
        key = mentions.of(station)
        sections[key] = replace(sections[key], areas=(*sections[key].areas, threatened))
    return sections


def _empty(code: str, name: str) -> Section:
    return Section(code, name, "", Level.UNKNOWN, "")


def _keys(body: Element) -> list[Key]:
    """Give the keys of stations whose code another station of the same list also has."""
    lists = (
        body.findall("AdditionalInfo/FloodForecastAddition/HydrometricStationPart/Area"),
        [s for item, _ in _series(body) for s in item.findall("Station")],
    )
    shared: dict[Key, None] = {}
    for stations in lists:
        said = {(text_of(one, "Code"), text_of(one, "Name")) for one in stations}
        codes = [code for code, _ in said]
        shared |= dict.fromkeys(key for key in said if codes.count(key[0]) > 1)
    return sorted(shared)


def _criteria(part: Element) -> StationCriteria:
    """Give the thresholds that are valid (有効)."""
    found: dict[str, float] = {}
    for mark in part.findall("Criteria/WaterLevel"):
        value = number(mark)
        for name, field in _CRITERIA.items():
            valid = plain(mark.get("condition")) in ("", "有効")
            if name in type_of(mark) and value is not None and valid:
                found[field] = value
    return StationCriteria(**found)


def _series(body: Element) -> Iterator[tuple[Element, dict[str, tuple[datetime, bool]]]]:
    """Give the items of 水位・流量情報, each with its times and whether they are observed."""
    for infos in body.findall("MeteorologicalInfos"):
        if type_of(infos) == "水位・流量情報":
            for series in infos.findall("TimeSeriesInfo"):
                times = {}
                for define in series.findall("TimeDefines/TimeDefine"):
                    when = moment(text_of(define, "DateTime"))
                    if when is not None:
                        observed = text_of(define, "Name") == NOW
                        times[define.get("timeId", "")] = (when, observed)
                for item in series.findall("Item"):
                    yield item, times


def _values(item: Element, times: dict[str, tuple[datetime, bool]]) -> Iterator[StationValue]:
    marks = [*item.iter("WaterLevel"), *item.iter("Discharge")]
    for ref, (when, observed) in times.items():
        told = {type_of(mark): mark for mark in marks if mark.get("refID") == ref}
        if not told:
            continue
        level, discharge = told.get("水位"), told.get("流量")
        main = level if level is not None else discharge
        stage = told.get("レベル")
        yield StationValue(
            valid_time=when,
            observed=observed,
            level_m=_known(level),
            discharge_m3_per_s=_known(discharge),
            stage=Level.UNKNOWN if stage is None else _stage(stage),
            condition="" if main is None else plain(main.get("condition")),
        )


def _known(mark: Element | None) -> float | None:
    if mark is None or plain(mark.get("condition")) in _MISSING:
        return None
    return number(mark)


def _stage(mark: Element) -> Level:
    text = plain(mark.text)
    return Level(int(text)) if text in {"0", "1", "2", "3", "4", "5"} else Level.UNKNOWN


def quarters(area: Element) -> tuple[str, ...]:
    """Give the 大字 of an area; 「-」 stands for none."""
    return tuple(part for part in text_of(area, "SubCityList").split() if part != "-")


def _areas(body: Element) -> Iterator[tuple[Element, FloodedArea]]:
    """Give (station, area): the area names its station, or stands beside it (VXSU)."""
    for item in body.findall("Warning/Item"):
        stations = item.findall("Stations/Station")
        for area in item.findall("Areas/Area"):
            parts = quarters(area)
            if plain(area.get("codeType")) == "水位観測所":
                code, name = text_of(area, "CityCode"), text_of(area, "City")
                yield area, FloodedArea(code, name, parts)
            elif area.find("CityCode") is not None:
                code, told = text_of(area, "Code"), prose_of(area, "Name")
                for station in stations:
                    yield station, FloodedArea(code, told, parts)
