"""Bodies of API v1: units in the names, aware UTC times, null for what is unknown.

Levels are metres above gauge zero. `level` of advice is null when it is UNKNOWN: never read null as
calm, as 0 m or as nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

NEXT = Field(None, description="cursor of the next page, null on the last one")
CHANCE = Field(None, ge=0, le=1, description="0 to 1, null = unknown")


class Body(BaseModel):
    """A body that may be filled from the package's own dataclasses."""

    model_config = ConfigDict(from_attributes=True)


class RunLine(Body):
    """One stored run."""

    name: str = Field(examples=["iwaki-2023-09-08"])
    run_id: str | None = Field(None, examples=["iwaki-20230908T1100Z-0987be4a"])
    issued_at: datetime | None = Field(None, examples=["2023-09-08T11:00:00Z"])
    drill: bool | None = None
    city: str | None = Field(None, examples=["いわき市"])
    highest: int | None = Field(None, description="highest advised level, null = none is known")
    unknown: int | None = Field(None, description="districts whose level is UNKNOWN")
    fault: str = Field("", description="why the record cannot be read; empty = it can")


class RunPage(Body):
    """Stored runs, newest issue time first."""

    runs: list[RunLine]
    next_cursor: str | None = NEXT


class OfRun(Body):
    """Which run a list is of."""

    run_id: str = Field(examples=["iwaki-20230908T1100Z-0987be4a"])
    issued_at: datetime = Field(examples=["2023-09-08T11:00:00Z"])
    drill: bool
    next_cursor: str | None = NEXT


class Lead(Body):
    """Forecast level of one lead, by quantile."""

    valid_time: datetime
    q05_m: float | None = Field(None, examples=[3.29])
    q25_m: float | None = None
    q50_m: float | None = Field(None, examples=[3.93])
    q75_m: float | None = None
    q95_m: float | None = None


class GaugeForecast(Body):
    """What is measured and foreseen at one gauge, for staff."""

    gauge_id: str = Field(examples=["0179300400084"])
    gauge_name: str = Field(examples=["窪田"])
    river_name: str = Field(examples=["蛭田川"])
    observed_level_m: float | None = Field(None, examples=[4.0])
    observed_at: datetime | None = None
    rise_m_per_h: float | None = None
    leads: list[Lead]


class ForecastPage(OfRun):
    """Forecasts by gauge, most dangerous first."""

    gauges: list[GaugeForecast]


class Chance(Body):
    """Probability to stand at or above the threshold at one time."""

    valid_time: datetime
    probability: float | None = CHANCE


class ThresholdChance(Body):
    """How likely one gauge reaches one official level, and when."""

    gauge_id: str
    threshold: str = Field(examples=["danger"])
    threshold_level_m: float | None = Field(None, examples=[3.31])
    chances: list[Chance]
    passage_h: dict[str, float | None] = Field(
        description="hours to the first passage by quantile; null = unknown or beyond the horizon",
        examples=[{"0.1": 1.1, "0.5": None, "0.9": None}],
    )
    passage_beyond: list[str] = Field(description="quantiles that lie beyond the horizon")


class ExceedancePage(OfRun):
    """Chances by gauge and threshold."""

    thresholds: list[ThresholdChance]


class PeopleCount(Body):
    """Head counts of a district; null = unknown, never 0."""

    inside: int | None = None
    must_leave: int | None = None
    may_stay: int | None = None
    unknown: int | None = None
    partial: bool = Field(False, description="some water could not be counted: at least so many")


class Ground(Body):
    """One reason for or against a level."""

    rule: str
    text: str
    fired: bool
    level: int | None
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    gauge_id: str | None = None
    at: datetime | None = None
    source: str = ""
    verified: bool = True


class Place(Body):
    """Where people of a district go."""

    shelter_id: str
    shelter_name: str
    people: int
    travel_min: float | None


