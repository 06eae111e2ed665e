"""Broken areas are repaired or refused with their feature; a layer elsewhere is no dry city."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Polygon, box

from hazard.ground import sound_areas, touching

SQUARE = box(140.90, 37.05, 140.92, 37.07)
# A bow tie: its ring crosses itself in the middle, two triangles of a quarter of the square each.
BOW_TIE = Polygon([(140.90, 37.05), (140.92, 37.07), (140.92, 37.05), (140.90, 37.07)])
SLIVER = Polygon([(140.9, 37.05), (140.91, 37.05), (140.91, 37.05 + 1e-12)])
LINE_RING = Polygon([(140.9, 37.05), (140.91, 37.05), (140.92, 37.05)])


def frame(*shapes, crs="EPSG:6668"):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def test_self_crossing_ring_is_split_and_told():
    areas, notes = sound_areas(frame(SQUARE, BOW_TIE), "a.shp")
    assert shapely.is_valid(areas).all()
    assert shapely.area(areas[1]) == pytest.approx(shapely.area(SQUARE) / 2)
    assert notes == ("a.shp: self-crossing rings repaired at feature 2",)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        # Two squares of 4 share 1: together 7. The shared part must not fall dry.
        (MultiPolygon([box(140, 37, 142, 39), box(141, 38, 143, 40)]), 7.0),
        # One part within the other adds nothing and takes nothing away.
        (MultiPolygon([box(140, 36, 144, 40), box(141, 37, 142, 38)]), 16.0),
        # A hole that reaches outside takes away what lies inside only: 4 - 1.
        (
            Polygon(box(140, 37, 142, 39).exterior.coords, [box(141, 38, 143, 40).exterior.coords]),
            3.0,
        ),
    ],
)
def test_overlapping_parts_are_joined(shape, area):
    areas, _ = sound_areas(frame(shape), "a.shp")
    assert shapely.is_valid(areas[0])
    assert shapely.area(areas[0]) == pytest.approx(area)


corner = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(
    lambda at: (140 + at[0] / 8, 37 + at[1] / 8)
)
rectangle = st.tuples(corner, st.integers(1, 6)).map(
    lambda one: box(*one[0], one[0][0] + one[1] / 8, one[0][1] + one[1] / 8)
)


@settings(deadline=None, max_examples=60)
@given(st.lists(rectangle, min_size=1, max_size=6), rectangle)
def test_a_part_more_never_makes_an_area_smaller(parts, more):
    few, many = (
        sound_areas(frame(MultiPolygon(shapes)), "a.shp")[0][0]
        for shapes in (parts, [*parts, more])
    )
    assert shapely.area(shapely.difference(few, many)) == pytest.approx(0)
    assert shapely.area(many) == pytest.approx(shapely.area(shapely.union_all([*parts, more])))


def test_sliver_is_left_empty_and_told():
    areas, notes = sound_areas(frame(SLIVER, SQUARE), "a.shp")
    assert shapely.is_empty(areas).tolist() == [True, False]
    assert "slivers left out at feature 1" in notes[0]


def test_ring_that_encloses_nothing_is_refused():
    with pytest.raises(ValueError, match=r"a\.shp.*enclose nothing at feature 2"):
        sound_areas(frame(SQUARE, LINE_RING), "a.shp")


@pytest.mark.parametrize("shape", [None, Polygon(), MultiPolygon(), LineString([(0, 0), (1, 1)])])
def test_empty_missing_and_wrong_kinds_are_refused(shape):
    with pytest.raises(ValueError, match="areas only, got none at feature 2"):
        sound_areas(frame(SQUARE, shape), "a.shp")


def test_collection_gives_its_areas():
    both = GeometryCollection([SQUARE, LineString([(140.9, 37.0), (140.9, 37.1)])])
    assert shapely.area(sound_areas(frame(both), "a.geojson")[0][0]) == shapely.area(SQUARE)
    with pytest.raises(ValueError, match="none at feature 1"):
        sound_areas(frame(GeometryCollection([LineString([(0, 0), (1, 1)])])), "a.geojson")


def test_swapped_axes_of_some_features_are_refused_at_the_first():
    turned = box(37.05, 140.90, 37.07, 140.92)
    with pytest.raises(ValueError, match=r"at feature 2\. Longitude and latitude look swapped"):
        sound_areas(frame(SQUARE, turned), "a.shp")


def test_swapped_axes_of_all_features_are_turned_round_and_told():
    areas, notes = sound_areas(frame(box(37.05, 140.90, 37.07, 140.92)), "a.shp")
    assert shapely.bounds(areas[0]).tolist() == [140.90, 37.05, 140.92, 37.07]
    assert "swapped" in notes[0]


def test_area_abroad_is_refused_with_its_feature():
    with pytest.raises(ValueError, match=r"must lie in Japan.*at feature 2\. Reproject"):
        sound_areas(frame(SQUARE, box(2.0, 48.0, 2.1, 48.1)), "a.shp")


def test_winding_and_height_do_not_matter():
    ring = [(140.90, 37.05, 3.0), (140.92, 37.05, 3.0), (140.92, 37.07, 3.0)]
    ways = frame(Polygon(ring), Polygon(ring[::-1]))
    areas, notes = sound_areas(ways, "a.shp")
    assert shapely.area(areas[0]) == shapely.area(areas[1]) > 0
    assert not shapely.has_z(areas).any()
    assert notes == ()


def test_layer_of_another_place_is_an_error_and_not_a_dry_city():
    tokyo = frame(box(139.7, 35.6, 139.8, 35.7))
    with pytest.raises(ValueError, match=r"flood layers must touch the city, got lon 139\.7"):
        touching(tokyo, frame(SQUARE), "flood layers")


def test_rows_outside_the_city_are_left_out_and_nothing_of_nothing_is_fine():
    both = frame(box(139.7, 35.6, 139.8, 35.7), SQUARE)
    assert touching(both, frame(SQUARE), "flood layers").index.tolist() == [1]
    assert len(touching(frame(), frame(SQUARE), "flood layers")) == 0


def test_city_without_districts_is_named():
    with pytest.raises(ValueError, match="at least one district"):
        touching(frame(SQUARE), frame(), "flood layers")


def test_features_are_counted_from_one_and_five_are_named():
    from hazard.ground import features

    assert features(np.ones(7, dtype=bool)) == "feature 1, 2, 3, 4, 5 and 2 more"
