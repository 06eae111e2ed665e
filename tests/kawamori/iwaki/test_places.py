"""Blocks to districts, people to buildings, heights to floors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kawamori.city import read_toml
from kawamori.iwaki.bundle import FACTS
from kawamori.iwaki.places import district_of, floors_of, shared_people


@pytest.mark.parametrize(
    ("block", "district"),
    [
        ("平下平窪字四左エ門内", "taira"),
        ("平成１丁目", "uchigo"),  # the longer prefix wins over 平
        ("小名浜大原", "onahama"),
        ("小浜町", "nakoso"),
        ("渡辺町田部", "onahama"),
        ("泉玉露１丁目", "onahama"),
        ("南台４丁目", "nakoso"),
        ("小島町", "uchigo"),
        ("四倉町上仁井田", "yotsukura"),
        ("仁井田町", "nakoso"),
        ("好間工業団地", "yoshima"),
        ("大久町小久", "hisanohama"),
        ("川部町", "nakoso"),
        ("川前町川前", "kawamae"),
    ],
)
def test_block_belongs_to_the_district_of_its_longest_prefix(block, district):
    assert district_of(block, read_toml(FACTS / "districts.toml")) == district


def test_block_of_another_city_has_no_district():
    assert district_of("双葉町", read_toml(FACTS / "districts.toml")) is None


def test_people_are_shared_by_floor_area():
    # Weights 100 and 2 floors x 100: a third and two thirds of 90; block 1 has one building.
    buildings = pd.DataFrame(
        {"area_m2": [100.0, 100.0, 50.0], "floors": [np.nan, 2.0, np.nan], "row": [0, 0, 1]}
    )
    assert list(shared_people(buildings, np.array([90, 7]))) == pytest.approx([30, 60, 7])


def test_halls_draw_no_more_people_than_the_largest_home():
    buildings = pd.DataFrame({"area_m2": [9000.0, 400.0], "floors": np.nan, "row": [0, 0]})
    assert list(shared_people(buildings, np.array([10]))) == pytest.approx([5, 5])


def test_block_without_areas_shares_equally():
    buildings = pd.DataFrame({"area_m2": [0.0, np.nan], "floors": np.nan, "row": [0, 0]})
    assert list(shared_people(buildings, np.array([10]))) == pytest.approx([5, 5])


def test_default_height_tells_no_floors():
    # 7.3 m is two storeys of 3.66 m, 51.2 m is fourteen.
    floors = floors_of(np.array([3.7, 0.0, 7.3, 51.2]))
    assert np.isnan(floors[:2]).all()
    assert floors[2:].tolist() == [2, 14]
