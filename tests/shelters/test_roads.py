"""The road network: what meets, what only crosses, who may use it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point

from hazard.types import JGD2011
from shelters.plane import in_lonlat
from shelters.roads import RoadNetwork, build_network

CRS = "EPSG:6677"


def frame(lines: list, **columns: object) -> gpd.GeoDataFrame:
    """Give lines in metres east and north as a frame in lon/lat."""
    shapes = [
        None if line is None else LineString(in_lonlat(np.array(line, dtype=float), CRS))
        for line in lines
    ]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=JGD2011, index=range(len(lines)))


def built(lines: list, **columns: object) -> RoadNetwork:
    return build_network(frame(lines, **columns), crs=CRS)


def test_a_side_street_ending_on_a_vertex_is_a_junction() -> None:
    # The main road of 200 m is cut in two by the side street of 50 m.
    net = built([[(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 50)]])
    assert net.length_m.round(3).tolist() == [100.0, 100.0, 50.0]
    assert net.road.tolist() == [0, 0, 1]
    assert len(net.node_m) == 4
    assert net.walk_piece.tolist() == [0, 0, 0, 0]


def test_lines_that_cross_without_a_vertex_do_not_meet() -> None:
    net = built([[(-100, 0), (100, 0)], [(0, -50), (0, 50)]])
    assert net.walk_piece.max() == 1
    assert net.share_connected() == pytest.approx(200 / 300, rel=1e-6)


@pytest.mark.parametrize("kind", ["bridge", "tunnel"])
def test_the_middle_of_a_bridge_does_not_meet_the_road_below(kind: str) -> None:
    lines = [[(-100, 0), (0, 0), (100, 0)], [(0, -50), (0, 0), (0, 50)]]
    assert built(lines).walk_piece.max() == 0
    assert built(lines, **{kind: [True, False]}).walk_piece.max() == 1


def test_a_ramp_that_ends_in_the_middle_of_a_bridge_meets_it() -> None:
    net = built([[(-100, 0), (0, 0), (100, 0)], [(0, -50), (0, 0)]], bridge=[True, False])
    assert net.walk_piece.max() == 0


def test_an_end_that_misses_by_less_than_a_metre_is_joined() -> None:
    near, far = [(100.6, 0), (200, 0)], [(101.6, 0), (200, 0)]
    assert built([[(0, 0), (100, 0)], near]).walk_piece.max() == 0
    assert built([[(0, 0), (100, 0)], far]).walk_piece.max() == 1


def test_footpaths_are_not_driven_and_motorways_not_walked() -> None:
    net = built(
        [[(0, 0), (9, 0)], [(9, 0), (19, 0)], [(19, 0), (30, 0)]],
        kind=["path", "motorway", None],
    )
    assert net.walked.tolist() == [True, False, True]
    assert (net.driven & net.driven_back).tolist() == [False, True, True]


def test_one_way_streets_bind_cars_only() -> None:
    line = [(0, 0), (9, 0)]
    net = built([line] * 4, oneway=[1.0, -1.0, np.nan, 0.0])
    assert net.walked.all()
    assert net.driven.tolist() == [True, False, True, True]
    assert net.driven_back.tolist() == [False, True, True, True]


def test_signs_of_the_map_forbid_walking_or_driving() -> None:
    net = built([[(0, 0), (9, 0)], [(9, 0), (19, 0)]], foot=["no", None], car=[None, "no"])
    assert net.walked.tolist() == [False, True]
    assert net.driven.tolist() == [True, False]


def test_no_roads_and_rows_without_a_line_are_an_empty_network() -> None:
    for net in (built([]), built([None])):
        assert len(net.start) == len(net.node_m) == 0
        assert np.isnan(net.share_connected())
    one = frame([[(0, 0), (9, 0)], [(0, 0), (0, 9)]])
    one.geometry = [Point(140, 37), MultiLineString([one.geometry[0], one.geometry[1]])]
    net = build_network(one, crs=CRS)
    assert net.road.tolist() == [1, 1]  # the point carries no road, both parts belong to row 1


def test_a_line_that_leaves_the_plane_is_left_out_and_the_others_stay() -> None:
    lines = frame([[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]])
    broken = LineString([(140.0, 37.0), (140.0, 95.0)])  # no such latitude
    lines.geometry = [lines.geometry[0], broken, lines.geometry[2]]
    net = build_network(lines, crs=CRS)
    assert net.road.tolist() == [0, 2]
    assert net.length_m.round(3).tolist() == [100.0, 100.0]


def test_a_loop_and_a_doubled_vertex_have_their_length() -> None:
    # Square of 4 x 10 m; a line whose two vertices are one place has no length and is left out.
    net = built([[(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)], [(50, 50), (50, 50)]])
    assert net.length_m.round(3).tolist() == [40.0]
    assert net.start[0] == net.end[0]


def test_the_network_survives_being_kept_as_arrays() -> None:
    net = built([[(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 50)]], bridge=[True, False])
    again = RoadNetwork.from_arrays(net.arrays())
    for name, values in net.arrays().items():
        assert np.array_equal(values, again.arrays()[name]), name
    assert again.crs == CRS


def test_another_crs_is_refused() -> None:
    with pytest.raises(ValueError, match="roads must be in EPSG:6668, got EPSG:4326"):
        build_network(frame([]).to_crs(4326), crs=CRS)
    with pytest.raises(ValueError, match="projected in metres"):
        build_network(frame([[(0, 0), (9, 0)]]), crs="EPSG:6668")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=5),
        max_size=8,
    )
)
def test_no_metre_of_road_is_lost(corners: list) -> None:
    lines = [[(100 * x, 100 * y) for x, y in line] for line in corners]
    net = built(lines)
    drawn = sum(LineString(line).length for line in lines)
    assert net.length_m.sum() == pytest.approx(drawn, abs=0.01)
    assert (net.last > net.first).all()
    assert (net.walk_piece[net.start] == net.walk_piece[net.end]).all()
