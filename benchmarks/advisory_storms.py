"""Which simulated storms the benchmark of advice plays: fixed seeds, half of them with water.

In the climate of drill-town four storms in five flood nobody, so a plain sample would say much of
false alarms and little of floods. From the first seed on, the first N/2 storms that bring water to
a home and the first N/2 that do not are taken; how many seeds that took tells how to weigh the dry
ones back to their natural number (`Sample.dry_weight`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forecasting.types import Observations
from kawamori.town.town import Town
from kawamori.town.truth import Truth, simulate_storm

HALVES = {"tuning": 20_000, "held-out": 30_000}  # first seed of each
RECORD_H = 72.0  # before the peak of the rain: a city's gauges were read long before a storm
MOST_SEEDS = 9_000  # of a half, so that the halves never meet


@dataclass(frozen=True)
class Sample:
    """Seeds in the order in which they were found, wet and dry by turns."""

    wet: tuple[int, ...]
    dry: tuple[int, ...]
    dry_weight: float  # dry storms in nature for each one taken, against one wet one

    @property
    def seeds(self) -> tuple[int, ...]:
        """Give wet and dry seeds by turns."""
        both = [seed for pair in zip(self.wet, self.dry, strict=False) for seed in pair]
        return tuple(both) + self.wet[len(self.dry) :] + self.dry[len(self.wet) :]


def storm_of(town: Town, seed: int) -> tuple[Observations, Truth]:
    """Give a storm whose record is long enough for a desk that needs a day of readings."""
    return simulate_storm(town, seed=seed, before_h=RECORD_H)


def sample_storms(town: Town, half: str, storms: int) -> Sample:
    """Give the seeds of a half: `storms` of them, every other one with people in the water."""
    if storms < 2:
        raise ValueError(f"storms must be 2 or more, got {storms}: one wet and one dry.")
    wanted = (storms + 1) // 2, storms // 2
    wet: list[int] = []
    dry: list[int] = []
    first = HALVES[half]
    for seed in range(first, first + MOST_SEEDS):
        if len(wet) >= wanted[0] and len(dry) >= wanted[1]:
            break
        _, truth = storm_of(town, seed)
        (wet if truth.districts["people_in_water"].sum() > 0 else dry).append(seed)
    if len(wet) < wanted[0] or len(dry) < wanted[1]:
        raise ValueError(
            f"the half {half!r} has {len(wet)} storms with water and {len(dry)} without, wanted "
            f"{wanted}. Ask for fewer."
        )
    taken = tuple(wet[: wanted[0]]), tuple(dry[: wanted[1]])
    # Nature: dry ÷ wet of all seeds looked at; here: of those taken.
    return Sample(*taken, (len(dry) / len(wet)) / (len(taken[1]) / len(taken[0])))
