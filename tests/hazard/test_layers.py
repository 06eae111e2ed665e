"""Official A31a files in, one layer out; every fault names its file and feature."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, MultiPolygon, box

from hazard.layers import read_layers

NATSUI = "0700280001"
SQUARE = box(140.90, 37.05, 140.91, 37.06)


def a31a(digit="2", ranks=(2,), *, crs="EPSG:6668", prefix="A31a_", shape=SQUARE, **extra):
    """Give official fields for one sub-layer, one feature per rank."""
    stem = f"{prefix}{digit}0"
    fields = {
        f"{stem}1": NATSUI,
        f"{stem}2": "夏井川",
        f"{stem}3": "07",
        f"{stem}4": "福島県",
        f"{stem}5": list(ranks),
        **{name: [value] * len(ranks) for name, value in extra.items()},
    }
    return gpd.GeoDataFrame(fields, geometry=[shape] * len(ranks), crs=crs)


def write(frame, folder: Path, name="A31a-20-24_07_0700280001_10.geojson", **options) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_file(path, engine="pyogrio", **options)
    return path


@pytest.mark.parametrize(
    ("rank", "low", "high"),
    [(1, 0, 0.5), (2, 0.5, 3), (3, 3, 5), (4, 5, 10), (5, 10, 20), (6, 20, np.inf)],
)
def test_each_depth_rank_gives_its_official_range(tmp_path, rank, low, high):
    write(a31a(ranks=[rank]), tmp_path)
    row = read_layers(tmp_path).iloc[0]
    assert (row["depth_min_m"], row["depth_max_m"]) == (low, high)


def test_five_sub_layers_in_their_official_folders_become_one_layer(tmp_path):
    for folder, number, digit, code in [
        ("10_計画規模", "10", "1", 2),
        ("20_想定最大規模", "20", "2", 3),
        ("30_浸水継続時間", "30", "3", 4),
        ("41_家屋倒壊等氾濫想定区域_氾濫流", "41", "4", 1),
        ("42_家屋倒壊等氾濫想定区域_河岸侵食", "42", "4", 2),
    ]:
        name = f"{folder}/A31a-{number}-24_07_{NATSUI}_10.geojson"
        write(a31a(digit, [code]), tmp_path, name)
    layer = read_layers(tmp_path)
    assert layer["scenario"].tolist() == ["planned"] + ["maximum"] * 4
    assert layer["depth_min_m"].notna().tolist() == [True, True, False, False, False]
    assert layer["duration_rank"].dropna().tolist() == [4]
    assert layer["collapse_zone"].tolist()[3:] == ["flow", "erosion"]
    assert layer["river"].unique().tolist() == ["夏井川"]
    assert layer["river_number"].unique().tolist() == [NATSUI]


def test_shapefile_without_cpg_is_read_as_cp932(tmp_path):
    path = write(a31a(), tmp_path, f"A31a-20-24_07_{NATSUI}_10.shp", encoding="CP932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    assert read_layers(tmp_path)["river"].tolist() == ["夏井川"]


def test_shapefile_beside_its_geojson_is_read_once(tmp_path):
    write(a31a(), tmp_path)
    write(a31a(), tmp_path, f"A31a-20-24_07_{NATSUI}_10.shp", encoding="CP932")
    assert len(read_layers(tmp_path)) == 1


def test_designation_fields_of_older_editions_are_tolerated(tmp_path):
    extra = {"A31a_206": "2019-06-01", "A31a_207": "告示第1号", "A31a_208": "48時間533.9mm"}
    write(a31a(**extra), tmp_path)
    assert len(read_layers(tmp_path)) == 1


def test_edition_of_2022_names_its_fields_a31_and_its_ranks_are_text(tmp_path):
    write(a31a(ranks=["3"], prefix="A31_"), tmp_path)
    assert read_layers(tmp_path)["depth_min_m"].tolist() == [3.0]


def test_mesh_layout_has_no_river(tmp_path):
    frame = gpd.GeoDataFrame({"A31b_201": [2]}, geometry=[SQUARE], crs="EPSG:6668")
    write(frame, tmp_path, "A31b-20-24_10_5540.geojson")
    assert read_layers(tmp_path)["river"].isna().all()


def test_only_files_marked_as_stand_ins_are_stand_ins(tmp_path):
    write(a31a(), tmp_path)
    write(a31a(stand_in="模式"), tmp_path, "A31a-20-24_07_0700280004_10.geojson")
    assert read_layers(tmp_path)["stand_in"].tolist() == [False, True]


def test_folder_without_files_gives_a_layer_without_rows(tmp_path):
    assert len(read_layers(tmp_path)) == 0


def test_unknown_rank_names_file_feature_and_code(tmp_path):
    write(a31a(ranks=[1, 9]), tmp_path)
    with pytest.raises(ValueError, match=r"0700280001_10.*A31a_205.*\['9'\].*feature 2"):
        read_layers(tmp_path)


def test_missing_rank_code_is_refused(tmp_path):
    write(a31a(ranks=[1.0, np.nan]), tmp_path)
    with pytest.raises(ValueError, match=r"got \['nan'\].*feature 2"):
        read_layers(tmp_path)


def test_missing_field_is_named(tmp_path):
    write(a31a().drop(columns="A31a_205"), tmp_path)
    with pytest.raises(ValueError, match=r"must have \['A31a_205'\]"):
        read_layers(tmp_path)


def test_file_of_another_kind_is_refused(tmp_path):
    write(gpd.GeoDataFrame({"name": ["x"]}, geometry=[SQUARE], crs="EPSG:6668"), tmp_path)
    with pytest.raises(ValueError, match="fields of one A31a sub-layer"):
        read_layers(tmp_path)


def test_plane_coordinates_are_reprojected_and_told(tmp_path):
    write(a31a().to_crs("EPSG:6677"), tmp_path, f"A31a-20-24_07_{NATSUI}_10.shp")
    layer = read_layers(tmp_path)
    assert layer.total_bounds == pytest.approx([140.90, 37.05, 140.91, 37.06], abs=1e-7)
    assert "reprojected from JGD2011 / Japan Plane Rectangular CS IX" in layer.attrs["repaired"][0]


@pytest.mark.parametrize("rank", ["3", "3.0", "３", " 3 ", 3.0])
def test_rank_is_read_however_it_is_written(tmp_path, rank):
    write(a31a(ranks=[rank]), tmp_path)
    assert read_layers(tmp_path)["depth_min_m"].tolist() == [3.0]


def test_field_names_in_lower_case_and_blanks_in_river_names_are_read(tmp_path):
    frame = a31a().rename(columns=str.lower)
    frame["a31a_202"] = "夏井川\u3000"
    write(frame, tmp_path)
    assert read_layers(tmp_path)["river"].tolist() == ["夏井川"]


def test_river_without_name_is_missing_not_blank(tmp_path):
    frame = a31a(ranks=[1, 2])
    frame["A31a_202"] = ["", "夏井川"]
    write(frame, tmp_path)
    assert read_layers(tmp_path)["river"].isna().tolist() == [True, False]


def test_polygons_and_multipolygons_may_be_mixed(tmp_path):
    frame = a31a(ranks=[1, 2])
    frame.geometry = [SQUARE, MultiPolygon([SQUARE, box(140.92, 37.05, 140.93, 37.06)])]
    write(frame, tmp_path)
    assert read_layers(tmp_path).geom_type.tolist() == ["Polygon", "MultiPolygon"]


def test_files_of_one_name_in_two_folders_are_both_read_unless_the_name_is_official(tmp_path):
    write(a31a("1"), tmp_path, "10_計画規模/flood.geojson")
    write(a31a("2"), tmp_path, "20_想定最大規模/flood.geojson")
    assert read_layers(tmp_path)["scenario"].tolist() == ["planned", "maximum"]


def test_file_without_features_is_refused(tmp_path):
    write(a31a().iloc[:0], tmp_path, f"A31a-20-24_07_{NATSUI}_10.shp")
    with pytest.raises(ValueError, match="at least one feature, got 0"):
        read_layers(tmp_path)


def test_lines_are_refused(tmp_path):
    write(a31a(shape=LineString([(140.9, 37.0), (140.9, 37.1)])), tmp_path)
    with pytest.raises(ValueError, match="areas only"):
        read_layers(tmp_path)


def test_file_name_and_fields_must_agree(tmp_path):
    write(a31a("1"), tmp_path)
    with pytest.raises(ValueError, match="sub-layer 20, got 1xx"):
        read_layers(tmp_path)


def test_absent_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_layers(tmp_path / "nowhere")
