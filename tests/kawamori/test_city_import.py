"""Published files become a bundle: odd but legal forms, and what is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString, Point, box
from typer.testing import CliRunner

from hazard.types import JGD2011
from kawamori.city import read_city
from kawamori.city_import import (
    Table,
    import_buildings,
    import_districts,
    import_roads,
    import_series,
    import_shelters,
)
from kawamori.cli import app
from tests.tiny_city import CITY, GAUGES

HERE = {"district_id": "地区ID", "name": "地区名", "population": "人口", "gauge_ids": "水位局"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home" / "cities" / "tiny"
    made.mkdir(parents=True)
    (made / "city.toml").write_text(CITY, encoding="utf-8")
    (made / "gauges.toml").write_text(GAUGES, encoding="utf-8")
    return made


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    """Give three 町丁字 of two districts, in metres of 平面直角座標系 IX, as a shapefile."""
    squares = [box(140.0 + x, 37.0, 140.01 + x, 37.01) for x in (0.0, 0.01, 0.02)]
    frame = gpd.GeoDataFrame(
        {"地区ID": ["k1", "k1", "k2"], "地区名": ["低地", "低地", "高台"],
         "人口": [70.0, 50.0, np.nan], "水位局": ["g1", "g1", ""]},
        geometry=squares, crs=JGD2011,
    )  # fmt: skip
    path = tmp_path / "chiku.shp"
    frame.to_crs("EPSG:6677").to_file(path, encoding="cp932")
    return path


def test_blocks_become_districts_with_their_counts_added(folder: Path, areas: Path) -> None:
    said = import_districts(folder, areas, HERE)
    assert said == "2 districts of 3 areas, 1 without a gauge (UNKNOWN)"
    city = read_city(folder)
    assert city.districts.loc["k1", "population"] == 120  # 70 + 50
    assert np.isnan(city.districts.loc["k2", "population"])  # not told: unknown, never 0
    assert city.districts.loc["k1", "gauge_ids"] == ("g1",)
    assert city.districts.total_bounds == pytest.approx([140.0, 37.0, 140.03, 37.01], abs=1e-6)


def test_a_district_of_a_gauge_that_the_city_lacks_is_refused(folder: Path, areas: Path) -> None:
    frame = gpd.read_file(areas).assign(水位局="g9")
    frame.to_file(areas.with_suffix(".geojson"), driver="GeoJSON")
    with pytest.raises(ValueError, match=r"gauge_ids \['g9'\] are not in gauges.toml"):
        import_districts(folder, areas.with_suffix(".geojson"), HERE)
    with pytest.raises(ValueError, match="--column OURS=THEIRS"):
        import_districts(folder, areas, {})
    assert not (folder / "districts.parquet").exists()


def test_series_of_a_file_per_station_meet_on_one_grid(folder: Path, tmp_path: Path) -> None:
    level, rain = tmp_path / "level.csv", tmp_path / "rain.csv"
    level.write_text(
        "観測日時,水位\n2026/07/01 09:00,1.20\n2026/07/01 10:00,欠測\n", encoding="cp932"
    )
    rain.write_text("観測日時,雨量\n2026/07/01 10:00,3.5\n", encoding="cp932")
    columns = {"time": "観測日時", "g1": "水位", "r1": "雨量"}
    said = import_series(folder, [level, rain], Table(columns, "cp932"))
    assert said.startswith("2026-07-01 09:00 to 2026-07-01 10:00 JST, a step of 60 min, 50%")
    made = xr.load_dataset(folder / "observations.nc")
    # 09:00 in Japan is 00:00 UTC.
    assert str(made["time"].values[0]) == "2026-07-01T00:00:00.000000000"
    assert made["level_m"].values[:, 0] == pytest.approx([1.2, np.nan], nan_ok=True)
    assert made["rain_mm"].values[:, 0] == pytest.approx([np.nan, 3.5], nan_ok=True)
    with pytest.raises(ValueError, match=r"must have a column of a station.*--column"):
        import_series(folder, [level], Table({"time": "観測日時"}, "cp932"))


def test_roads_buildings_and_shelters_are_written_as_they_are_read(
    folder: Path, areas: Path, tmp_path: Path
) -> None:
    import_districts(folder, areas, HERE)
    line = gpd.GeoDataFrame(
        {"highway": ["residential"]}, geometry=[LineString([(140, 37), (140.01, 37)])], crs=JGD2011
    )
    line.to_file(tmp_path / "roads.geojson", driver="GeoJSON")
    assert import_roads(folder, tmp_path / "roads.geojson", {"kind": "highway"}) == "1 roads"
    house = gpd.GeoDataFrame(
        {"building_id": ["b"], "area_m2": [80.0], "floors": [2.0], "people": [3.0],
         "district_id": ["k1"], "block": ["一丁目"]},
        geometry=[Point(140.005, 37.005).buffer(1e-4)], crs=JGD2011,
    )  # fmt: skip
    house.to_file(tmp_path / "houses.gpkg")
    assert import_buildings(folder, tmp_path / "houses.gpkg", {}) == "1 buildings, 3 people"
    shelters = tmp_path / "list.csv"
    shelters.write_text(
        "名称,緯度,経度,想定収容人数,災害種別_洪水,ID\n小学校,37.005,140.005,120 ,1,s1\n"
    )
    assert import_shelters(folder, [shelters], None).startswith("1か所")
    city = read_city(folder)
    assert city.buildings.geometry.iloc[0].x == pytest.approx(140.005)
    assert "flood" in city.shelters["hazard_ok"].iloc[0]


def test_the_command_names_what_must_come_first(folder: Path, areas: Path) -> None:
    environment = {"KAWAMORI_HOME": str(folder.parents[1])}
    columns = [part for ours, theirs in HERE.items() for part in ("--column", f"{ours}={theirs}")]
    told = ["city", "import", "tiny", "--districts", str(areas)]
    done = CliRunner().invoke(app, [*told, *columns], env=environment)
    assert done.stdout.startswith("districts: 2 districts")
    failed = CliRunner().invoke(app, ["city", "import", "nowhere"], env=environment)
    assert "must be written first" in str(failed.exception)
    wrong = CliRunner().invoke(app, [*told, "--column", "name"], env=environment)
    assert "OURS=THEIRS" in str(wrong.exception)
