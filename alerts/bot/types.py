"""What the chat knows of a place, and what it is told.

A sent position is used for one answer and kept nowhere; no `repr` shows a user id or a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["text", "location", "postback", "follow", "unfollow", "other"]


@dataclass(frozen=True)
class Event:
    """One thing that somebody did in the chat; `faults` = what could not be read of it."""

    event_id: str
    kind: Kind
    user_id: str = field(repr=False)
    reply_token: str = field(repr=False)
    at: datetime
    text: str = field(default="", repr=False)  # of a text, or the data of a postback
    lon: float | None = field(default=None, repr=False)
    lat: float | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Refuge:
    """A shelter as the last stored run has it.

    `safe` None = the run judged none; `room` None = places or people inside are not known.
    """

    shelter_id: str
    name: str
    lon: float
    lat: float
    status: str  # open | closed | unknown
    safe: bool | None
    room: int | None


@dataclass(frozen=True)
class Depth:
    """An official depth class of one river at a place. [m], `high_m` None = no upper end."""

    river: str
    low_m: float
    high_m: float | None


@dataclass(frozen=True)
class Danger:
    """What the official maps say of a place; `mapped` False = there is no map of floods."""

    mapped: bool
    depths: tuple[Depth, ...] = ()
    collapse: bool = False
    landslide: bool = False
    stand_in: bool = False  # some of the maps are schematic, not official


@dataclass(frozen=True)
class Scene:
    """The last stored run, as far as the chat may tell it: no forecast is in it."""

    city_id: str
    city_name: str
    issued_at: datetime
    districts: Mapping[str, str]  # name by id
    centres: Mapping[str, tuple[float, float]]  # lon, lat by id
    refuges: tuple[Refuge, ...]
    walk_m_per_min: float


@dataclass(frozen=True)
class Order:
    """An approved order that stands: its level and the approved text."""

    level: int
    text: str


@dataclass(frozen=True)
class Profile:
    """What somebody set up."""

    district_id: str
    language: str
    household: str  # of alerts.types.HOUSEHOLDS


class World(Protocol):
    """Where the chat looks things up, and the two things that it may change."""

    def scene(self) -> Scene | None:
        """Give the last stored run, None = nothing is stored."""

    def district_at(self, lon: float, lat: float) -> str | None:
        """Give the district of a place, None = outside the city."""

    def danger_at(self, lon: float, lat: float) -> Danger:
        """Give what the official maps say of a place."""

    def order(self, district_id: str, language: str) -> Order | None:
        """Give the order that stands for a district, as approved; None = none."""

    def profile(self, user_id: str) -> Profile | None:
        """Give what somebody set up, None = nothing, or they opted out."""

    def keep(self, user_id: str, profile: Profile) -> None:
        """Take somebody into the registry, with their consent of now."""

    def stop(self, user_id: str) -> bool:
        """Send them nothing more; tell whether they were told anything before."""

    def acknowledge(self, user_id: str, alert_id: str | None) -> int | None:
        """Acknowledge one staff alert, or all they were told of; None = not on the roster."""
