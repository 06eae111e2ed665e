"""Rules and numbers of the decision as a frozen value; every table has `source` and `verified`.

Forms and units are in the names; what they mean is written beside them in data/policy.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from advisory.tables import build
from forecasting.types import THRESHOLDS

RIVER_CLASSES = ("forecast", "notified", "other")
CONDITIONS = ("none", "rising", "rapid_rise")


@dataclass(frozen=True)
class Cited:
    """A table that says where it comes from; `verified` False = the text was not read."""

    source: str
    verified: bool


@dataclass(frozen=True)
class Rule(Cited):
    """Which level for which rivers."""

    id: str
    level: int
    river_classes: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_range("level", self.level, 1, 5)
        _check_choices("river_classes", self.river_classes, RIVER_CLASSES)


@dataclass(frozen=True)
class ObservedRule(Rule):
    """Fires when a gauge's level is at or above one of its thresholds."""

    threshold: str
    condition: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choices("threshold", (self.threshold,), THRESHOLDS)
        _check_choices("condition", (self.condition,), CONDITIONS)


@dataclass(frozen=True)
class ForecastRule(Rule):
    """Fires when a threshold is likely enough to be reached in time."""

    thresholds: tuple[str, ...]
    within_h: float
    probability: float
    until_clearance: bool
    evening: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choices("thresholds", self.thresholds, THRESHOLDS)
        _check_range("probability", self.probability, 0.0, 1.0)
        _check_range("within_h", self.within_h, 0.0, 240.0)


@dataclass(frozen=True)
class InlandRule(Cited):
    """Fires where the rain of an hour or the 警戒レベル相当 of 大雨 reaches its limit."""

    id: str
    level: int
    rain_mm_per_h: float
    warning_level: int

    def __post_init__(self) -> None:
        _check_range("level", self.level, 1, 5)
        _check_range("warning_level", self.warning_level, 1, 5)
        _check_range("rain_mm_per_h", self.rain_mm_per_h, 0.1, 500.0)


@dataclass(frozen=True)
class InlandRain(Cited):
    """Which rain speaks for a district: of the last hours, at its nearest stations."""

    window_h: float
    stations: int

    def __post_init__(self) -> None:
        _check_range("window_h", self.window_h, 1.0, 72.0)
        _check_range("stations", self.stations, 1, 100)


@dataclass(frozen=True)
class Landslide(Cited):
    """The 警戒レベル相当 of 土砂災害 from which people in the zones must leave."""

    warning_level: int

    def __post_init__(self) -> None:
        _check_range("warning_level", self.warning_level, 1, 5)


@dataclass(frozen=True)
class NightRule(Cited):
    """Fires in the evening window on an official level foreseen for the hours after sunset."""

    id: str
    kind: str  # 大雨 or 土砂災害
    level: int
    bin_level: int
    hours: float

    def __post_init__(self) -> None:
        _check_choices("kind", (self.kind,), ("大雨", "土砂災害"))
        _check_range("level", self.level, 1, 5)
        _check_range("bin_level", self.bin_level, 1, 5)
        _check_range("hours", self.hours, 1.0, 24.0)


@dataclass(frozen=True)
class ReportRule(Cited):
    """The level of a report from the ground, and how long one counts."""

    id: str
    kind: str
    level: int
    valid_h: float

    def __post_init__(self) -> None:
        _check_range("level", self.level, 1, 5)
        _check_range("valid_h", self.valid_h, 0.1, 72.0)


@dataclass(frozen=True)
class GaleRule(Cited):
    """How long before storm wind, beyond the clearance time, level 3 becomes 4."""

    margin_h: float

    def __post_init__(self) -> None:
        _check_range("margin_h", self.margin_h, 0.0, 24.0)


@dataclass(frozen=True)
class CostLoss(Cited):
    """Cost of moving a person against the harm to one who is caught by the water."""

    ratio: float

    def __post_init__(self) -> None:
        _check_range("ratio", self.ratio, 0.01, 1.0)


@dataclass(frozen=True)
class OrderArea(Cited):
    """Whom an order names beyond the planned flood, along rivers whose crests are surveyed."""

    surveyed: str  # "terrain": who is in the reckoned water; "official": all of the largest flood

    def __post_init__(self) -> None:
        _check_choices("surveyed", (self.surveyed,), ("terrain", "official"))


