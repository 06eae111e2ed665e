"""Archives are opened as untrusted; a layer is found once, whatever form it comes in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from hazard import published
from hazard.layers import read_layers
from hazard.published import find_published, safe_members

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
    monkeypatch.setattr(published, "MOST_MEMBERS", 1)
    monkeypatch.setattr(published, "MOST_BYTES", 3)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "12")
        archive.writestr("b", "34")
    with pytest.raises(ValueError, match=r"2 members, more than 1; .* GiB unpacked, more than"):
        safe_members(tmp_path / "a.zip")


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
