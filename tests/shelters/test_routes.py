"""Minutes on roads: worked out by hand on a few streets."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from hazard.types import JGD2011
from shelters.paths import paths
from shelters.plane import in_lonlat, in_metres
from shelters.roads import RoadNetwork, build_network
from shelters.routes import NOTES, straight_minutes, travel_minutes
from shelters.speeds import Speeds
from shelters.types import TRAVELLERS

CRS = "EPSG:6677"
# 6 km/h = 100 m/min for walkers, 60 km/h = 1000 m/min for cars: minutes can be read off.
EASY = Speeds(
    general_km_h=6, elderly_km_h=3, assisted_km_h=1.5, car_km_h=60, night_factor=0.5, detour=1.5
)
# A square of streets, 1 km a side: 0 south, 1 east, 2 north, 3 west; 4 far away.
SOUTH, EAST, NORTH, WEST, FAR = range(5)
SQUARE = [
    [(0, 0), (1000, 0)],
    [(1000, 0), (1000, 1000)],
    [(0, 1000), (1000, 1000)],
    [(0, 0), (0, 1000)],
    [(9000, 9000), (9500, 9000)],
]


def network(lines: list[Any] = SQUARE, **columns: Any) -> RoadNetwork:
    shapes = [LineString(in_lonlat(np.array(line, dtype=float), CRS)) for line in lines]
    return build_network(gpd.GeoDataFrame(columns, geometry=shapes, crs=JGD2011), crs=CRS)


def doors(*points: tuple[float, float]) -> pd.DataFrame:
    at = in_lonlat(np.array(points, dtype=float).reshape(-1, 2), CRS)
    return pd.DataFrame({"lon": at[:, 0], "lat": at[:, 1]})


def places(**points: tuple[float, float]) -> Any:
    at = in_lonlat(np.array(list(points.values()), dtype=float).reshape(-1, 2), CRS)
    shapes = [Point(*row) if np.isfinite(row).all() else Point() for row in at]
    return gpd.GeoDataFrame(
        {"name": list(points)}, geometry=shapes, index=pd.Index(list(points)), crs=JGD2011
    )


def closing(*roads: int, travellers: tuple[str, ...] = TRAVELLERS) -> pd.DataFrame:
    return pd.DataFrame({who: [True] * len(roads) for who in travellers}, index=list(roads))


def of(minutes: Any, traveller: str = "general") -> Any:
    return minutes.sel(traveller=traveller).values.round(3)


def test_each_traveller_takes_the_road_at_their_speed() -> None:
    # 500 m along the south street, 1000 m up the east street: 1500 m.
    found = travel_minutes(
        network(), doors((500, 0)), places(s=(1000, 1000)), speeds=EASY, night=False
    )
    assert [of(found, who).item() for who in TRAVELLERS] == [15.0, 30.0, 60.0, 1.5]
    assert found.attrs["kind"] == "roads"
    assert found.dims == ("origin", "shelter_id", "traveller")


def test_night_halves_the_speed() -> None:
    given_ = (network(), doors((500, 0)), places(s=(1000, 0)))
    assert of(travel_minutes(*given_, speeds=EASY, night=False)).item() == 5.0
    assert of(travel_minutes(*given_, speeds=EASY, night=True)).item() == 10.0


def test_the_way_between_door_and_road_is_walked_with_a_detour() -> None:
    # 40 m from house to road, 20 m from road to shelter, x 1.5 = 90 m on foot; 500 m on the road.
    found = travel_minutes(
        network(), doors((500, 40)), places(s=(1000, -20)), speeds=EASY, night=False
    )
    assert of(found).item() == pytest.approx(0.9 + 5.0)
    assert of(found, "car").item() == pytest.approx(0.9 + 0.5)


def test_neighbours_on_one_street_need_no_junction() -> None:
    found = travel_minutes(
        network(), doors((300, 0), (700, 0)), places(s=(400, 0)), speeds=EASY, night=False
    )
    assert of(found)[:, 0].tolist() == [1.0, 3.0]


def test_a_closed_road_is_gone_round_by_those_it_is_closed_to() -> None:
    closed = closing(EAST, travellers=("elderly", "car"))
    found = travel_minutes(
        network(), doors((900, 0)), places(s=(900, 1000)), speeds=EASY, night=False, closed=closed
    )
    # By the east 100 + 1000 + 100 = 1200 m, by the west 900 + 1000 + 900 = 2800 m.
    assert [of(found, who).item() for who in TRAVELLERS] == [12.0, 56.0, 48.0, 2.8]
    cut = closing(EAST, WEST, travellers=("general",))
    found = travel_minutes(
        network(), doors((500, 0)), places(s=(500, 1000)), speeds=EASY, night=False, closed=cut
    )
    assert of(found).item() == np.inf
    assert found.origin_note.sel(traveller="general").values.tolist() == ["cut_off"]
    assert of(found, "elderly").item() == 40.0


def test_whoever_lives_on_a_closed_road_has_no_way_and_is_named() -> None:
    found = travel_minutes(
        network(), doors((500, 0), (0, 500)), places(s=(0, 1000)), speeds=EASY, night=False,
        closed=closing(SOUTH),
    )  # fmt: skip
    assert of(found)[:, 0].tolist() == [np.inf, 5.0]
    assert found.origin_note.sel(traveller="car").values.tolist() == ["road_closed", ""]


def test_islands_and_lost_positions_keep_their_row_and_their_reason() -> None:
    people = doors((500, 0), (9200, 9000), (500, 20_000), (np.nan, 0))
    found = travel_minutes(
        network(), people, places(s=(0, 1000), lost=(np.nan, 0)), speeds=EASY, night=False
    )
    assert of(found)[:, 0].tolist()[:3] == [15.0, np.inf, np.inf]
    assert np.isnan(of(found)[3, 0])
    notes = found.origin_note.sel(traveller="general").values.tolist()
    assert notes == ["", "separate_piece", "no_road", "position_unknown"]
    assert found.shelter_note.sel(traveller="general").values.tolist() == ["", "position_unknown"]
    assert set(notes) <= set(NOTES)


def test_nobody_is_sent_beyond_the_limit() -> None:
    # 2000 m take 20 min at 100 m/min; the limit of 19 makes it no way.
    short = Speeds(general_km_h=6, limit_min=19)
    found = travel_minutes(
        network(), doors((500, 0)), places(s=(500, 1000)), speeds=short, night=False
    )
    assert of(found).item() == np.inf
    assert found.origin_note.sel(traveller="general").item() == "cut_off"


def test_cars_go_round_a_one_way_street_and_walkers_do_not() -> None:
    # The south street leads east only: from its middle back to the corner is 500 + 3000 m by car.
    net = network(oneway=[1, 0, 0, 0, 0])
    found = travel_minutes(net, doors((500, 0)), places(s=(0, 0)), speeds=EASY, night=False)
    assert of(found).item() == 5.0
    found = travel_minutes(net, doors((500, 0)), places(s=(0, 10)), speeds=EASY, night=False)
    assert of(found, "car").item() == pytest.approx(0.5 + 1 + 1 + 0.99)


def test_the_shorter_of_two_roads_between_the_same_corners_is_taken() -> None:
    detour = [(0, 0), (500, 800), (1000, 0)]
    found = travel_minutes(
        network([detour, SQUARE[SOUTH], [(1000, 0), (2000, 0)], [(-50, 0), (0, 0)]]),
        doors((-50, 0)), places(s=(2000, 0)), speeds=EASY, night=False,
    )  # fmt: skip
    assert of(found).item() == 20.5


def test_nobody_and_nowhere_give_an_empty_table() -> None:
    found = travel_minutes(network(), doors(), places(), speeds=EASY, night=False)
    assert found.shape == (0, 0, 4)
    found = travel_minutes(network(), doors((500, 0)), places(), speeds=EASY, night=False)
    assert found.shape == (1, 0, 4)
    found = travel_minutes(network([]), doors((5, 0)), places(s=(0, 0)), speeds=EASY, night=False)
    assert of(found).item() == np.inf
    assert found.origin_note.sel(traveller="car").item() == "no_road"


def test_unknown_roads_and_travellers_are_named() -> None:
    with pytest.raises(ValueError, match=r"got rows \[7\] and columns \['cyclist'\]"):
        travel_minutes(
            network(), doors(), places(), speeds=EASY, night=False,
            closed=closing(SOUTH, 7, travellers=("cyclist",)),
        )  # fmt: skip


def test_without_roads_the_straight_distance_stands_in_and_says_so() -> None:
    # 300 m east, 400 m north: 500 m straight, x 1.5 = 750 m.
    people = doors((0, 0), (0, np.nan), (90_000, 0))
    found = straight_minutes(people, places(s=(300, 400)), crs=CRS, speeds=EASY, night=False)
    assert found.attrs["kind"] == "straight"
    assert [of(found, who)[0, 0] for who in TRAVELLERS] == pytest.approx([7.5, 15.0, 30.0, 0.75])
    assert np.isnan(of(found)[1, 0])
    assert np.isinf(of(found)[2, 0])
    notes = found.origin_note.sel(traveller="general").values.tolist()
    assert notes == ["", "position_unknown", "cut_off"]


def test_speeds_without_sense_are_all_named() -> None:
    with pytest.raises(ValueError, match=r"car_km_h must be a number > 0, got 0; detour must be"):
        Speeds(car_km_h=0, detour=0.9)
    with pytest.raises(ValueError, match=r"one of .*'car'.*, got 'bus'"):
        Speeds().metres_per_minute("bus", night=False)


def test_the_line_of_a_way_is_as_long_as_its_minutes_say() -> None:
    net, people, sites = network(), doors((500, 40)), places(s=(1000, 900))
    (line,) = paths(net, people, sites, [(0, "s")], speeds=EASY)
    at = in_metres(*np.array(line.coords).T, CRS)
    assert at.round(1).tolist() == [[500, 40], [500, 0], [1000, 0], [1000, 900]]


def test_the_line_goes_round_what_is_closed_and_is_none_where_nothing_is_open() -> None:
    net, people, sites = network(), doors((900, 0)), places(s=(1000, 900), t=(500, 0))
    pairs = [(0, "s"), (0, "t")]
    round_, direct = paths(net, people, sites, pairs, speeds=EASY, closed=closing(EAST))
    assert round_ is None  # the shelter itself lies on the closed street
    at = in_metres(*np.array(direct.coords).T, CRS)
    assert at.round(1).tolist() == [[900, 0], [500, 0]]
    far = paths(net, people, places(s=(500, 1000)), [(0, "s")], speeds=EASY, closed=closing(EAST))
    assert in_metres(*np.array(far[0].coords).T, CRS).round(1).tolist() == [
        [900, 0], [0, 0], [0, 1000], [500, 1000],
    ]  # fmt: skip


CORNERS = st.tuples(st.integers(0, 5), st.integers(0, 5))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(CORNERS, CORNERS), min_size=1, max_size=12),
    st.lists(CORNERS, min_size=1, max_size=4),
    st.lists(CORNERS, min_size=1, max_size=3),
    st.data(),
)
def test_closing_roads_never_makes_a_way_shorter_and_lines_agree(
    streets: list[Any], homes: list[Any], shelters: list[Any], data: Any
) -> None:
    net = network([[(100 * x, 100 * y) for x, y in ends] for ends in streets])
    people = doors(*[(100 * x + 3, 100 * y + 2) for x, y in homes])
    sites = places(**{f"s{at}": (100 * x - 2, 100 * y + 5) for at, (x, y) in enumerate(shelters)})
    shut = data.draw(st.sets(st.integers(0, len(streets) - 1)))
    free = of(travel_minutes(net, people, sites, speeds=EASY, night=False))
    closed = closing(*sorted(shut))
    tight = of(travel_minutes(net, people, sites, speeds=EASY, night=False, closed=closed))
    assert (tight >= free - 1e-6).all()
    straight = of(straight_minutes(people, sites, crs=CRS, speeds=EASY, night=False))
    assert (free >= straight / EASY.detour - 0.01).all()
    pairs = [(home, site) for home in people.index for site in sites.index]
    for (home, site), line in zip(
        pairs, paths(net, people, sites, pairs, speeds=EASY, closed=closed), strict=True
    ):
        minutes = tight[home, sites.index.get_loc(site)]
        assert (line is None) == np.isinf(minutes)
        if line is not None:
            metres = LineString(in_metres(*np.array(line.coords).T, CRS)).length
            assert metres / 100 <= minutes + 0.01  # doors count with a detour of 1.5
