"""Floods of valleys whose extent is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard.inundate import connected, csi, depth_at, flood_depth, to_layer
from hazard.stream import make_floodplain
from tests.valleys import CELL_M, floodplain, valley

STATIONS = 30


def stage(level_m: float) -> np.ndarray:
    return np.full(STATIONS, level_m)


@pytest.mark.parametrize("belonging", ["nearest", "downhill"])
def test_v_valley_floods_twice_depth_over_slope(belonging):
    # 2 x 2.5 m / 0.1 = 50 m: five cells of 10 m, 2.5 m deep in the middle, 0.5 m at the sides.
    terrain = valley()
    plain = make_floodplain(terrain, floodplain(terrain).streams, belonging=belonging)
    depth = flood_depth(stage(2.5), plain)
    assert (depth.values[:, 12] > 0).sum() * CELL_M == 50
    assert depth.values[8:13, 12] == pytest.approx([0.5, 1.5, 2.5, 1.5, 0.5], abs=1e-3)


def test_tilted_valley_floods_as_wide_all_along():
    # The water's surface falls with the river: 1 m in 100 m here.
    depth = flood_depth(stage(1.5), floodplain(valley(fall=0.01)))
    assert ((depth.values > 0).sum(axis=0) == 3).all()


def test_river_below_its_land_floods_nothing():
    assert (flood_depth(stage(0.0), floodplain(valley())).values == 0).all()
    assert (flood_depth(stage(-1.0), floodplain(valley())).values == 0).all()


def test_levee_holds_to_its_crest_and_not_above():
    plain = floodplain(valley(), (3.0, 3.0))
    assert (flood_depth(stage(2.9), plain).values == 0).all()
    # 3.5 m: four cells on either side and the river's own, 0.5 m at the outer ones.
    above = flood_depth(stage(3.5), plain).values[:, 12]
    assert (above > 0).sum() == 7
    assert above[13] == pytest.approx(0.5, abs=1e-3)


def test_low_crest_on_the_left_floods_the_left_only():
    depth = flood_depth(stage(2.5), floodplain(valley(), (2.0, 3.0))).values[:, 12]
    assert (depth[11:13] > 0).all()  # north, left of a river running east
    assert (depth[:10] == 0).all()


def test_water_spreads_behind_the_levee_from_one_low_place():
    plain = floodplain(valley(), (3.0, 3.0))
    plain.streams[0].crest_m[15, 0] -= 1.0
    depth = flood_depth(stage(2.5), plain).values
    assert (depth[11, :] > 0).all()
    assert (depth[9, :] == 0).all()


def test_hollow_behind_a_ridge_stays_dry():
    terrain = valley()
    terrain.values[18, 12] = 50.0  # 8 cells from the river, lower than its water; ridge between
    plain = floodplain(terrain)
    assert depth_at(stage(2.5), plain).values[18, 12] > 2
    assert flood_depth(stage(2.5), plain).values[18, 12] == 0


def test_unknown_stage_and_no_land_are_unknown_not_dry():
    terrain = valley()
    terrain.values[2, 3] = np.nan
    level = stage(2.5)
    level[20] = np.nan
    depth = flood_depth(level, floodplain(terrain)).values
    assert np.isnan(depth[2, 3])
    assert np.isnan(depth[:, 20]).all()
    assert depth[10, 12] == pytest.approx(2.5, abs=1e-3)


@settings(deadline=None)
@given(st.floats(0, 9), st.floats(0, 3))
def test_higher_water_never_dries_a_cell(level_m, more_m):
    plain = floodplain(valley(rows=9, columns=STATIONS), (1.0, 2.0))
    low, high = flood_depth(stage(level_m), plain), flood_depth(stage(level_m + more_m), plain)
    assert (high.values >= low.values).all()


def test_connected_keeps_what_touches_the_source_side_by_side():
    wet = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 1]], dtype=bool)
    source = np.zeros((3, 3), dtype=bool)
    source[0, 0] = True
    assert connected(wet, source).sum() == 2  # the diagonal neighbour is not joined


def test_layer_has_a_row_a_depth_step_and_the_area_of_its_cells():
    # 2.5 m: 5 rows of 30 cells. 0.5 to 1 m: two rows; 1 to 3 m: three rows.
    plain = floodplain(valley())
    layer = to_layer(flood_depth(stage(2.5005), plain), plain, stand_in=True)
    assert layer["scenario"].tolist() == ["dynamic", "dynamic"]
    assert layer[["depth_min_m", "depth_max_m"]].values.tolist() == [[0.5, 1.0], [1.0, 3.0]]
    assert layer["river"].tolist() == ["試験川"] * 2
    assert layer["stand_in"].all()
    areas = layer.to_crs("EPSG:6677").area
    assert areas.values == pytest.approx([60 * 100, 90 * 100], rel=1e-3)
    assert shapely.is_valid(layer.geometry.array).all()


def test_dry_land_is_a_layer_without_rows():
    plain = floodplain(valley())
    layer = to_layer(flood_depth(stage(-1.0), plain), plain, stand_in=False)
    assert len(layer) == 0
    assert layer.crs.to_epsg() == 6668


def test_csi_is_hits_over_hits_misses_and_false_alarms():
    # One hit, one false alarm, one miss: 1 / 3.
    assert csi([1, 1, 0, 0], [1, 0, 1, 0]) == pytest.approx(1 / 3)
    assert np.isnan(csi([0, 0], [0, 0]))
