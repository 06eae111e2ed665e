"""One telegram as it was sent, and the place for which telegrams are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from advisory.telegrams.codes import Family
from advisory.types import Bin, FloodedArea, Level, Section, Typhoon

DRILLS = ("訓練", "試験")
ISSUE, CORRECTION, WITHDRAWAL = "発表", "訂正", "取消"


@dataclass(frozen=True)
class Statement:
    """What a telegram says of one area; not `active` = lifted, or nothing in force."""

    kind: str
    code: str
    hazard: str
    grade: str
    level: Level
    active: bool
    area_code: str
    area_name: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Telegram:
    """One official telegram; times in UTC, texts as sent.

    `statements` are per municipality (weather, landslides), or for the whole river.
    """

    digest: str
    telegram_id: str
    family: Family
    title: str  # Control/Title
    head_title: str
    status: str  # 通常, 訓練, 試験
    info_type: str  # 発表, 訂正, 取消
    event_id: str
    serial: int | None
    office: str
    sent_at: datetime
    issued_at: datetime
    valid_until: datetime | None
    headline: str
    statements: tuple[Statement, ...] = ()
    sections: tuple[Section, ...] = ()
    river_codes: tuple[str, ...] = ()
    prefectures: tuple[str, ...] = ()  # codes of 府県予報区等 of a river telegram
    areas: tuple[FloodedArea, ...] = ()
    bins: tuple[Bin, ...] = ()
    typhoon: Typhoon | None = None
    doubts: tuple[str, ...] = ()

    @property
    def drill(self) -> bool:
        """Tell whether it is 訓練 or 試験; such a telegram never acts."""
        return self.status in DRILLS


@dataclass(frozen=True)
class Place:
    """A city as telegrams know it.

    Parameters
    ----------
    city_code
        Municipality, 5 digits of JIS or 7 of JMA, e.g. 0720400.
    area_codes
        The wider forecast areas it lies in; none given = all of its prefecture.
    stations
        JMA code of a water-level station to gauge_id.
    name
        The city as telegrams write it, e.g. いわき市; tells where a section without codes lies.
    """

    city_code: str
    area_codes: tuple[str, ...] = ()
    stations: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
