"""Flood layers come in the official schema and hold every flood they should."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from hazard.layers import read_layers
from kawamori.town.layers import FOLDERS
from kawamori.town.town import Town
from kawamori.town.truth import named_storms, play


def test_layers_are_read_as_official_files_of_three_rivers(bundle: Path):
    layers = read_layers(bundle / "layers")
    assert set(layers["river"]) == {"川守川", "桐畝川", "蛍野川"}
    assert set(layers["scenario"]) == {"planned", "maximum"}
    assert set(layers["collapse_zone"].dropna()) == {"flow", "erosion"}
    assert layers["stand_in"].all()


@pytest.mark.parametrize("number", sorted(FOLDERS))
def test_files_have_official_names_and_fields(bundle: Path, number: str):
    files = sorted((bundle / "layers" / FOLDERS[number]).glob("*.geojson"))
    assert [file.name for file in files] == [
        f"A31a-{number}-24_99_{river}_10.geojson"
        for river in ("9900010001", "9900010002", "9900020001")
    ]
    frame = gpd.read_file(files[0])
    assert {f"A31a_{number[0]}0{last}" for last in range(1, 6)} <= set(frame.columns)
    assert frame.crs.to_epsg() == 6668


def test_planned_flood_lies_within_the_largest(town: Town):
    assert town.worst
    for river in town.worst:
        assert (river.planned_m <= river.maximum_m + 1e-9).all()
        assert river.planned_m.max() > 0.5


def test_water_stays_somewhere_longer_than_half_a_day(town: Town):
    hours = np.max([river.duration_h for river in town.worst], axis=0)
    assert hours.max() > 12


def test_every_flooded_building_of_the_night_typhoon_lies_in_the_largest_layer(
    town: Town, bundle: Path
):
    named = named_storms()["typhoon-night"]
    _, truth = play(town, named.storm, named.peak_at)
    layers = read_layers(bundle / "layers")
    area = shapely.union_all(
        layers[(layers["scenario"] == "maximum") & layers["depth_min_m"].notna()].geometry.array
    )
    wet = town.buildings[truth.buildings["first_water"].notna()].geometry.array
    inside = shapely.contains_xy(area, shapely.get_x(wet), shapely.get_y(wet))
    assert len(wet) > 500
    assert inside.mean() > 0.99  # corners of the drawn areas are lightly cut
