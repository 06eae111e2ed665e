"""A40 depth texts of many prefectures; one that cannot be read is an error, not a guess."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from hazard.depth_text import depth_range_m
from hazard.tsunami import read_tsunami

SQUARE = box(140.90, 37.05, 140.91, 37.06)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3m以上1.0m未満", (0.3, 1.0)),
        ("0.3m以上 ～ 1.0m未満", (0.3, 1.0)),
        ("0.3以上1.0m未満", (0.3, 1.0)),
        ("30cm以上1m未満", (0.3, 1.0)),
        ("２０ｍ以上", (20.0, np.inf)),
        ("10m-", (10.0, np.inf)),
        ("0.3m未満", (0.0, 0.3)),
        ("～0.3m", (0.0, 0.3)),
        ("1m～2m", (1.0, 2.0)),
        ("1.0m以上2.0m未満の区域", (1.0, 2.0)),
        ("0.5m以上、1.0m未満", (0.5, 1.0)),
        ("0.5メートル以上1.0メートル未満", (0.5, 1.0)),
        ("浸水深50センチメートル未満", (0.0, 0.5)),
        ("0.5m以上 3.0m未満（1階床上～1階軒下）", (0.5, 3.0)),
        ("0.3m≦h<1.0m", (0.3, 1.0)),
        ("0.3m≦浸水深＜1.0m", (0.3, 1.0)),
        ("h<0.3m", (0.0, 0.3)),
        ("20m≦h", (20.0, np.inf)),
    ],
)
def test_depth_texts_are_read(text, expected):
    assert depth_range_m(text) == expected


@pytest.mark.parametrize(
    "text", ["", "不明", "2.0m", "5m以上1m未満", "浸水", "1m以上2m未満、3m以上"]
)
def test_texts_that_tell_no_range_are_not_guessed(text):
    assert depth_range_m(text) is None


def write(folder, *texts):
    fields = {"A40_001": "福島県", "A40_002": "07", "A40_003": list(texts)}
    frame = gpd.GeoDataFrame(fields, geometry=[SQUARE] * len(texts), crs="EPSG:6668")
    frame.to_file(folder / "A40-23_07.geojson", engine="pyogrio")
    return folder


def test_file_becomes_depths_with_its_source(tmp_path):
    row = read_tsunami(write(tmp_path, "5m以上10m未満")).iloc[0]
    assert (row["depth_min_m"], row["depth_max_m"]) == (5.0, 10.0)
    assert row["source"] == "A40-23_07.geojson"


def test_unread_text_names_file_text_and_feature(tmp_path):
    with pytest.raises(ValueError, match=r"A40-23_07.*\['深い'\] \(first at feature 2\)"):
        read_tsunami(write(tmp_path, "1m以上2m未満", "深い"))


def test_folder_without_files_gives_a_frame_without_rows(tmp_path):
    assert len(read_tsunami(tmp_path)) == 0
