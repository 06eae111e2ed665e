"""`kawamori city check` tells each official layer of a bundle."""

from __future__ import annotations

import shutil

import geopandas as gpd
import pytest
from shapely.geometry import box
from typer.testing import CliRunner

from kawamori.cli import app
from kawamori.official_files import check_official_files


def test_tiny_city_has_one_official_layer(tiny_home) -> None:
    lines, readable = check_official_files(tiny_home / "cities" / "tiny")
    assert lines[1] == ("A31a-20 想定最大規模 試験川: 公式 A31a-20-26_00_0000000001_10.geojson")
    # Five sub-layers of one river and three of the whole city; one is there.
    assert lines[-1] == "計 8: 公式 1、模式 (公式の図ではない) 0、なし 7、読めない 0"
    assert readable


def test_command_prints_the_lines_and_fails_on_a_broken_file(tiny_home) -> None:
    folder = tiny_home / "cities" / "tiny"
    assert CliRunner().invoke(app, ["city", "check", str(folder)]).exit_code == 0
    (folder / "layers" / "A33-23_07.geojson").write_text("broken")
    result = CliRunner().invoke(app, ["city", "check", str(folder)])
    assert result.exit_code == 1
    assert "読めない: A33-23_07.geojson" in result.output


def test_folder_that_is_no_city_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gauges\.toml is missing"):
        check_official_files(tmp_path)


def test_files_of_another_prefecture_are_named_and_stand_for_nothing(tiny_home) -> None:
    folder = tiny_home / "cities" / "tiny"
    shutil.rmtree(folder / "layers")
    (folder / "layers").mkdir()
    far = box(130.0, 33.0, 130.1, 33.1)
    frame = gpd.GeoDataFrame({"A31b_201": [2]}, geometry=[far], crs="EPSG:6668")
    for number in range(6):
        frame.to_file(folder / "layers" / f"A31b-20-24_10_493{number}.geojson")
    lines, readable = check_official_files(folder)
    assert readable
    assert "公式 0" in lines[-1]
    assert lines[-2].startswith("市にかからない: A31b-20-24_10_4930.geojson、")
    assert lines[-2].endswith("ほか1件")
