"""Water leaves the river only over the bank, and more of it floods more land."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.simulate import simulate
from kawamori.town.cells import STAGE_M, Spots, spots
from kawamori.town.flood import flood
from kawamori.town.rivers import design_rain
from kawamori.town.town import Town


def levels_of(town: Town, peak_mm_h: float):
    return simulate(design_rain(town.plan, peak_mm_h), town.rivers.basins)["level_m"].values


def stage_of(town: Town, peak_mm_h: float):
    return flood(levels_of(town, peak_mm_h), town.rivers, town.nodes, town.cells)


def wet_km2(town: Town, stage) -> float:
    every = spots(town.cells, town.nodes, town.terrain, np.arange(town.terrain.node.size))
    return float((every.depth_m(stage.max(axis=0)) > 0.1).sum() * 0.0025)  # cells of 50 m x 50 m


def test_depth_is_stage_above_the_ground_mixed_between_cells():
    # Stages 1.0 and 2.0 m, a quarter of the way: 1.25 m; ground 0.5 m above the floor: 0.75 m.
    places = Spots(np.array([[0, 1]]), np.array([0.25]), np.array([0.5]))
    assert places.depth_m(np.array([1.0, 2.0])).tolist() == [0.75]
    assert places.depth_m(np.array([0.1, 0.1])).tolist() == [0.0]


def test_river_within_its_banks_floods_nobody(town: Town):
    assert (stage_of(town, 25.0) == STAGE_M[0]).all()
    assert wet_km2(town, stage_of(town, 25.0)) == 0.0


def test_larger_storm_floods_more_land(town: Town):
    extents = [wet_km2(town, stage_of(town, peak)) for peak in (40.0, 48.0, 60.0, 85.0)]
    assert np.diff(extents).min() > 1.0
    assert extents[-1] < 60.0


def test_no_water_before_the_bank_is_topped(town: Town):
    levels = levels_of(town, 55.0)
    over = (town.rivers.depth_m(levels)[:, :, None] > town.rivers.bank_m).any(axis=(1, 2))
    stage = flood(levels, town.rivers, town.nodes, town.cells)
    wet = (stage > STAGE_M[0]).any(axis=1)
    assert wet.argmax() >= over.argmax() > 0


def test_land_fills_after_the_river_and_drains_after_it(town: Town):
    levels = levels_of(town, 55.0)
    stage = flood(levels, town.rivers, town.nodes, town.cells)
    deepest = stage.max(axis=0) > 0.3
    assert stage[:, deepest].argmax(axis=0).min() >= levels.argmax(axis=0).min() - 18
    assert (stage[-1, deepest] < stage[:, deepest].max(axis=0)).all()


def test_water_behind_a_broken_bank_stands_no_higher_than_the_river(town: Town):
    nodes, cells = town.nodes, town.cells
    levels = levels_of(town, 60.0)
    broken = np.repeat(nodes.incision_m[:, None], 2, axis=1)
    stage = flood(levels, town.rivers, nodes, cells, bank_m=broken).max(axis=0)
    over_floor = (town.rivers.depth_m(levels) - nodes.incision_m).max(axis=0)
    for side in (0, 1):
        for cell in np.unique(cells.node_cell[:, side]):
            around = over_floor[np.isin(cells.node_cell[:, side], [cell - 1, cell])]
            assert stage[cell] <= around.max() + 0.5  # what flows in from above piles up a little


def test_volume_curve_is_the_sum_of_depths(town: Town):
    # At 1.0 m stage: 2,500 m2 of each terrain cell times its depth below that stage.
    cell = 20
    side = np.where(town.terrain.left.ravel(), 0, 1)
    own = town.cells.node_cell[town.terrain.node.ravel(), side] == cell
    depth = np.maximum(1.0 - town.terrain.relative_m.ravel()[own], 0)
    at = int(np.abs(STAGE_M - 1.0).argmin())
    assert town.cells.volume_m3[cell, at] == pytest.approx(depth.sum() * 2500, rel=1e-6)