@dataclass(frozen=True)
class Daytime(Cited):
    """Clock times of Japan between which people are counted by day, where a city has both."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"must start before it ends, got {self.start} to {self.end}")


@dataclass(frozen=True)
class Evening(Cited):
    """Clock times of Japan between which the coming night is judged."""

    start: time
    end: time


@dataclass(frozen=True)
class Blind(Cited):
    """When a gauge without upper thresholds leaves its district unknown."""

    within_h: float
    probability: float

    def __post_init__(self) -> None:
        _check_range("probability", self.probability, 0.0, 1.0)


@dataclass(frozen=True)
class Trend(Cited):
    """What counts as rising, rising rapidly and falling."""

    rising_m_per_h: float
    rapid_rise_m_per_h: float
    falling_m_per_h: float

    def __post_init__(self) -> None:
        if not self.falling_m_per_h <= 0.0 <= self.rising_m_per_h <= self.rapid_rise_m_per_h:
            raise ValueError("must keep falling <= 0 <= rising <= rapid_rise [m per h]")


@dataclass(frozen=True)
class Release(Cited):
    """When an order may fall; forecast and rain must be below this share of what would raise it."""

    probability_fraction: float
    rain_fraction: float  # of the lowest inland rule, most rain of one hour in its window

    def __post_init__(self) -> None:
        _check_range("probability_fraction", self.probability_fraction, 0.0, 1.0)
        _check_range("rain_fraction", self.rain_fraction, 0.0, 1.0)


@dataclass(frozen=True)
class Telegrams(Cited):
    """What official warnings do; `area_level_max` is for those without a river section."""

    required: bool
    area_level_max: int

    def __post_init__(self) -> None:
        _check_range("area_level_max", self.area_level_max, 1, 5)


@dataclass(frozen=True)
class Staleness(Cited):
    """Ages beyond which an input is unknown."""

    stage_min: float
    crisis_rest_min: float
    forecast_min: float
    telegram_min: float


@dataclass(frozen=True)
class ClearanceTimes(Cited):
    """Times and speeds of getting out."""

    decide_min: float
    diffuse_day_min: float
    diffuse_night_min: float
    mobilise_min: float
    mobilise_elderly_min: float
    mobilise_assisted_min: float
    buffer_fraction: float
    walk_km_per_h: float
    assisted_km_per_h: float
    night_speed_factor: float
    elderly_fraction: float
    assisted_fraction: float

    def __post_init__(self) -> None:
        for name in ("elderly_fraction", "assisted_fraction"):
            _check_range(name, getattr(self, name), 0.0, 1.0)
        for name in ("walk_km_per_h", "assisted_km_per_h", "night_speed_factor"):
            _check_range(name, getattr(self, name), 0.01, 100.0)


@dataclass(frozen=True)
class Validity(Cited):
    """How long advice stands unless renewed."""

    unknown_min: float
    calm_min: float
    level3_min: float
    level4_min: float
    level5_min: float

    def minutes(self, level: int) -> float:
        """Give the span for a level; -1 is UNKNOWN. [min]"""
        spans = {-1: self.unknown_min, 3: self.level3_min, 4: self.level4_min, 5: self.level5_min}
        return spans.get(level, self.calm_min)


@dataclass(frozen=True)
class Nearly(Cited):
    """How close an unfired rule must be to be listed."""

    level_m: float
    probability_fraction: float


@dataclass(frozen=True)
class Staff(Cited):
    """When the duty roster is alerted by itself, and how soon the next person is."""

    level_min: int
    thresholds: tuple[str, ...]
    probability: float
    lead_h: float
    deadline_earlier_min: float
    old_min: float
    silent_level: int
    failure_level: int
    escalate_min: float
    quiet_start: time
    quiet_end: time
    quiet_level_max: int

    def __post_init__(self) -> None:
        _check_choices("thresholds", self.thresholds, THRESHOLDS)
        _check_range("probability", self.probability, 0.01, 1.0)
        _check_range("lead_h", self.lead_h, 0.1, 240.0)
        _check_range("old_min", self.old_min, 1.0, 1440.0)
        _check_range("escalate_min", self.escalate_min, 1.0, 120.0)
        for name in ("level_min", "silent_level", "failure_level"):
            _check_range(name, getattr(self, name), 1, 5)
        _check_range("quiet_level_max", self.quiet_level_max, 0, 3)


@dataclass(frozen=True)
class Automatic(Cited):
    """Which levels are told to citizens without an officer; none unless a city says so."""

    level_3: bool
    level_4: bool
    level_5: bool

    def names(self, level: int) -> bool:
        """Tell whether a level is switched to automatic."""
        return bool(getattr(self, f"level_{level}", False))


@dataclass(frozen=True)
class Policy:
    """All rules of a city."""

    version: str
    observed: tuple[ObservedRule, ...]
    forecast: tuple[ForecastRule, ...]
    inland: tuple[InlandRule, ...]
    inland_rain: InlandRain
    landslide: Landslide
    night: tuple[NightRule, ...]
    report: tuple[ReportRule, ...]
    gale: GaleRule
    cost_loss: CostLoss
    order_area: OrderArea
    daytime: Daytime
    evening: Evening
    blind: Blind
    trend: Trend
    release: Release
    telegrams: Telegrams
    staleness: Staleness
    clearance: ClearanceTimes
    validity: Validity
    nearly: Nearly
    staff: Staff
    automatic: Automatic

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Policy:
        """Give the policy in `raw` (a parsed policy.toml).

        Raises
        ------
        ValueError
            Naming every unknown key (with the known ones), missing key and wrong value.
        """
        faults: list[str] = []
        policy = build(cls, raw, "policy", faults)
        if policy is not None:
            groups = (policy.observed, policy.forecast, policy.inland, policy.night, policy.report)
            ids = [rule.id for rules in groups for rule in rules]
            twice = sorted({name for name in ids if ids.count(name) > 1})
            faults += [f"rule id must be unique, got {name!r} more than once" for name in twice]
        if faults or policy is None:
            raise ValueError("The policy is not usable: " + "; ".join(faults) + ". Correct it.")
        return policy


def _check_choices(what: str, got: tuple[str, ...], known: tuple[str, ...]) -> None:
    if not got or set(got) - set(known):
        raise ValueError(f"{what} must be among {sorted(known)}, got {list(got)}")


def _check_range(what: str, got: float, low: float, high: float) -> None:
    if not low <= got <= high:
        raise ValueError(f"{what} must be {low} to {high}, got {got}")
