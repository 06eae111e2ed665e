"""Figures of inundation from terrain: time of a large terrain, agreement with the fictional town.

    python -m benchmarks.hand            # figures as JSON
    python -m benchmarks.hand --fit      # how the values of hazard.levee.Ground were found
    python -m benchmarks.hand --picture FILE.png

All floods here are simulated (模擬). Agreement is the critical success index of cells at least
WET_M deep at their greatest depth, predicted from the true levels of the gauges.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from hazard.hand import height_above_drainage
from hazard.inundate import csi, flood_depth
from hazard.levee import Ground
from hazard.rating import reach_stage, station_weights
from hazard.storage import POND_M, make_storage
from hazard.stream import make_floodplain
from hazard.terrain import make_terrain
from kawamori.town.cells import spots
from kawamori.town.flood import flood
from kawamori.town.inundation import town_floodplain, town_inundation
from kawamori.town.storms import Storm
from kawamori.town.town import Town, make_town
from kawamori.town.truth import WET_M, named_storms, play

STORMS = ("typhoon-night", "rainband", "front-long")
SMALL_STORMS = ("tributary-flash",)  # 0.8 km2 wet: told, not counted
PLAIN_CRS = "EPSG:6677"
# Floods the values of Ground are fitted to: none of them is a named storm.
FITTED = (
    Storm("typhoon", 101, 52.0),
    Storm("rainband", 102, 95.0, (3.5, 5.5)),
    Storm("front", 103, 32.0),
    Storm("typhoon", 104, 68.0),
    Storm("front", 105, 36.0),
)
ROUGHNESSES, DRAINS, PUMPS = (0.1, 0.2, 0.3, 0.4), (0.02, 0.05, 0.1), (0.0, 0.005, 0.01)


def measure(size: int = 4000) -> dict[str, Any]:
    """Give all figures: hand_4000_s (CPU), csi_drill_town (worst storm) and those beside them."""
    town = make_town()
    scores = csi_drill_town(town)
    counted = {name: scores[name] for name in STORMS}
    hand_s = hand_4000_s(size)
    return {
        "hand_4000_s": hand_s,
        "hand_cells": size * size,
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "csi_drill_town": min(counted.values()),
        "csi_by_storm": scores,
        "csi_stage_only": csi_stage_only(town),
        "csi_worst_storm_if": csi_if(town),
        "without_survey": without_survey(town),
        "csi_without_levees": csi_without_levees(town),
        "csi_without_levees_downhill": csi_without_levees(town, "downhill"),
    }


def hand_4000_s(size: int = 4000) -> float:
    """Give CPU seconds for HAND of a rough terrain of size x size cells, streams found in it."""
    step = np.arange(size) * 5.0
    terrain = make_terrain(rough_land(size), step, step[::-1], PLAIN_CRS)
    begin = time.process_time()
    height_above_drainage(terrain, min_cells=2000)
    return round(time.process_time() - begin, 1)


def rough_land(size: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Give a tilted plane with hills of all sizes and noise of 0.1 m: some 4 % of cells hollows."""
    random = np.random.default_rng(seed)
    fall = np.arange(size, dtype=np.float32)[:, None] * 0.05
    land = np.broadcast_to(fall, (size, size)).copy()
    coarse = 4
    while coarse < size:
        corners = random.normal(size=(size // coarse + 2, size // coarse + 2)).astype(np.float32)
        at = np.arange(size, dtype=np.float32) / coarse
        low, part = at.astype(int), (at - at.astype(int)).astype(np.float32)
        rows = corners[low] + (corners[low + 1] - corners[low]) * part[:, None]
        land += (rows[:, low] + (rows[:, low + 1] - rows[:, low]) * part) * coarse**0.9 * 0.1
        coarse *= 3
    return land + random.normal(scale=0.1, size=(size, size)).astype(np.float32)


def truths(town: Town, storms: dict[str, tuple[Storm, datetime]]) -> dict[str, tuple[Any, Any]]:
    """Give the true levels (time, gauge) and greatest true depth (row, column) of storms."""
    every = spots(town.cells, town.nodes, town.terrain, np.arange(town.terrain.node.size))
    shape = town.terrain.elevation_m.shape
    result = {}
    for name, (storm, peak_at) in storms.items():
        levels = play(town, storm, peak_at)[1].levels_m
        stage = flood(levels.values, town.rivers, town.nodes, town.cells)
        result[name] = levels, every.depth_m(stage.max(axis=0)).reshape(shape)
    return result


def drill_truths(town: Town, names: tuple[str, ...]) -> dict[str, tuple[Any, Any]]:
    """Give the truths of named storms."""
    named = named_storms()
    return truths(town, {name: (named[name].storm, named[name].peak_at) for name in names})


def csi_drill_town(town: Town | None = None) -> dict[str, float]:
    """Give the agreement by named storm, water over surveyed levees, `Ground` as shipped."""
    place = make_town() if town is None else town
    plain = town_floodplain(place)
    storage = make_storage(plain)
    return {
        name: _score(town_inundation(place, levels, plain, storage), wet)
        for name, (levels, wet) in drill_truths(place, STORMS + SMALL_STORMS).items()
    }


def csi_stage_only(town: Town) -> dict[str, float]:
    """Give the agreement where levees hold up to their crest and water then stands as the river."""
    plain = town_floodplain(town)
    return {
        name: _score(_stage_depth(town, levels, plain), wet)
        for name, (levels, wet) in drill_truths(town, STORMS).items()
    }


def csi_if(town: Town) -> dict[str, float]:
    """Give the agreement of the worst storm if something were otherwise than in csi_drill_town.

    The simulation's own flood cells are 1 km long too: ponds of another length show how much of
    the agreement is owed to that. Noise has a standard deviation, drawn once.
    """
    plain = town_floodplain(town)
    random = np.random.default_rng(0)
    noisy = [
        replace(stream, crest_m=stream.crest_m + random.normal(0, 0.1, stream.crest_m.shape))
        for stream in plain.streams
        if stream.crest_m is not None
    ]
    cases = {
        "ponds_500_m": (plain, 500.0, 0.0),
        "ponds_2000_m": (plain, 2000.0, 0.0),
        "levels_5_cm_low": (plain, POND_M, -0.05),
        "crests_off_by_10_cm": (make_floodplain(plain.terrain, noisy), POND_M, 0.0),
    }
    floods = drill_truths(town, STORMS).values()
    return {
        case: min(
            _score(town_inundation(town, levels + bias, land, make_storage(land, pond_m=pond)), wet)
            for levels, wet in floods
        )
        for case, (land, pond, bias) in cases.items()
    }


def without_survey(town: Town) -> dict[str, dict[str, float]]:
    """Give agreement, share found and share of false alarms where no survey tells the crests.

    The official overflow level then stands for the crest all along its section, though only the
    weakest place is that low: how much water leaves is known, not where. Beside it what the stage
    alone would flood without levees, which misses little and alarms the whole plain.
    """
    plain, gauges = town_floodplain(town), town.rivers.gauges
    overflow = np.array([gauge.thresholds.overflow for gauge in gauges])
    depth = station_weights(gauges, plain) @ overflow
    level = [
        replace(stream, crest_m=np.repeat((stream.bed_m + depth[rows])[:, None], 2, axis=1))
        for stream in plain.streams
        if stream.bed_m is not None
        for rows in [plain.rows(stream.river)]
    ]
    land, bare = make_floodplain(plain.terrain, level), town_floodplain(town, levees=False)
    rows = {}
    for name, (levels, wet) in drill_truths(town, STORMS).items():
        rows[f"{name}, crests at official levels"] = _parts(
            town_inundation(town, levels, land, make_storage(land)), wet
        )
        rows[f"{name}, no levees"] = _parts(_stage_depth(town, levels, bare), wet)
    return rows


def csi_without_levees(town: Town, belonging: str = "nearest") -> dict[str, float]:
    """Give the agreement where the banks are gone, so that the river's stage alone decides."""
    bare = np.repeat(town.nodes.incision_m[:, None], 2, axis=1)
    every = spots(town.cells, town.nodes, town.terrain, np.arange(town.terrain.node.size))
    plain = town_floodplain(town, levees=False, belonging=belonging)
    result = {}
    for name, (levels, _) in drill_truths(town, STORMS).items():
        stage = flood(levels.values, town.rivers, town.nodes, town.cells, bank_m=bare)
        wet = every.depth_m(stage.max(axis=0)).reshape(plain.station.shape)
        result[name] = _score(_stage_depth(town, levels, plain), wet)
    return result


def _score(predicted_m: Any, true_m: Any) -> float:
    return round(csi(predicted_m >= WET_M, true_m >= WET_M), 3)


def _parts(predicted_m: Any, true_m: Any) -> dict[str, float]:
    said, true = np.asarray(predicted_m >= WET_M), np.asarray(true_m >= WET_M)
    found, false = (said & true).sum() / true.sum(), (said & ~true).sum() / said.sum()
    return {
        "csi": _score(predicted_m, true_m),
        "found": round(float(found), 2),
        "false": round(float(false), 2),
    }


def _stage_depth(town: Town, levels: Any, plain: Any) -> Any:
    stage = reach_stage(levels, town.rivers.gauges, plain)
    return flood_depth(stage.max("time", skipna=False).values, plain)


def fit_ground() -> list[dict[str, float]]:
    """Give the mean agreement over FITTED for each set of values, best first."""
    town = make_town()
    plain = town_floodplain(town)
    storage = make_storage(plain)
    at = datetime(2024, 8, 1, tzinfo=UTC)
    floods = truths(town, {str(storm.seed): (storm, at) for storm in FITTED}).values()
    rows = []
    for values in product(ROUGHNESSES, DRAINS, PUMPS):
        ground = Ground(*values)
        scores = [
            _score(town_inundation(town, levels, plain, storage, ground=ground), wet)
            for levels, wet in floods
        ]
        row = dict(zip(("roughness", "drain_m_per_h", "pump_m_per_h"), values, strict=True))
        rows.append({**row, "csi": round(float(np.mean(scores)), 3)})
    return sorted(rows, key=lambda row: -row["csi"])


def draw(path: str) -> None:
    """Draw predicted beside true depth of every named storm."""
    from matplotlib.figure import Figure

    town = make_town()
    plain = town_floodplain(town)
    figure = Figure(figsize=(16, 11), layout="constrained")
    axes = figure.subplots(len(STORMS), 2)
    for row, (name, (levels, wet)) in zip(axes, drill_truths(town, STORMS).items(), strict=True):
        pictures = {"true": wet, "predicted": town_inundation(town, levels, plain).values}
        for axis, (what, depth) in zip(row, pictures.items(), strict=True):
            axis.imshow(town.terrain.elevation_m, origin="lower", cmap="Greys", vmax=150)
            image = axis.imshow(np.where(depth >= WET_M, depth, np.nan), origin="lower",
                                cmap="Blues", vmin=-0.5, vmax=1.5)  # fmt: skip
            axis.contour(plain.channel, [0.5], colors="k", linewidths=0.3)
            axis.set_title(f"{name}: {what} depth [m], simulated")
            figure.colorbar(image, ax=axis)
    figure.savefig(path, dpi=70)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--picture")
    asked = parser.parse_args()
    if asked.picture:
        draw(asked.picture)
        return
    figures = fit_ground() if asked.fit else measure()
    print(json.dumps(figures, indent=None if asked.json else 1))


if __name__ == "__main__":
    main()
