"""One CAP message as values: what is said in each language, for which area, after which others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from advisory.types import ORDERS, Level

Kind = Literal["Alert", "Update", "Cancel"]
Ring = tuple[tuple[float, float], ...]  # (lon, lat), the first point again at the end
SIMPLE_DEG = 0.0005  # rings are simplified by about 50 m; CAP readers choke on thousands of points
POINTS_MAX = 100  # of all rings of a district; coarser ones are drawn wider, so nobody is left out


@dataclass(frozen=True)
class Response:
    """What CAP calls for at a level: responseType, urgency, severity, certainty."""

    response: str
    urgency: str
    severity: str
    certainty: str


RESPONSES = {
    Level.ELDERLY: Response("Prepare", "Expected", "Severe", "Likely"),
    Level.EVACUATE: Response("Evacuate", "Immediate", "Severe", "Likely"),
    Level.EMERGENCY: Response("Shelter", "Immediate", "Extreme", "Observed"),
}
LIFTED = Response("AllClear", "Past", "Minor", "Unlikely")


@dataclass(frozen=True)
class Reference:
    """An earlier message that this one replaces."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True)
class Area:
    """Where: a name, outer rings (holes are filled: nobody in one is left out) and a code."""

    description: str
    rings: tuple[Ring, ...]
    code: str  # 5 digits, JIS X 0402


@dataclass(frozen=True)
class Told:
    """What one language says."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str


@dataclass(frozen=True)
class Notice:
    """One message; `level` is that of the advice, of the lifted order for a Cancel."""

    identifier: str
    sender: str
    sender_name: str
    sent: datetime
    expires: datetime
    kind: Kind
    drill: bool
    level: Level
    told: tuple[Told, ...]
    areas: tuple[Area, ...]
    references: tuple[Reference, ...] = ()
    stays: bool = False  # after water: people stay where they are safe, whatever the level

    def __post_init__(self) -> None:
        """Refuse a level without an order and naive times."""
        if self.level not in ORDERS:
            raise ValueError(f"level must be one of {sorted(map(int, ORDERS))}, got {self.level}.")
        naive = [each for each in (self.sent, self.expires) if each.tzinfo is None]
        if naive:
            raise ValueError(f"times must be aware, got {naive}. Add their zone.")

    @property
    def response(self) -> Response:
        """Give what CAP calls for."""
        if self.kind == "Cancel":
            return LIFTED
        called = RESPONSES[self.level]
        return replace(called, response="Shelter") if self.stays else called


def area_of(name: str, code: str, geometry: Any) -> Area:
    """Give the area of a district from its shape (polygon or multipolygon, lon/lat)."""
    tolerance = SIMPLE_DEG
    rings = _rings(geometry.simplify(tolerance, preserve_topology=True))
    while sum(map(len, rings)) > POINTS_MAX and tolerance < 1.0:
        tolerance *= 2.0
        rings = _rings(geometry.buffer(tolerance).simplify(tolerance, preserve_topology=True))
    if not rings:
        raise ValueError(f"the area of {name} must have a shape, got {geometry}. Add its polygon.")
    return Area(name, tuple(rings), code)


def _rings(geometry: Any) -> list[Ring]:
    parts: Sequence[Any] = getattr(geometry, "geoms", [geometry])
    return [
        tuple((round(lon, 5), round(lat, 5)) for lon, lat, *_ in part.exterior.coords)
        for part in parts
        if not part.is_empty and part.area > 0
    ]
