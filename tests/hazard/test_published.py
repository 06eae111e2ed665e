"""Archives are opened as untrusted; a layer is found once, whatever form it comes in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from hazard import archive as archives
from hazard.layers import read_layers
from hazard.published import find_published

NAME = "A31a-20-24_07_0700280001_10"
SQUARE = box(140.90, 37.05, 140.91, 37.06)


def official(rank=2):
    fields = {
        "A31a_201": ["0700280001"],
        "A31a_202": ["夏井川"],
        "A31a_203": ["07"],
        "A31a_204": ["福島県"],
        "A31a_205": [rank],
    }
    return gpd.GeoDataFrame(fields, geometry=[SQUARE], crs="EPSG:6668")


def zipped(folder: Path, suffix: str, **options) -> Path:
    """Write an archive as the ministry ships it: a Japanese folder with the layer inside."""
    source = folder / "source"
    source.mkdir(parents=True)
    official().to_file(source / f"{NAME}{suffix}", engine="pyogrio", **options)
    archive = folder / "layers" / "A31a-24_07_10_SHP.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(source.iterdir()):
            if path.suffix != ".cpg":
                opened.write(path, f"20_想定最大規模/{path.name}")
    return archive


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".shp", {"encoding": "CP932"}),
        (".geojson", {}),
        (".gml", {"driver": "GML", "layer": "flood"}),
    ],
)
def test_each_published_form_is_read_from_its_archive(tmp_path, suffix, options):
    layer = read_layers(zipped(tmp_path, suffix, **options).parent)
    assert layer["river"].tolist() == ["夏井川"]
    assert layer["depth_min_m"].tolist() == [0.5]
    assert layer.total_bounds == pytest.approx([140.90, 37.05, 140.91, 37.06])


def test_loose_file_wins_over_the_one_in_an_archive(tmp_path):
    folder = zipped(tmp_path, ".shp", encoding="CP932").parent
    official(rank=5).to_file(folder / f"{NAME}.geojson", engine="pyogrio")
    assert read_layers(folder)["depth_min_m"].tolist() == [10.0]


@pytest.mark.parametrize("member", ["../evil.geojson", "/etc/evil.geojson", "C:/evil.geojson"])
def test_member_that_would_leave_the_folder_is_refused(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "{}")
    with pytest.raises(ValueError, match=r"a\.zip is not safe to open.*leave the folder"):
        find_published(tmp_path)


def test_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.geojson", bytes(4 * 2**20))  # 4 MiB of zeros pack to about 4 KB
    with pytest.raises(ValueError, match="more than 200 times its size"):
        find_published(tmp_path)


def test_too_much_data_and_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 1)
    monkeypatch.setattr(archives, "MOST_BYTES", 3)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "12")
        archive.writestr("b", "34")
    with pytest.raises(ValueError, match=r"2 members, more than 1; .* GiB unpacked, more than"):
        archives.archive_members(tmp_path / "a.zip")


def test_file_that_is_no_archive_is_named(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"a\.zip must be a zip archive"):
        find_published(tmp_path)


def test_file_that_is_no_layer_is_named(tmp_path):
    (tmp_path / f"{NAME}.geojson").write_text("not a layer")
    with pytest.raises(ValueError, match=f"{NAME}.geojson must be readable as a layer"):
        read_layers(tmp_path)


def test_layer_without_geometry_points_to_the_other_forms(tmp_path):
    (tmp_path / f"{NAME}.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null,'
        ' "properties": {"A31a_205": 2}}]}'
    )
    with pytest.raises(ValueError, match=NAME):
        read_layers(tmp_path)


def beside(folder: Path, frame=None, *, without=(), upper=False, **options) -> Path:
    """Write a loose shapefile, some of its parts left out."""
    folder.mkdir(exist_ok=True)
    (official() if frame is None else frame).to_file(
        folder / f"{NAME}.shp", engine="pyogrio", **options
    )
    for path in list(folder.iterdir()):
        if path.suffix in without:
            path.unlink()
        elif upper:
            path.rename(folder / path.name.upper())
    return folder


@pytest.mark.parametrize("encoding", ["CP932", "UTF-8"])
def test_texts_without_cpg_are_read_in_the_encoding_that_fits(tmp_path, encoding):
    folder = beside(tmp_path, without=(".cpg",), encoding=encoding)
    assert read_layers(folder)["river"].tolist() == ["夏井川"]


def test_shapefile_without_prj_is_taken_as_jgd2011_and_told(tmp_path):
    layer = read_layers(beside(tmp_path, without=(".prj",), encoding="CP932"))
    assert layer.total_bounds == pytest.approx([140.90, 37.05, 140.91, 37.06])
    assert "no coordinate system told" in layer.attrs["repaired"][0]


def test_shapefile_in_capitals_is_read(tmp_path):
    folder = beside(tmp_path, without=(".cpg",), upper=True, encoding="CP932")
    assert read_layers(folder)["river"].tolist() == ["夏井川"]


@pytest.mark.parametrize("part", [".dbf", ".shx"])
def test_shapefile_without_its_parts_is_named(tmp_path, part):
    folder = beside(tmp_path, without=(part, ".cpg"), encoding="CP932")
    with pytest.raises(ValueError, match=f"{NAME}.shp must"):
        read_layers(folder)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::6668", "EPSG:6668", None])
def test_geojson_is_longitude_first_whatever_its_crs_is_called(tmp_path, name):
    told = f'"crs": {{"type": "name", "properties": {{"name": "{name}"}}}},' if name else ""
    ring = "[[140.90,37.05],[140.91,37.05],[140.91,37.06],[140.90,37.06],[140.90,37.05]]"
    (tmp_path / f"{NAME}.geojson").write_text(
        f'\ufeff{{"type": "FeatureCollection", {told} "features": [{{"type": "Feature",'
        f'"properties": {{"A31a_201": "0700280001", "A31a_202": "夏井川", "A31a_205": 2}},'
        f'"geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}]}}',
        encoding="utf-8",
    )
    layer = read_layers(tmp_path)
    assert layer.total_bounds == pytest.approx([140.90, 37.05, 140.91, 37.06])


@pytest.mark.parametrize(
    ("system", "points"),
    [
        ("urn:ogc:def:crs:EPSG::6668", "37.05 140.90 37.05 140.91 37.06 140.91 37.05 140.90"),
        ("EPSG:6668", "140.90 37.05 140.91 37.05 140.91 37.06 140.90 37.05"),
        ("EPSG:6668", "37.05 140.90 37.05 140.91 37.06 140.91 37.05 140.90"),
    ],
)
def test_gml_is_read_in_either_order_of_axes(tmp_path, system, points):
    (tmp_path / f"{NAME}.gml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><ogr:FeatureCollection'
        ' xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml/3.2">'
        '<ogr:featureMember><ogr:flood gml:id="f.0"><ogr:geometryProperty>'
        f'<gml:Polygon gml:id="g.0" srsName="{system}"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{points}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
        "</ogr:geometryProperty><ogr:A31a_201>0700280001</ogr:A31a_201>"
        "<ogr:A31a_202>夏井川</ogr:A31a_202><ogr:A31a_205>2</ogr:A31a_205></ogr:flood>"
        "</ogr:featureMember></ogr:FeatureCollection>",
        encoding="utf-8",
    )
    layer = read_layers(tmp_path)
    assert layer.total_bounds == pytest.approx([140.90, 37.05, 140.91, 37.06])
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gml"]  # nothing left beside it


def test_xml_form_beside_a_shapefile_is_not_read_twice(tmp_path):
    (tmp_path / f"{NAME}.xml").write_text("no layer at all")
    assert len(read_layers(beside(tmp_path, encoding="CP932"))) == 1
    (tmp_path / "A33-24_07.xml").write_text("no layer at all")
    zones = gpd.GeoDataFrame({"A33_001": [1], "A33_002": [1]}, geometry=[SQUARE], crs="EPSG:6668")
    zones.to_file(tmp_path / "A33-24_07Polygon.shp", engine="pyogrio")
    assert [file.name for file in find_published(tmp_path)] == [
        f"{NAME}.shp",
        "A33-24_07Polygon.shp",
    ]


def test_layer_in_a_nested_archive_with_folders_is_read(tmp_path):
    archive = zipped(tmp_path / "inner", ".shp", encoding="CP932")
    folder = tmp_path / "layers"
    folder.mkdir()
    with zipfile.ZipFile(folder / "all.zip", "w") as outer:
        outer.write(archive, "洪水/A31a-24_07_10_SHP.zip")
    (file,) = find_published(folder)
    assert file.where == f"all.zip/A31a-24_07_10_SHP.zip/{NAME}.shp"
    assert read_layers(folder)["river"].tolist() == ["夏井川"]
