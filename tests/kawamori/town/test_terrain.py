"""The land lets its rivers run downhill."""

from __future__ import annotations

import numpy as np

from kawamori.town.town import Town


def test_every_river_runs_downhill(town: Town):
    for index in range(3):
        floor = town.nodes.floor_m[town.nodes.of(index)]
        assert (np.diff(floor) < 0.001).all()
        assert floor[0] - floor[-1] > 15


def test_tributary_ends_at_the_floor_of_its_river(town: Town):
    main, tributary = town.nodes.of(0), town.nodes.of(1)
    mouth = town.nodes.place_m[tributary][-1]
    gap = np.hypot(*(town.nodes.place_m[main] - mouth).T)
    assert gap.min() < 50  # nodes are 50 m apart
    joined = town.nodes.floor_m[main][gap.argmin()]
    assert abs(town.nodes.floor_m[tributary][-1] - joined) < 0.01


def test_land_lies_near_the_floor_beside_rivers_and_high_far_from_them(town: Town):
    relative, distance = town.terrain.relative_m, town.terrain.distance_m
    assert np.abs(relative[distance < 100]).mean() < 1.0
    assert relative[distance > 2000].min() > 10


def test_cell_numbers_and_centres_agree(town: Town):
    # 240 columns: the cell from 50 to 100 m east and 100 to 150 m north is 2 x 240 + 1.
    assert town.terrain.cells([(75.0, 125.0)]).tolist() == [481]
    assert town.terrain.centres_m()[481].tolist() == [75.0, 125.0]
