"""The stand-in layer: ranks and rings that can be worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point

from forecasting.types import Gauge, Thresholds
from kawamori.iwaki.layers import rings, river_reaches, sublayer

RIVER = LineString([(0, 0), (10_000, 0)])


def test_width_of_a_rank_follows_depth_and_slope():
    # 2 m at the bank, 4 m per km: rank 1 reaches 2 / 4 = 500 m, rank 2 (from 0.5 m) 375 m.
    areas = rings([(RIVER, 2.0)], 4.0)
    assert sorted(areas) == [1, 2]
    assert areas[1].contains(Point(5000, 400))
    assert areas[1].bounds[3] == pytest.approx(500)
    assert areas[2].bounds[3] == pytest.approx(375)


def test_ranks_do_not_overlap():
    areas = rings([(RIVER, 6.0)], 4.0)
    assert sorted(areas) == [1, 2, 3, 4]
    total = sum(area.area for area in areas.values())
    assert total == pytest.approx(RIVER.buffer(1500, quad_segs=4).area)


def test_where_two_reaches_meet_the_deeper_holds():
    areas = rings([(RIVER, 0.4), (RIVER, 2.0)], 4.0)
    assert areas[2].contains(Point(5000, 100))
    assert not areas[1].intersects(Point(5000, 100))


def test_sublayer_has_the_official_fields_and_says_stand_in():
    frame = sublayer(41, {"number": "0700280001", "name": "夏井川"}, {1: RIVER.buffer(60)})
    row = frame.iloc[0]
    assert [row[f"A31a_40{k}"] for k in (1, 2, 3)] == ["0700280001", "夏井川", "07"]
    assert "模式" in row["A31a_404"]
    assert (row["A31a_405"], row["stand_in"]) == (1, "模式")


def test_areas_outside_the_city_leave_no_feature():
    empty = RIVER.buffer(60).difference(RIVER.buffer(100))
    river = {"number": "0700280001", "name": "夏井川"}
    assert len(sublayer(20, river, {1: RIVER.buffer(60), 2: empty})) == 1


def test_river_without_a_line_near_its_gauge_is_refused():
    gauge = Gauge("g", "鎌田", "夏井川", 140.90, 37.05, Thresholds(overflow=8.0))
    far = gpd.GeoDataFrame({"name:latin": ["夏井川"]}, geometry=[RIVER], crs="EPSG:6677")
    river = {"name": "夏井川", "lines": ["夏井川"], "gauges": ["g"], "within_km": 5.0}
    with pytest.raises(ValueError, match=r"夏井川.*within 5.0 km.*got none at 鎌田"):
        river_reaches(river, far, {"g": gauge})
