"""The whole of Iwaki on its official lists: nobody in water, nobody above room, nobody lost."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hazard.types import JGD2011, check_layer
from shelters.allocate import allocate
from shelters.read import read_shelters
from shelters.routes import straight_minutes
from shelters.safety import SHALLOW_M, usable
from shelters.speeds import Speeds

CRS = "EPSG:6677"  # close enough to Iwaki's zone for straight distances


@pytest.fixture(scope="module")
def people(real_data: Path) -> pd.DataFrame:
    """Give the 町丁字 of the census with their people."""
    raw = gpd.read_file(real_data / "iwaki" / "census_chome_2015" / "iwaki_chome_h27.geojson")
    inside = shapely.point_on_surface(shapely.make_valid(raw.geometry.array))
    return pd.DataFrame(
        {
            "district_id": raw["MOJI"].str[:1],
            "block": raw["KEY_CODE"],
            "people": raw["JINKO"].astype(int),
            "lon": shapely.get_x(inside),
            "lat": shapely.get_y(inside),
        }
    )


@pytest.mark.real_data
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everybody_is_placed_safely_or_counted(
    real_data: Path, people: pd.DataFrame, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    lists = real_data / "iwaki" / "shelters" / "hinan-saki_07_fukushima_2026-07.json"
    town = read_shelters(lists, city="いわき市", assumed_capacity=200)
    town["capacity"] = pd.array(draw.integers(0, 3000, len(town)), dtype="Int64")
    low = draw.uniform((140.6, 36.85), (140.95, 37.2), (12, 2))
    boxes = [shapely.box(lon, lat, lon + 0.04, lat + 0.03) for lon, lat in low]
    depth = draw.choice([0.5, 3.0, np.inf], len(boxes))
    row = {
        "scenario": "maximum", "river": "川", "depth_min_m": 0.0, "depth_max_m": depth,
        "duration_rank": None, "collapse_zone": None, "stand_in": True,
    }  # fmt: skip
    water = check_layer(gpd.GeoDataFrame(row, geometry=boxes, crs=JGD2011))
    safe, rejected = usable(town, water)
    ways = straight_minutes(people, safe, crs=CRS, speeds=Speeds(), night=False)
    result = allocate(people, safe, ways, rejected=rejected)
    sent = result.assigned.groupby("shelter_id")["people"].sum()
    assert result.optimal
    assert not set(sent.index) & set(rejected["shelter_id"])
    assert all("flood" in hazards for hazards in town.loc[sent.index, "hazard_ok"])
    for box, depth_m in zip(boxes, depth, strict=True):  # held against the water itself
        assert depth_m <= SHALLOW_M or not town.loc[sent.index].intersects(box).any()
    assert (sent <= town.loc[sent.index, "capacity"]).all()
    assert sent.sum() + result.unplaced["people"].sum() == people["people"].sum()
    assert len(safe) + len(rejected) == len(town)
