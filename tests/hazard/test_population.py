"""Two counts of one city agree or are refused; day people are moved, never made."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from hazard.population import assumed_day_people, read_mesh, reconcile, scaled_people
from hazard.types import check_buildings

CRS = "EPSG:6677"
WEST, EAST = box(140.0, 37.0, 140.05, 37.1), box(140.05, 37.0, 140.1, 37.1)


def blocks(*people):
    fields = {"district_id": ["w", "e"], "population": list(people)}
    return gpd.GeoDataFrame(fields, geometry=[WEST, EAST], crs="EPSG:6668")


def mesh(people_2015, people_2025):
    fields = {"people_2015": people_2015, "people_2025": people_2025}
    return gpd.GeoDataFrame(fields, geometry=[WEST, EAST], crs="EPSG:6668")


def reconciled(people=(100, 200), now=(100.0, 201.0), later=(80.0, 201.0)):
    return reconcile(
        blocks(*people), mesh(list(now), list(later)), crs=CRS, census_year=2015, year=2025
    )


def test_factor_of_a_district_is_the_change_of_its_mesh():
    found = reconciled()
    # West 80 / 100, east 201 / 201; the gap is 301 / 300 - 1.
    assert found.districts.loc[["w", "e"], "factor"].tolist() == pytest.approx([0.8, 1.0])
    assert found.gap_share == pytest.approx(1 / 300)
    assert found.factor == pytest.approx(280 / 300)


def test_counts_that_differ_by_more_are_refused():
    with pytest.raises(ValueError, match=r"agree within 0\.5% in 2015, got 310 against 300"):
        reconciled(now=(100.0, 210.0))


def test_year_that_the_mesh_lacks_is_named():
    with pytest.raises(ValueError, match=r"must have \['people_2030'\]"):
        reconcile(blocks(1, 1), mesh([1, 1], [1, 1]), crs=CRS, census_year=2015, year=2030)


def buildings(people, area_m2, floors):
    fields = {
        "area_m2": area_m2,
        "floors": floors,
        "people": people,
        "district_id": ["w"] * len(people),
        "block": "町",
    }
    points = [Point(140.02, 37.05)] * len(people)
    return check_buildings(gpd.GeoDataFrame(fields, geometry=points, crs="EPSG:6668"))


def test_buildings_take_the_factor_of_their_district():
    scaled = scaled_people(buildings([10.0], [90.0], [1.0]), reconciled())
    assert scaled["people"].tolist() == pytest.approx([8.0])


def test_people_go_to_work_by_floor_area():
    # Half of 10 leave; the works have 300 x 1 and 300 x 2 m2 of floor: 5/3 and 10/3 people.
    table = buildings([10.0, 0.0, 0.0], [90.0, 300.0, 300.0], [2.0, 1.0, 2.0])
    assert assumed_day_people(table, away_share=0.5).tolist() == pytest.approx([5, 5 / 3, 10 / 3])


def test_city_without_workplace_and_share_above_one_are_refused():
    table = buildings([10.0], [90.0], [2.0])
    with pytest.raises(ValueError, match="must have a workplace"):
        assumed_day_people(table, away_share=0.5)
    with pytest.raises(ValueError, match="within 0 to 1, got 2"):
        assumed_day_people(table, away_share=2)


@settings(deadline=None)
@given(st.floats(0, 1), st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_nobody_enters_or_leaves_the_city_by_day(share, people):
    table = buildings([*map(float, people), 0.0], [90.0] * len(people) + [500.0], 2.0)
    day = assumed_day_people(table, away_share=share)
    assert day.sum() == pytest.approx(sum(people))
    assert (day >= 0).all()


@pytest.mark.real_data
def test_iwakis_mesh_and_blocks_agree_within_half_a_percent(real_data):
    from kawamori.city import read_toml
    from kawamori.iwaki.bundle import FACTS
    from kawamori.iwaki.places import read_blocks

    facts = read_toml(FACTS / "districts.toml")
    cells = read_mesh(real_data / "iwaki/pop_mesh500/iwaki_500m_mesh_suikei_2018.geojson")
    found = reconcile(
        read_blocks(real_data / "iwaki", facts),
        cells,
        crs=facts["crs"],
        census_year=2015,
        year=2025,
    )
    assert found.blocks == 350_237
    assert abs(found.gap_share) <= 0.005
    assert np.isfinite(found.districts["factor"]).all()
    assert found.factor < 1  # the city shrinks
