"""Districts, buildings, roads and shelters of the town fit together."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from kawamori.town.districts import district_areas, outline, river_lines
from kawamori.town.town import Town


def test_people_of_buildings_add_up_to_the_districts(town: Town):
    living = town.buildings.groupby("district_id")["people"].sum()
    assert (living.reindex(town.districts.index) == town.districts["population"]).all()
    assert town.districts["population"].sum() == 25_000  # sum of districts.toml
    assert 8_500 < len(town.buildings) < 9_500


def test_districts_cover_the_town_once_and_do_not_cross_rivers(town: Town):
    areas = district_areas(town.plan, town.nodes)
    assert len(areas) == 12
    assert abs(shapely.area(areas).sum() - outline(town.plan).area) < 1.0
    rivers = shapely.union_all(river_lines(town.plan, town.nodes)).buffer(1.0)
    banks = shapely.area(shapely.difference(areas, rivers))
    parts = [len(shapely.get_parts(shapely.difference(area, rivers))) for area in areas]
    assert (banks > 1e6).all()
    assert max(parts) <= 2  # a corner of land beyond a bend may belong to the next district


def test_buildings_lie_in_their_district_and_not_in_the_river(town: Town):
    joined = gpd.sjoin(town.buildings, town.districts[["geometry"]], predicate="within")
    assert (joined["district_id_left"] == joined["district_id_right"]).mean() > 0.98
    corner = np.array(town.plan.corner_m())
    places = shapely.get_coordinates(town.buildings.to_crs(town.plan.crs).geometry.array) - corner
    gap, node = cKDTree(town.nodes.place_m).query(places)
    assert (gap > town.nodes.channel_m[node] / 2).all()


def test_every_district_knows_gauges_that_speak_for_it(town: Town):
    known = {gauge.gauge_id for gauge in town.rivers.gauges}
    for district in town.districts.itertuples():
        assert district.gauge_ids, district.Index
        assert set(district.gauge_ids) <= known


def test_roads_are_one_net_and_cross_rivers_on_bridges_only(town: Town):
    ends = shapely.get_coordinates(town.roads.geometry.array).round(7)
    _, number = np.unique(ends, axis=0, return_inverse=True)
    pairs = number.reshape(-1, 2)
    size = number.max() + 1
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    assert connected_components(graph, directed=False)[0] == 1
    east, north = town.plan.corner_m()
    lines = shapely.transform(
        town.roads.to_crs(town.plan.crs).geometry.array, lambda xy: xy - [east, north]
    )
    wet = shapely.intersects(shapely.union_all(river_lines(town.plan, town.nodes)), lines)
    assert (wet == town.roads["bridge"].to_numpy()).all()
    assert town.roads["bridge"].sum() == len(town.plan.bridges)


def test_one_shelter_in_low_land_is_designated_for_floods_and_one_is_not(town: Town):
    maximum = np.max([river.maximum_m for river in town.worst], axis=0)
    low = {site.name: site.flood for site in town.shelters if maximum[site.cell] > 1.0}
    assert low["川守本町公民館"] is True
    assert low["葦中体育館"] is False
    assert len(town.shelters) == 20


def test_shelters_designated_for_floods_are_dry_in_the_largest_flood_but_for_one(town: Town):
    maximum = np.max([river.maximum_m for river in town.worst], axis=0)
    wet = [site.name for site in town.shelters if site.flood and maximum[site.cell] > 0.05]
    assert wet == ["川守本町公民館"]
