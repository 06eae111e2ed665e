"""Faults of a drill: put in and taken away while it runs, each changing what the next cycle sees.

A gauge falls silent (its readings of that time never come), LINE does not answer, a road is closed
and a shelter is under water (both reported from the ground, into the drill's own store).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Engine

from forecasting.types import Observations, utc64
from kawamori.city import City
from kawamori.ground import record_road, record_shelter

BY = "訓練の設定"


@dataclass
class DrillFaults:
    """What fails now and what was silent until now, of one drill."""

    city: City
    series: Observations  # as the storm was
    engine: Engine  # the drill's own store
    held: dict[str, str] = field(default_factory=dict)  # kind -> what fails
    quiet: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)

    @property
    def down(self) -> tuple[str, ...]:
        """Give the forms whose service does not answer."""
        return ("line",) if "line" in self.held else ()

    def change(self, wanted: Mapping[str, str], at: datetime) -> None:
        """Put in what is wanted from a time on, and take away what is not wanted any more.

        Raises
        ------
        ValueError
            If a gauge, road or shelter is not of the city; then nothing changes.
        """
        check_faults(wanted, self.city, self.series)
        for kind in ("gauge", "road", "shelter"):
            before, after = self.held.get(kind), wanted.get(kind)
            if before != after:
                if before is not None:
                    self._put(kind, before, at, holds=False)
                if after is not None:
                    self._put(kind, after, at, holds=True)
        self.held = dict(wanted)

    def seen(self) -> Observations:
        """Give the series without the readings that never came."""
        made = self.series.copy()
        for gauge, since, until in self.quiet:
            lost = (made["time"] >= utc64(since)) & (made["gauge"] == gauge)
            if until is not None:
                lost &= made["time"] < utc64(until)
            made["level_m"] = made["level_m"].where(~lost, np.nan)
        return Observations(made)

    def _put(self, kind: str, what: str, at: datetime, *, holds: bool) -> None:
        named: dict[str, Any] = {"by": BY, "at": at}
        if kind == "gauge" and holds:
            self.quiet.append((what, at, None))
        elif kind == "gauge":
            self.quiet = [(*one[:2], at) if one[2] is None else one for one in self.quiet]
        elif kind == "road":
            record_road(
                self.engine, self.city.city_id, roads=self.city.roads, crs=self.city.crs,
                **road_at(what), closed=holds, note="訓練: 通行止め", **named,
            )  # fmt: skip
        else:
            record_shelter(
                self.engine, self.city.city_id, what, known=_shelters(self.city),
                status="closed" if holds else "open", note="訓練: 浸水", **named,
            )  # fmt: skip


def check_faults(wanted: Mapping[str, str], city: City, series: Observations) -> None:
    """Raise ValueError naming every fault that the city cannot have."""
    gauges = [str(each) for each in series["gauge"].values]
    faults = []
    if wanted.get("gauge") not in (None, *gauges):
        faults.append(f"gauge to silence must be one of {gauges}, got {wanted['gauge']!r}")
    if "shelter" in wanted and wanted["shelter"] not in _shelters(city):
        faults.append(f"shelter to flood must be of the city, got {wanted['shelter']!r}")
    if "road" in wanted:
        size = 0 if city.roads is None else len(city.roads)
        found = road_at(wanted["road"])
        if size == 0 or found.get("road", 0) >= size:
            faults.append(f"road to close must be of the city's {size}, got {wanted['road']!r}")
    if faults:
        raise ValueError("; ".join(faults) + ". Correct them.")


def road_at(text: str) -> dict[str, Any]:
    """Give a road told by its number, or by a point on it as lon,lat.

    >>> road_at("12"), road_at("140.88, 37.05")
    ({'road': 12}, {'lon': 140.88, 'lat': 37.05})
    """
    parts = text.replace("、", ",").split(",")
    try:
        if len(parts) == 1 and int(text) >= 0:
            return {"road": int(text)}
        lon, lat = map(float, parts)
        return {"lon": lon, "lat": lat}
    except ValueError as error:
        raise ValueError(
            f"road to close must be a number of the city's roads or a point lon,lat, got {text!r}"
        ) from error


def _shelters(city: City) -> set[str]:
    return set() if city.shelters is None else set(map(str, city.shelters.index))
