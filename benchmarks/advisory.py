"""Advice on simulated storms of drill-town, whose truth is known: `python -m benchmarks.advisory`.

The town, its rivers and its storms are simulated (模擬). Seeds of the two halves never meet: the
policy is chosen on `tuning`, the figures are those of `held-out`. Beside ours: `crossing` issues
level 4 at the official threshold and counts everyone in the official maximum area of the district;
`whole_city` gives the whole city level 4 as soon as we advise it to any district.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import joblib
import numpy as np
import pandas as pd
import xarray as xr

from advisory.review import DistrictReview, Outcome, review, summary
from advisory.types import Advice, Level, People
from benchmarks.machine import machine
from forecasting.quality import flag, good
from forecasting.types import aware
from forecasting.verification.probabilities import probability_scores
from hazard.exposure import expose_indexed
from kawamori.cities import open_city
from kawamori.drill import train_desk
from kawamori.pipeline import Desk, cycle
from kawamori.settings import Settings
from kawamori.simulated_rain import rain_outlook
from kawamori.town.town import Town, make_town
from kawamori.town.truth import Truth, simulate_storm

HALVES = {"tuning": 20_000, "held-out": 30_000}  # first seed of each
STORMS = 200
CROSSING = "L4-danger"  # the policy's rule: 氾濫危険水位 is reached
STEP = timedelta(minutes=30)
BEFORE, AFTER = timedelta(hours=18), timedelta(hours=10)  # around the peak of the rain
KEYS = (
    "in_time_share", "before_dark_share", "ordered_per_flooded", "miss_rate", "night_orders"
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What one storm taught: reviews by way of issuing, probabilities and events of 3 h ahead."""

    seed: int
    kind: str
    reviews: dict[str, tuple[DistrictReview, ...]]
    probability: xr.DataArray  # (issued_at, gauge, threshold)
    events: xr.DataArray


