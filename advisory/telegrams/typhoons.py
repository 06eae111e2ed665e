"""VPTW60 台風解析・予報: the track with its wind areas."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import Element

from advisory.telegrams.types import Telegram
from advisory.telegrams.words import moment, number, plain, text_of, type_of
from advisory.types import TrackPoint, Typhoon

_POSITION = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)(?:[+-]\d+)?/")
_DEGREES = "中心位置(度)"


def read_typhoon(telegram: Telegram, _: Element, body: Element) -> Telegram:
    """Give the telegram with its typhoon; points without a readable time or place are left out."""
    points, doubts, name = [], list(telegram.doubts), ""
    for info in body.findall("MeteorologicalInfos/MeteorologicalInfo"):
        point = _point(info)
        if point is not None:
            points.append(point)
        else:
            doubts.append("時刻または位置の読めない台風位置がある")
        name = name or _name(info)
    typhoon = Typhoon(
        telegram.telegram_id,
        telegram.event_id,
        name or telegram.event_id,
        telegram.issued_at,
        tuple(sorted(points, key=lambda point: point.valid_time)),
    )
    return replace(telegram, typhoon=typhoon, doubts=tuple(doubts))


def _name(info: Element) -> str:
    for part in info.iter("TyphoonNamePart"):
        number_, kana = text_of(part, "Number"), text_of(part, "NameKana")
        if number_:
            known = re.fullmatch(r"[0-9]{2}([0-9]{2})", number_)  # year and number
            return f"台風第{int(known.group(1))}号（{kana}）" if known else number_
    return ""


def _point(info: Element) -> TrackPoint | None:
    time = info.find("DateTime")
    valid_time = moment(text_of(info, "DateTime"))
    forecast = [circle for circle in info.iter("Circle") if type_of(circle) == "予報円"]
    places = [one for circle in forecast for one in circle.iter("BasePoint")]
    places += list(info.iter("Coordinate"))
    found = [_POSITION.fullmatch(plain(one.text)) for one in places if type_of(one) == _DEGREES]
    match = next((one for one in found if one is not None), None)
    if time is None or valid_time is None or match is None:
        return None
    lat, lon = float(match.group(1)), float(match.group(2))
    radii = [km for circle in forecast for _, km in _radii(circle)]
    return TrackPoint(
        valid_time=valid_time,
        kind=type_of(time),
        lon=lon,
        lat=lat,
        circle_km=radii[0] if radii else None,
        storm_km=_area(info, "暴風"),
        gale_km=_area(info, "強風"),
    )


def _area(info: Element, kind: str) -> tuple[tuple[str, float], ...]:
    for part in info.iter("WarningAreaPart"):
        if type_of(part).startswith(kind):
            return tuple(_radii(part))
    return ()


def _radii(part: Element) -> list[tuple[str, float]]:
    """Give (towards, radius in km) per axis; towards is empty for all round."""
    found = []
    for axis in part.iter("Axis"):
        towards = text_of(axis, "Direction")
        for radius in axis.findall("Radius"):
            km = number(radius)
            if plain(radius.get("unit")) == "km" and km is not None and km > 0:
                found.append((towards, km))
    return found
