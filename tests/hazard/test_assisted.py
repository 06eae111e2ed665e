"""Counts of people who need help are shared out to buildings; what is not counted is unknown."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from hazard.assisted import assisted_by_district, share_assisted
from hazard.types import check_buildings, check_districts


def homes(*rows):
    """Give buildings from (district_id, block, people)."""
    fields = pd.DataFrame(rows, columns=["district_id", "block", "people"])
    frame = gpd.GeoDataFrame(
        fields.assign(area_m2=90.0, floors=2.0),
        geometry=[Point(140.05, 37.05)] * len(rows),
        crs="EPSG:6668",
    )
    return check_buildings(frame)


def counted(*rows):
    return pd.DataFrame(rows, columns=["district_id", "block", "assisted"])


def test_count_of_a_block_is_shared_out_by_people():
    # 8 of a block with 1 and 3 people: 2 and 6. The other block is not counted: unknown.
    buildings = homes(("d", "一", 1.0), ("d", "一", 3.0), ("d", "二", 5.0))
    assisted = share_assisted(buildings, counted(("d", "一", 8)))["assisted"]
    assert assisted.tolist()[:2] == [2.0, 6.0]
    assert assisted.isna().tolist() == [False, False, True]


def test_block_where_nobody_is_known_to_live_shares_alike():
    buildings = homes(("d", "一", 0.0), ("d", "一", float("nan")))
    assert share_assisted(buildings, counted(("d", "一", 3)))["assisted"].tolist() == [1.5, 1.5]


def test_every_bad_row_is_named_at_once():
    rows = counted(("d", "一", -1), ("d", "二", "many"), ("d", "三", 1), ("d", "三", 1.5))
    with pytest.raises(
        ValueError, match=r"'一'\): -1; .*'many'.*1\.5.*'三'\): more than once"
    ) as got:
        share_assisted(homes(("d", "一", 1.0), ("d", "三", 1.0)), rows)
    assert "('d', '二'): no such block with buildings" in str(got.value)


def test_district_has_the_sum_of_its_blocks_or_nothing_known():
    fields = {
        "name": "町",
        "population": 9,
        "households": 4,
        "assisted": None,
        "gauge_ids": [()] * 2,
    }
    districts = check_districts(
        gpd.GeoDataFrame(
            fields,
            index=pd.Index(["d", "e"], name="district_id"),
            geometry=[box(140, 37, 140.1, 37.1)] * 2,
            crs="EPSG:6668",
        )
    )
    found = assisted_by_district(districts, counted(("d", "一", 2), ("d", "二", 3)))["assisted"]
    assert found["d"] == 5
    assert pd.isna(found["e"])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 9), min_size=1, max_size=8), st.integers(0, 20))
def test_nobody_is_lost_or_made(people, count):
    buildings = homes(*[("d", "一", one) for one in people])
    shared = share_assisted(buildings, counted(("d", "一", count)))["assisted"]
    assert shared.sum() == pytest.approx(count)
    assert (shared >= 0).all()