def main() -> None:
    """Run the benchmark and print its figures."""
    asked = _arguments()
    desk, town = open_town()
    first = HALVES[asked.half]
    seeds = range(first, first + asked.storms)
    began = time.perf_counter()
    played = joblib.Parallel(n_jobs=asked.jobs)(
        joblib.delayed(play_storm)(desk, town, seed) for seed in seeds
    )
    figures = {
        **figures_of(played),
        **machine(),
        "half": asked.half,
        "wall_s": round(time.perf_counter() - began, 1),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if asked.json:
        print(json.dumps(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--half", choices=sorted(HALVES), default="held-out")
    parser.add_argument("--storms", type=int, default=STORMS // 2)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def open_town() -> tuple[Desk, Town]:
    """Give the trained desk of drill-town and the town whose storms are simulated."""
    settings = Settings()
    city = open_city("drill-town", settings, lambda _text, _share: None)
    return train_desk(city, settings, drill=True, rain=True), make_town()


def play_storm(desk: Desk, town: Town, seed: int) -> Played:
    """Advise through one storm, half-hourly, and hold the advice against what happened."""
    observations, truth = simulate_storm(town, seed=seed)
    last = aware(observations["time"].values[-1])
    at = max(truth.peak_at - BEFORE, aware(observations["time"].values[0]) + timedelta(hours=12))
    seen = good(flag(observations, desk.city.gauges))
    told: list[tuple[Advice, ...]] = []
    chances, previous = [], None
    while at <= min(truth.peak_at + AFTER, last):
        rain = rain_outlook(seen, at)
        run = cycle(desk, observations, issued_at=at, previous=previous, rain_forecast=rain)
        previous = run.advice
        told.append(run.advice)
        ahead = run.exceedance["probability"].sel(lead=np.timedelta64(3, "h"), drop=True)
        chances.append(ahead.expand_dims(issued_at=[np.datetime64(at.replace(tzinfo=None), "ns")]))
        at += STEP
    ways = {
        "ours": told,
        "crossing": crossing(told, desk),
        "whole_city": whole_city(told, desk),
    }
    outcomes, place = outcomes_of(truth), place_of(desk)
    probability = xr.concat(chances, dim="issued_at")
    return Played(
        seed,
        truth.storm.kind,
        {name: review(cycles, outcomes, place=place) for name, cycles in ways.items()},
        probability,
        _events(probability, truth, desk),
    )


def crossing(told: Sequence[Sequence[Advice]], desk: Desk) -> list[tuple[Advice, ...]]:
    """Give the advice of a city that orders at 氾濫危険水位 and whoever the official map names."""
    assert desk.water.rivers is not None
    assert desk.city.layers is not None
    everyone = expose_indexed(desk.water.rivers, desk.city.layers)
    return [
        tuple(_ordered(one, _crossed(one), _inside(everyone, one.district_id)) for one in advice)
        for advice in told
    ]


def _crossed(advice: Advice) -> bool:
    official = [r for r in (*advice.reasons, *advice.counter_evidence) if r.rule == CROSSING]
    return any(reason.fired for reason in official)


def _inside(everyone: pd.DataFrame, district_id: str) -> int:
    counts = [row["people"] for key, row in everyone.iterrows() if key == (district_id, "maximum")]
    return int(counts[0]) if counts else 0


def whole_city(told: Sequence[Sequence[Advice]], desk: Desk) -> list[tuple[Advice, ...]]:
    """Give the advice of a city that orders everybody as soon as one district needs it."""
    population = desk.city.districts["population"]
    return [
        tuple(
            _ordered(
                one,
                any(other.level >= Level.EVACUATE for other in advice),
                int(population[one.district_id]),
            )
            for one in advice
        )
        for advice in told
    ]


def _ordered(advice: Advice, ordered: bool, people: int) -> Advice:
    level = Level.EVACUATE if ordered else Level.NONE
    return replace(advice, level=level, people=People(must_leave=people))


def outcomes_of(truth: Truth) -> dict[str, Outcome]:
    """Give what happened to each district."""
    return {
        str(district_id): Outcome(_time(row["first_water"]), int(row["people_in_water"]))
        for district_id, row in truth.districts.iterrows()
    }


def _time(value: Any) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime().replace(tzinfo=UTC)


def place_of(desk: Desk) -> tuple[float, float]:
    """Give lon, lat of the middle of the town."""
    west, south, east, north = desk.city.districts.total_bounds
    return (west + east) / 2, (south + north) / 2


def _events(probability: xr.DataArray, truth: Truth, desk: Desk) -> xr.DataArray:
    """Give 1 where a level is reached within the three hours, 0 where not, like `probability`."""
    levels = truth.levels_m
    shape = probability.transpose("issued_at", "gauge", "threshold")
    happened = np.full(shape.shape, np.nan)
    limits = {gauge.gauge_id: gauge.thresholds for gauge in desk.city.gauges}
    for row, issued_at in enumerate(shape["issued_at"].values):
        ahead = levels.sel(time=slice(issued_at, issued_at + np.timedelta64(3, "h")))
        for column, gauge_id in enumerate(shape["gauge"].values):
            highest = float(ahead.sel(gauge=gauge_id).max())
            for depth, name in enumerate(shape["threshold"].values):
                limit = getattr(limits[str(gauge_id)], str(name))
                if limit is not None:
                    happened[row, column, depth] = float(highest >= limit)
    return xr.DataArray(happened, dims=shape.dims, coords=shape.coords)


def figures_of(played: Sequence[Played]) -> dict[str, Any]:
    """Give the figures of many storms together."""
    ways = {
        name: summary([one for storm in played for one in storm.reviews[name]])
        for name in ("ours", "crossing", "whole_city")
    }
    rounded = {
        name: {key: _round(value) for key, value in asdict(total).items()}
        for name, total in ways.items()
    }
    return {
        "storms": len(played),
        "storms_with_water": sum(
            any(one.first_water is not None for one in storm.reviews["ours"]) for storm in played
        ),
        **rounded["ours"],
        **_probabilities(played),
        "crossing": {key: rounded["crossing"][key] for key in KEYS},
        "whole_city": {key: rounded["whole_city"][key] for key in KEYS},
    }


def _round(value: Any) -> Any:
    return None if value is None else round(value, 3)


def _probabilities(played: Sequence[Played]) -> dict[str, float]:
    """Give Brier skill and slope of reliability, 3 h ahead, over all gauges and upper levels."""
    upper = ["judgment", "danger", "overflow"]
    parts = [
        (one.probability.sel(threshold=upper), one.events.sel(threshold=upper)) for one in played
    ]
    chance = np.concatenate([p.transpose(*e.dims).values.ravel() for p, e in parts])
    event = np.concatenate([e.values.ravel() for _, e in parts])
    known = np.isfinite(chance) & np.isfinite(event)
    flat = {"dims": ("issued_at", "gauge", "threshold", "lead")}
    scores = probability_scores(
        xr.DataArray(chance[known][:, None, None, None], **flat),
        xr.DataArray(event[known][:, None, None, None], **flat),
    )
    weights = np.sqrt(scores["cases"].values.ravel())
    some = weights > 0
    slope = np.polyfit(
        scores["forecast_share"].values.ravel()[some],
        scores["observed_share"].values.ravel()[some],
        1,
        w=weights[some],
    )[0]
    return {
        "brier_skill_3h": round(float(scores["brier_skill"].squeeze()), 3),
        "reliability_slope": round(float(slope), 3),
    }


if __name__ == "__main__":
    main()
