"""How fast people move: engineering starting points (policy.toml, travel.toml), not survey values.

A household walks as fast as its slowest member, so 2.0 km/h, the usual figure of flood plans, holds
for general and elderly walkers alike until a city knows better.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from shelters.types import TRAVELLERS

METRES_PER_MINUTE = 1000 / 60  # of one km/h


@dataclass(frozen=True)
class Speeds:
    """Speeds by day, and what makes a way longer or ends it.

    `night_factor` multiplies every speed in darkness or heavy rain. `detour` is the usual ratio of
    way to straight distance: it stretches the way between door and road, and the whole way where a
    city has no roads. No way is followed beyond `limit_min` (by car `car_limit_min`), and nobody
    farther than `access_m` from the next road counts as living on it. Who lives on a closed road
    may come along it as far as `around_m` (0 = not at all), see `shelters.way_out`.
    """

    general_km_h: float = 2.0
    elderly_km_h: float = 2.0
    assisted_km_h: float = 1.3
    car_km_h: float = 15.0
    night_factor: float = 0.8
    detour: float = 1.4
    limit_min: float = 120.0
    car_limit_min: float = 60.0
    access_m: float = 1000.0
    around_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values without sense, naming each."""
        faults = [
            f"{field.name} must be a number > 0, got {value}"
            for field in fields(self)
            if field.name != "around_m" and not (value := getattr(self, field.name)) > 0
        ]
        if not self.around_m >= 0:
            faults.append(f"around_m must be a number >= 0, got {self.around_m}")
        if self.detour < 1:
            faults.append(f"detour must be >= 1, got {self.detour}")
        if self.night_factor > 1:
            faults.append(f"night_factor must be <= 1, got {self.night_factor}")
        if faults:
            raise ValueError("; ".join(faults) + ". Correct policy.toml or travel.toml.")

    def metres_per_minute(self, traveller: str, *, night: bool) -> float:
        """Give how far a traveller of `TRAVELLERS` comes in a minute. [m/min]"""
        if traveller not in TRAVELLERS:
            raise ValueError(f"traveller must be one of {sorted(TRAVELLERS)}, got {traveller!r}.")
        by_day: float = getattr(self, f"{traveller}_km_h") * METRES_PER_MINUTE
        return by_day * (self.night_factor if night else 1.0)

    def limit_of(self, traveller: str) -> float:
        """Give how long the way of a traveller may be. [min]"""
        return self.car_limit_min if traveller == "car" else self.limit_min
