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
    """Head counts of one district; None = unknown, never 0."""

    inside: int | None = None
    must_leave: int | None = None
    may_stay: int | None = None
    unknown: int | None = None


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
class Warning:
    """One official warning in force."""

    telegram_id: str
    kind: str
    level: Level
    area_codes: tuple[str, ...]
    gauge_ids: tuple[str, ...]
    issued_at: datetime
    valid_until: datetime | None


@dataclass(frozen=True)
class Warnings:
    """Official warnings in force; `received_at` None = no telegram feed is connected."""

    received_at: datetime | None = None
    active: tuple[Warning, ...] = ()
