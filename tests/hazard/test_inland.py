"""Where no gauge tells, warnings and rain do; silence is unknown and never calm."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from shapely.geometry import Point, box

from hazard.indexed import index_water
from hazard.inland import (
    inland_signal,
    most_rain_mm_per_h,
    read_inland,
)
from hazard.landslide import landslide_layer, read_landslide
from hazard.layers import read_layers
from hazard.signalled import Signal, expose_signalled
from hazard.types import INLAND, LANDSLIDE, check_buildings, check_districts

TOWN = box(140.0, 37.0, 140.1, 37.1)
STREAM = box(140.0, 37.0, 140.05, 37.1)
YES, NO, SILENT = (Signal(applies, "") for applies in (True, False, None))


def write(folder, *texts, **extra):
    fields = {"A51_003": "いわき市", "A51_005": list(texts), **extra}
    frame = gpd.GeoDataFrame(fields, geometry=[STREAM] * len(texts), crs="EPSG:6668")
    frame.to_file(folder / "A51-25_07204.geojson", engine="pyogrio")
    return folder


def city(layer):
    buildings = gpd.GeoDataFrame(
        {"area_m2": 90.0, "floors": 1.0, "people": [3.0, 4.0], "district_id": "d", "block": "町"},
        geometry=[Point(140.02, 37.05), Point(140.08, 37.05)],
        crs="EPSG:6668",
    )
    districts = gpd.GeoDataFrame(
        {"name": ["町"], "population": 7, "households": 2, "assisted": None, "gauge_ids": [()]},
        index=pd.Index(["d"], name="district_id"),
        geometry=[TOWN],
        crs="EPSG:6668",
    )
    return index_water(layer, check_districts(districts), check_buildings(buildings))


@pytest.mark.parametrize(
    ("level", "rain", "expected"),
    [
        (3, None, True),
        (2, None, False),
        (None, 30.0, True),
        (None, 29.9, False),
        (2, 47.0, True),  # either is enough
        (np.nan, 47.0, True),
        (np.nan, 10.0, None),  # a silent feed is not calm
        (2, np.nan, None),
        (None, None, None),  # nothing is connected
    ],
)
def test_warning_or_rain_calls_for_the_inland_scenario(level, rain, expected):
    assert inland_signal(level=level, rain_mm_per_h=rain).applies is expected


def test_reason_tells_value_and_limit():
    signal = inland_signal(level=4, rain_mm_per_h=47.0)
    assert signal.reason == "内水・小河川: 警戒レベル相当4(基準3)、1時間雨量47mm(基準30mm)"


def test_official_inland_map_becomes_a_scenario_of_its_own(tmp_path):
    layer = read_inland(write(tmp_path, "0.5m以上1.0m未満", area="宮川", stand_in="模式"))
    row = layer.iloc[0]
    assert (row["scenario"], row["river"], row["stand_in"]) == ("inland", "宮川", True)
    assert (row["depth_min_m"], row["depth_max_m"]) == (0.5, 1.0)
    assert len(read_layers(tmp_path)) == 0  # the rivers' layers do not hold it


def test_people_of_the_inland_area_count_where_the_signal_applies(tmp_path):
    index = city(read_inland(write(tmp_path, "0.5m以上1.0m未満")))
    counts = expose_signalled(index, {"d": YES}, INLAND)
    # The house at 140.02 lies in the area: 3 people, one storey, up to 1 m.
    assert counts.loc[("d", "inland"), ["people", "must_leave"]].tolist() == [3, 3]
    assert expose_signalled(index, {"d": NO}, INLAND)["people"].tolist() == [0]


def test_silent_district_and_city_without_inland_map_are_unknown(tmp_path):
    index = city(read_inland(write(tmp_path, "0.3m未満")))
    for signals in ({"d": SILENT}, {}):
        assert expose_signalled(index, signals, INLAND).isna().all(axis=None)
    nothing = city(read_inland(tmp_path).iloc[:0])
    assert expose_signalled(nothing, {"d": YES}, INLAND).isna().all(axis=None)


@pytest.mark.parametrize(("signal", "expected"), [(YES, [3, 3, 0]), (NO, [0, 0, 0])])
def test_nobody_stays_upstairs_in_a_landslide_zone(tmp_path, signal, expected):
    zone = {"A33_001": [2], "A33_002": [1]}
    frame = gpd.GeoDataFrame(zone, geometry=[STREAM], crs="EPSG:6668")
    frame.to_file(tmp_path / "A33-23_07.geojson", engine="pyogrio")
    index = city(landslide_layer(read_landslide(tmp_path)))
    counts = expose_signalled(index, {"d": signal}, LANDSLIDE)
    row = counts.loc[("d", "landslide"), ["people", "must_leave", "may_stay"]]
    assert row.tolist() == expected


def test_city_without_landslide_zones_is_unknown(tmp_path):
    index = city(landslide_layer(read_landslide(tmp_path)))
    assert expose_signalled(index, {"d": YES}, LANDSLIDE).isna().all(axis=None)


def test_missing_field_is_named(tmp_path):
    frame = gpd.GeoDataFrame({"A51_003": ["x"]}, geometry=[STREAM], crs="EPSG:6668")
    frame.to_file(tmp_path / "A51-25_07204.geojson", engine="pyogrio")
    with pytest.raises(ValueError, match=r"must have \['A51_005'\]"):
        read_inland(tmp_path)


def test_folder_without_a_map_gives_a_layer_without_rows(tmp_path):
    assert len(read_inland(tmp_path)) == 0


def rain(values):
    table = np.array(values, dtype=float)
    return xr.DataArray(
        table, dims=("time", "rain_gauge"), coords={"rain_gauge": ["a", "b"][: table.shape[1]]}
    )


def test_most_rain_of_an_hour_is_the_sum_of_its_steps():
    # Two steps an hour: 10 + 20 at station a, 5 + 40 at station b.
    steps = rain([[10, 5], [20, 40]])
    assert most_rain_mm_per_h(steps, ["a"], steps_per_h=2) == 30
    assert most_rain_mm_per_h(steps, ["a", "b"], steps_per_h=2) == 45


def test_missing_rain_is_missing():
    assert np.isnan(most_rain_mm_per_h(rain([[np.nan], [np.nan]]), ["a"], steps_per_h=1))
    assert np.isnan(most_rain_mm_per_h(rain([[1.0]]), ["z"], steps_per_h=1))
