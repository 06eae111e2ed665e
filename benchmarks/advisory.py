"""Advice on simulated storms of drill-town, whose truth is known: `python -m benchmarks.advisory`.

The town, its rivers and its storms are simulated (模擬). Seeds of the two halves never meet: the
policy is chosen on `tuning`, the figures are those of `held-out`. Half of the storms bring water
(`benchmarks.advisory_storms`). Beside ours: `crossing` issues level 4 at the official threshold
and counts everyone in the official maximum area of the district; `whole_city` gives the whole city
level 4 as soon as we advise it to any district.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import xarray as xr

from advisory.review import Outcome, review
from advisory.types import Advice, Level, People
from benchmarks.advisory_figures import ARMS, Played, figures_of, scores_together
from benchmarks.advisory_foresight import (
    StormAhead,
    advise,
    full_cycles,
    kept_storm,
    look_ahead,
)
from benchmarks.advisory_latency import latency_s
from benchmarks.advisory_storms import HALVES, sample_storms
from benchmarks.machine import machine
from forecasting.types import aware
from hazard.exposure import expose_indexed
from kawamori.cities import open_city
from kawamori.drill import train_desk
from kawamori.pipeline import Desk
from kawamori.review_page import ReviewedStorm, write_review
from kawamori.settings import Settings
from kawamori.town.town import Town, make_town
from kawamori.town.truth import Truth

STORMS = 200
NOTE = (
    "模擬: 架空の町と模擬の大雨で、真値が分かっている。半分は浸水のある大雨を選んだ。"
    "crossing は氾濫危険水位への到達で想定最大規模の区域の全員に、"
    "whole_city は一つの地区に必要になった時に市全域に出す"
)
CROSSING = "L4-danger"  # the policy's rule: 氾濫危険水位 is reached


def main() -> None:
    """Run the benchmark and print its figures."""
    asked = _arguments()
    settings = Settings()
    desk, town = open_town(settings)
    if asked.check is not None:
        print(
            f"levels, people, times and shelters as in the full cycle: {check(desk, asked.check)}"
        )
        return
    sample = sample_storms(town, asked.half, asked.storms)
    began, cpu = time.perf_counter(), time.process_time()
    home = settings.home / "foresight"
    played = joblib.Parallel(n_jobs=asked.jobs)(
        joblib.delayed(_played)(desk, town, seed, home) for seed in sample.seeds
    )
    waited = latency_s(settings)
    figures = {
        **figures_of(played, sample.dry_weight),
        "latency_s": None if waited is None else waited[0],
        "latency_cpu_s": None if waited is None else waited[1],
        **machine(),
        "half": asked.half,
        "policy": desk.policy.version,
        "wall_s": round(time.perf_counter() - began, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    if asked.report is not None:
        write_review(
            [one.storm for one in played], scores_together(played), asked.report,
            title=f"【訓練】助言の検証 ({asked.half})", note=NOTE,
        )  # fmt: skip
        print(asked.report)
    if asked.json:
        print(json.dumps(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--half", choices=sorted(HALVES), default="held-out")
    parser.add_argument("--storms", type=int, default=STORMS // 2)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, metavar="HTML", help="write the review as a page")
    parser.add_argument("--check", type=int, metavar="SEED", help="hold one storm against the "
                        "full cycle instead")  # fmt: skip
    return parser.parse_args()


def open_town(settings: Settings) -> tuple[Desk, Town]:
    """Give the trained desk of drill-town and the town whose storms are simulated."""
    city = open_city("drill-town", settings, lambda _text, _share: None)
    return train_desk(city, settings, drill=True, rain=True), make_town()


def check(desk: Desk, seed: int) -> bool:
    """Tell whether kept foresight gives the advice of the full cycle through one storm."""
    town = make_town()
    storm = look_ahead(desk, town, seed)
    pairs = zip(advise(desk, storm, desk.policy), full_cycles(desk, town, seed), strict=True)
    return all(
        _decided(one) == _decided(other)
        for quick, full in pairs
        for one, other in zip(quick, full, strict=True)
    )


def _decided(advice: Advice) -> tuple[Any, ...]:
    """Give what is decided; below level 3 nobody's way or number is asked for."""
    leaving = advice.level >= Level.ELDERLY
    need = advice.clearance if leaving else None
    return (
        advice.level, advice.district_id, advice.issue_by, advice.action,
        (advice.people, advice.shelters) if leaving else None,
        None if need is None else (round(need.p50_min, 6), round(need.p90_min, 6)),
    )  # fmt: skip


def _played(desk: Desk, town: Town, seed: int, home: Path) -> Played:
    return play_storm(desk, kept_storm(desk, town, seed, home), seed)


def play_storm(desk: Desk, storm: StormAhead, seed: int) -> Played:
    """Advise through one storm and hold the advice against what happened."""
    told = advise(desk, storm, desk.policy)
    arms = (told, crossing(told, desk), whole_city(told, desk))
    outcomes, place = outcomes_of(storm.truth), place_of(desk)
    ahead = [
        one.chances["probability"]
        .sel(lead=np.timedelta64(3, "h"), drop=True)
        .assign_coords(issued_at=np.datetime64(one.issued_at.replace(tzinfo=None), "ns"))
        for one in storm.cycles
    ]
    probability = xr.concat(ahead, dim="issued_at")
    flooded, named = named_people(told, storm)
    reviewed = ReviewedStorm(
        str(seed),
        f"{storm.truth.storm.kind}（模擬）",
        tuple(told),
        {
            name: review(cycles, outcomes, place=place)
            for name, cycles in zip(ARMS, arms, strict=True)
        },
    )
    events = _events(probability, storm.truth, desk)
    return Played(reviewed, probability, events, flooded, named)


def named_people(told: Sequence[Sequence[Advice]], storm: StormAhead) -> tuple[int, int]:
    """Give the people flooded, and those whose building an order named before its water."""
    buildings = storm.truth.buildings
    wet = buildings[(buildings["people"] > 0) & buildings["first_water"].notna()]
    first = {str(key): aware(value.to_datetime64()) for key, value in wet["first_water"].items()}
    named: set[str] = set()
    for one, advice in zip(storm.cycles, told, strict=True):
        ordered = {each.district_id for each in advice if each.level >= Level.EVACUATE}
        inside = wet.loc[wet.index.isin(one.inside), "district_id"].isin(ordered)
        named |= {str(key) for key in inside.index[inside] if one.issued_at < first[str(key)]}
    people = wet["people"]
    return int(people.sum()), int(people[people.index.isin(named)].sum())


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
    """Give 1 where the level stands at or above a threshold three hours on, like `probability`."""
    levels = truth.levels_m
    shape = probability.transpose("issued_at", "gauge", "threshold")
    happened = np.full(shape.shape, np.nan)
    limits = {gauge.gauge_id: gauge.thresholds for gauge in desk.city.gauges}
    for row, issued_at in enumerate(shape["issued_at"].values):
        ahead = levels.sel(time=issued_at + np.timedelta64(3, "h"))
        for column, gauge_id in enumerate(shape["gauge"].values):
            level_m = float(ahead.sel(gauge=gauge_id))
            for depth, name in enumerate(shape["threshold"].values):
                limit = getattr(limits[str(gauge_id)], str(name))
                if limit is not None:
                    happened[row, column, depth] = float(level_m >= limit)
    return xr.DataArray(happened, dims=shape.dims, coords=shape.coords)


if __name__ == "__main__":
    main()
