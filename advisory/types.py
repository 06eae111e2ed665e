"""Levels, reasons and advice: what an officer reads and defends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Level(IntEnum):
    """警戒レベル; UNKNOWN is its own value and never means calm."""

    UNKNOWN = -1
    NONE = 0
    EARLY = 1  # 早期注意情報
    CAUTION = 2  # 注意報
    ELDERLY = 3  # 高齢者等避難
    EVACUATE = 4  # 避難指示
    EMERGENCY = 5  # 緊急安全確保


# The municipality's own 避難情報, by level; other levels have none.
ORDERS = {
    Level.ELDERLY: "高齢者等避難",
    Level.EVACUATE: "避難指示",
    Level.EMERGENCY: "緊急安全確保",
}


@dataclass(frozen=True)
class Reason:
    """One rule that fired or nearly fired, with what it saw.

    `value` and `threshold` are in `unit`; None = not known. `fired` False = nearly fired or
    counter-evidence. `verified` False = the rule's official text was not seen.
    """

    rule: str
    text: str  # Japanese, for the officer
    fired: bool
    level: Level
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    gauge_id: str | None = None
    telegram_id: str | None = None
    at: datetime | None = None
    source: str = ""
    verified: bool = True


@dataclass(frozen=True)
class People:
    """Head counts of one district; None = unknown, never 0.

    `partial` True = some water in play could not be counted: there are at least so many.
    """

    inside: int | None = None
    must_leave: int | None = None
    may_stay: int | None = None
    unknown: int | None = None
    partial: bool = False


@dataclass(frozen=True)
class Clearance:
    """Time needed to get everyone out. [min]"""

    p50_min: float
    p90_min: float
    basis: str  # where the figures come from


@dataclass(frozen=True)
class Destination:
    """A shelter for people of one district."""

    shelter_id: str
    name: str
    people: int
    minutes: float


@dataclass(frozen=True)
class Advice:
    """What to advise one district, by when, and why.

    `issue_by` None = nothing to issue, or its time cannot be known (then `reasons` says so).
    """

    district_id: str
    name: str
    level: Level
    issued_at: datetime
    issue_by: datetime | None
    valid_until: datetime
    reasons: tuple[Reason, ...]
    counter_evidence: tuple[Reason, ...]
    people: People
    clearance: Clearance | None
    shelters: tuple[Destination, ...]
    digest: str  # sha256 of everything above
    action: str = ""  # what residents should do, Japanese


@dataclass(frozen=True)
class GaugeState:
    """Last good reading of a gauge and its time; None = it has none. Policy says what is stale."""

    gauge_id: str
    level_m: float | None
    at: datetime | None
    rise_m_per_h: float | None = None


@dataclass(frozen=True)
class RainState:
    """The most rain of one hour that concerns a district now; None = no station tells.

    `mapped` tells whether the inland map (内水・小河川) holds buildings of the district; None = the
    city has no inland map.
    """

    district_id: str
    rain_mm_per_h: float | None
    stations: tuple[str, ...] = ()
    mapped: bool | None = None


@dataclass(frozen=True)
class StationCriteria:
    """The five official levels that a river telegram quotes for a station; None = not told. [m]"""

    standby_m: float | None = None  # 水防団待機
    caution_m: float | None = None  # 氾濫注意
    judgment_m: float | None = None  # 避難判断
    danger_m: float | None = None  # 氾濫危険
    design_high_m: float | None = None  # 計画高水位等


@dataclass(frozen=True)
class StationValue:
    """One observed or forecast value of a station; None = 欠測, 未計算 or not readable."""

    valid_time: datetime
    observed: bool
    level_m: float | None  # in the telegram's own datum: gauge zero or elevation
    discharge_m3_per_s: float | None
    stage: Level  # レベル of the value; UNKNOWN = not told. Not the level of the section
    condition: str


@dataclass(frozen=True)
class FloodedArea:
    """A part of a municipality where inundation is expected; no `quarters` = not told which."""

    area_code: str
    name: str
    quarters: tuple[str, ...]  # 大字


@dataclass(frozen=True)
class Section:
    """What an official telegram says of the river section that one station speaks for."""

    station_code: str
    name: str
    location: str
    level: Level
    text: str  # 主文 or 概況
    reaches: tuple[str, ...] = ()  # 受け持ち区間
    criteria: StationCriteria = StationCriteria()
    values: tuple[StationValue, ...] = ()
    areas: tuple[FloodedArea, ...] = ()
    towns: tuple[str, ...] = ()  # municipality and 大字 of the section, as written


@dataclass(frozen=True)
class Bin:
    """The danger foreseen for a municipality in one span of time, usually three hours.

    `level` NONE also stands for hazards that have no 警戒レベル; then `grade` tells. UNKNOWN = no
    value (値なし) or an unknown code.
    """

    area_code: str
    area_name: str
    hazard: str  # e.g. 大雨浸水, 土砂災害, 高潮, 風
    start: datetime
    end: datetime
    level: Level
    grade: str = ""  # 注意報級未満, 注意報級, 警報級, 特別警報級
    local: str = ""  # part of the municipality, e.g. 陸上
    telegram_id: str = ""
    issued_at: datetime | None = None


@dataclass(frozen=True)
class TrackPoint:
    """Where a typhoon is or is foreseen, and its wind areas as (towards, radius); () = none."""

    valid_time: datetime
    kind: str  # 実況, 推定 …, 予報 …
    lon: float
    lat: float
    circle_km: float | None  # 70 % of forecasts lie within
    storm_km: tuple[tuple[str, float], ...] = ()  # 暴風域, 暴風警戒域: 25 m/s
    gale_km: tuple[tuple[str, float], ...] = ()  # 強風域: 15 m/s


@dataclass(frozen=True)
class Typhoon:
    """The newest analysis and forecast of one typhoon."""

    telegram_id: str
    event_id: str
    name: str
    issued_at: datetime
    track: tuple[TrackPoint, ...]


@dataclass(frozen=True)
class Warning:
    """One official warning in force.

    `level` UNKNOWN = in force, its level not readable; NONE = a hazard without 警戒レベル, then
    `grade` tells. `gauge_ids` = the section it is for; none = all of `area_codes`.
    """

    telegram_id: str
    kind: str
    level: Level
    area_codes: tuple[str, ...]
    gauge_ids: tuple[str, ...]
    issued_at: datetime
    valid_until: datetime | None
    hazard: str = ""  # 洪水, 大雨, 土砂災害, 高潮, 暴風 …; "" = not told
    grade: str = ""  # 注意報, 警報, 危険警報, 特別警報
    area_names: tuple[str, ...] = ()
    river_codes: tuple[str, ...] = ()
    section: Section | None = None
    headline: str = ""
    doubts: tuple[str, ...] = ()  # what did not fit in the telegram, Japanese


@dataclass(frozen=True)
class Warnings:
    """Official warnings in force; `received_at` None = no telegram feed is connected."""

    received_at: datetime | None = None
    active: tuple[Warning, ...] = ()
    bins: tuple[Bin, ...] = ()
    typhoons: tuple[Typhoon, ...] = ()


@dataclass(frozen=True)
class Report:
    """One report; it is for districts, or for all that listen to one of the gauges."""

    kind: str  # a kind of the policy's report rules
    at: datetime
    by: str  # office or crew, no person's name
    text: str
    district_ids: tuple[str, ...] = ()
    gauge_ids: tuple[str, ...] = ()
    ended: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without a zone and reports for nobody."""
        times = [moment for moment in (self.at, self.ended) if moment is not None]
        if any(moment.tzinfo is None for moment in times):
            raise ValueError(f"times of a report must be aware, got {times}. Add their zone.")
        if not (self.district_ids or self.gauge_ids):
            raise ValueError(
                f"a report must name districts or gauges, got neither ({self.kind}, {self.text})."
            )
