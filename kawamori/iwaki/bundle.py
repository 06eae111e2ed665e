"""Iwaki's bundle, built from lists and series that lie outside the repository.

data/iwaki/city.toml tells what is simulated (模擬), assumed (仮定) or a stand-in (模式), and is
shown with every result. Layout: data/README.md.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd

from kawamori.city import SET_COLUMNS, read_gauges, read_toml
from kawamori.iwaki.inland import write_inland
from kawamori.iwaki.layers import write_layers
from kawamori.iwaki.places import make_buildings, make_districts, make_roads, read_blocks
from kawamori.iwaki.series import read_basins, write_series
from kawamori.progress import Report, silent
from kawamori.settings import REPOSITORY
from shelters.read import read_shelters

FACTS = REPOSITORY / "data" / "iwaki"
CITY_FOLDER = "iwaki"
LINE_FILE = "rivers/iwaki_osm_waterways_z14.geojson"
SHELTER_FILE = "shelters/hinan-saki_07_fukushima_2026-07.json"
CITY_NAME = "いわき市"
ASSUMED_CAPACITY = 200  # people per shelter: the official list has no capacity


def build_iwaki(data_folder: Path, folder: Path, *, progress: Report | None = None) -> None:
    """Write Iwaki's bundle to `folder`.

    Parameters
    ----------
    data_folder
        The folder of real series and lists; its sub-folder iwaki/ is read.
    folder
        Created; an existing bundle is written over.
    progress
        Called with what is being done and the share done.

    Raises
    ------
    FileNotFoundError
        If a list or series is missing.
    ValueError
        If one of them is not usable.
    """
    say = progress or silent
    source = data_folder / CITY_FOLDER
    if not source.is_dir():
        raise FileNotFoundError(f"{source} must hold Iwaki's lists and series, and does not exist.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("city.toml", "gauges.toml"):
        shutil.copyfile(FACTS / name, folder / name)
    say("町丁字・建物・道路", 0.0)
    _write_places(source, folder)
    say("浸水想定(模式)", 0.5)
    _write_layers(source, folder)
    say("避難所", 0.75)
    _write_shelters(source, folder)
    say("雨量・水位(模擬)", 0.8)
    gauges, _ = read_gauges(FACTS / "gauges.toml")
    write_series(source / "rain_2023", gauges, read_basins(FACTS / "basins.toml"), folder)
    say("いわき市", 1.0)


def _write_places(source: Path, folder: Path) -> None:
    facts = read_toml(FACTS / "districts.toml")
    blocks = read_blocks(source, facts)
    make_districts(blocks, facts).to_parquet(folder / "districts.parquet")
    make_buildings(source, blocks).to_parquet(folder / "buildings.parquet")
    make_roads(source).to_parquet(folder / "roads.parquet")


def _write_layers(source: Path, folder: Path) -> None:
    crs = read_toml(FACTS / "city.toml")["crs"]
    lines = gpd.read_file(source / LINE_FILE, columns=["name:latin"]).to_crs(crs)
    land = gpd.read_parquet(folder / "districts.parquet").to_crs(crs).union_all()
    gauges, _ = read_gauges(FACTS / "gauges.toml")
    facts = read_toml(FACTS / "flood.toml")
    write_layers(facts, lines, gauges, land, folder / "layers")
    write_inland(facts, lines, land, folder / "layers")


def _write_shelters(source: Path, folder: Path) -> None:
    shelters = read_shelters(
        source / SHELTER_FILE, city=CITY_NAME, assumed_capacity=ASSUMED_CAPACITY
    )
    lists = {name: shelters[name].map(sorted) for name in SET_COLUMNS}
    shelters.assign(**lists).to_parquet(folder / "shelters.parquet")
