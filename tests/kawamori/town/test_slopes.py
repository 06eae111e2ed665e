"""Landslide zones come in the official schema, lie on steep ground and hold a few houses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from hazard.landslide import read_landslide
from kawamori.town.town import Town


def test_zones_are_read_as_an_official_file_and_marked_as_stand_in(bundle: Path):
    zones = read_landslide(bundle / "layers")
    assert set(zones["kind"]) == {"steep_slope"}
    assert zones["stand_in"].all()
    assert zones["designated"].all()
    assert not zones["special"].any()


def test_few_people_live_in_the_zones_and_most_of_the_town_does_not(town: Town, bundle: Path):
    area = shapely.union_all(read_landslide(bundle / "layers").geometry.array)
    homes = town.buildings.geometry.array
    inside = shapely.contains_xy(area, shapely.get_x(homes), shapely.get_y(homes))
    people = town.buildings["people"].to_numpy()
    assert 0 < people[inside].sum() < 0.02 * people.sum()


def test_the_steepest_ground_is_in_a_zone(town: Town, bundle: Path):
    terrain = town.terrain
    slope = np.hypot(*np.gradient(terrain.elevation_m, terrain.cell_m)).ravel()
    east, north = terrain.centres_m()[slope.argmax()] / 1000
    place = shapely.Point(town.plan.lonlat((float(east), float(north))))
    zones = read_landslide(bundle / "layers").geometry.array
    assert shapely.intersects(zones, place).any()