class DistrictAdvice(Body):
    """What is advised one district, by when, and why."""

    district_id: str = Field(examples=["taira"])
    district_name: str = Field(examples=["平"])
    level: int | None = Field(description="0 to 5, null = UNKNOWN", examples=[4])
    level_name: str = Field(examples=["EVACUATE"])
    issue_by: datetime | None = None
    valid_until: datetime
    action: str
    people: PeopleCount
    clearance_p50_min: float | None = None
    clearance_p90_min: float | None = None
    reasons: list[Ground]
    counter_evidence: list[Ground]
    shelters: list[Place]
    digest: str
    approved: bool = Field(description="an approval of this advice stands in the store")


class AdvicePage(OfRun):
    """Advice, earliest deadline first."""

    advice: list[DistrictAdvice]


class ShelterLine(Body):
    """One shelter with its part in the plan of the run."""

    shelter_id: str
    shelter_name: str
    address: str
    kinds: list[str] = Field(examples=[["emergency", "evacuation"]])
    status: str = Field(examples=["open"])
    capacity_people: int | None = None
    capacity_source: str = Field(examples=["listed"])
    occupied_people: int | None = None
    assigned_people: int | None = Field(None, description="null = no plan was made")
    room_people: int | None = Field(None, description="room after those, null = unknown")
    opening_rank: int | None = Field(None, description="1 opens first, null = need not open")
    rejected_reason: str | None = None


class ShelterPage(OfRun):
    """Shelters of the city."""

    shelters: list[ShelterLine]


class Assignment(Body):
    """People of one district who go to one shelter."""

    district_id: str
    shelter_id: str
    people: int
    travel_min: float | None = Field(None, description="longest of the district, door to door")
    mode: str = Field(examples=["walk"])


class Unplaced(Body):
    """People without a place."""

    district_id: str
    people: int
    reason: str


class AllocationPage(OfRun):
    """Who goes where; `known` false = no plan could be made, nothing is known of the need."""

    known: bool
    optimal: bool | None = None
    method: str | None = None
    assigned_people: int | None = None
    unplaced_people: int | None = None
    openings: list[str] = []
    unplaced: list[Unplaced] = []
    assigned: list[Assignment]


class Draft(Body):
    """A text exactly as it would be sent."""

    message_id: str
    district_id: str
    language: str = Field(examples=["ja"])
    form: str = Field(examples=["line"])
    subject: str
    body: str
    sha256: str
    approved: bool


class MessagePage(OfRun):
    """Drafts of the run."""

    messages: list[Draft]


class LayerLine(Body):
    """One map layer and where it is."""

    name: str = Field(examples=["flood"])
    word: str = Field(examples=["浸水想定と氾濫の確率"])
    path: str


class LayerList(OfRun):
    """Map layers of the run and the times they can be asked for."""

    layers: list[LayerLine]
    times: list[datetime]
    bounds: list[list[float]] | None = Field(None, description="[[south, west], [north, east]]")


class LayerFeatures(Body):
    """A GeoJSON FeatureCollection (RFC 7946), lon/lat."""

    type: str = Field(examples=["FeatureCollection"])
    run_id: str
    at: datetime
    features: list[dict[str, Any]]


class PublicOrder(Body):
    """An evacuation order in force, as the city issued it."""

    district_id: str
    district_name: str
    level: int = Field(ge=3, le=5)
    order_name: str = Field(examples=["避難指示"])
    approved_at: datetime
    expires: datetime


class PublicAdvice(Body):
    """Orders in force now; an empty list does not say that it is safe."""

    city_name: str | None
    orders: list[PublicOrder]


class PublicShelter(Body):
    """A shelter that is open now."""

    shelter_id: str
    shelter_name: str
    address: str
    occupied_people: int | None = None
    capacity_people: int | None = None
    room_people: int | None = None


class PublicShelters(Body):
    """Shelters that are open now."""

    city_name: str | None
    shelters: list[PublicShelter]
