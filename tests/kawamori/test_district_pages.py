"""Pages for districts: names are shown and never run, and nothing of a forecast is on them."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image
from shapely.geometry import LineString

from kawamori.district_pages import japanese_font, write_district_pages
from kawamori.run import Run
from shelters.picture import MOST_BYTES
from shelters.types import GROUP_COLUMNS


def placed(run: Run, **given: Any) -> Run:
    """Give the run with people of d1 placed in its first shelter and some without a place."""
    assert run.city.shelters is not None
    assert run.allocation is not None
    key = str(run.city.shelters.index[0])
    rows = [
        ("a", "d1", "上町一丁目", "general", key, 60, 12.4, 12.4, None),
        ("b", "d1", "上町二丁目", "general", key, 30, 31.0, 31.0, None),
        ("c", "d1", "上町三丁目", "car", key, 10, 4.0, 40.0, None),
        ("c", "d1", "上町三丁目", "general", None, 5, None, None, "満員 (no_room)"),
    ]
    groups = pd.DataFrame(rows, columns=list(GROUP_COLUMNS))
    home, site = (140.005, 37.005), run.city.shelters.geometry.iloc[0]
    routes = gpd.GeoDataFrame(
        {"district_id": ["d1"], "shelter_id": [key], "traveller": ["general"], "people": [100],
         "minutes": [12.4], "on_roads": [False]},
        geometry=[LineString([home, (site.x, site.y)])], crs="EPSG:6668",
    )  # fmt: skip
    allocation = dataclasses.replace(run.allocation, groups=groups)
    return dataclasses.replace(run, allocation=allocation, routes=routes, **given)


def page_of(run: Run, folder: Path) -> str:
    (page,) = write_district_pages(run, folder)
    return (folder / f"{page.stem}.html").read_text(encoding="utf-8")


def test_a_page_tells_where_from_and_how_long_and_who_is_left(
    made_run: Run, tmp_path: Path
) -> None:
    text = page_of(placed(made_run), tmp_path)
    assert "上町一丁目、上町二丁目、上町三丁目" in text
    # 12.4 and 31 min on foot, rounded up; 4 min by car.
    assert "徒歩 約13〜31分、車 約4分" in text
    assert "5人: 満員 (no_room)" in text
    assert "直線距離から求めました" in text
    assert text.count("【訓練】") >= 2
    assert "案: 市が確認して発表するまで" in text


def test_the_picture_is_small_and_the_page_carries_the_same(made_run: Run, tmp_path: Path) -> None:
    text = page_of(placed(made_run), tmp_path)
    (path,) = tmp_path.glob("*.png")
    made = path.read_bytes()
    assert len(made) <= MOST_BYTES
    assert Image.open(io.BytesIO(made)).width == 720
    inside = re.search(r"base64,([^\"]+)", text)
    assert inside is not None
    assert base64.b64decode(inside[1]) == made


def test_no_forecast_and_no_level_reaches_the_page(made_run: Run, tmp_path: Path) -> None:
    text = page_of(placed(made_run), tmp_path)
    for word in ("レベル", "避難指示", "予測", "確率"):
        assert word not in text, word


def test_hostile_names_stay_text(hostile_run: Run, tmp_path: Path) -> None:
    text = page_of(placed(hostile_run), tmp_path)
    assert "<script" not in text
    assert "&lt;img src=x" in text
    assert "default-src 'none'" in text


def test_a_district_without_people_to_place_has_no_page(made_run: Run, tmp_path: Path) -> None:
    pages = write_district_pages(placed(made_run), tmp_path)
    assert [page.district_id for page in pages] == ["d1"]
    assert write_district_pages(dataclasses.replace(made_run, allocation=None), tmp_path) == []


def test_without_any_place_the_page_says_so(made_run: Run, tmp_path: Path) -> None:
    run = placed(made_run)
    assert run.allocation is not None
    none = run.allocation.groups.iloc[[3]]
    allocation = dataclasses.replace(run.allocation, groups=none)
    text = page_of(dataclasses.replace(run, allocation=allocation, routes=None), tmp_path)
    assert "安全に行ける避難先は、いま見つかっていません" in text
    assert "<table>" not in text


def test_without_a_japanese_font_the_picture_is_still_drawn(
    made_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kawamori.district_pages.FONTS", ("no-such-font.ttf",))
    japanese_font.cache_clear()
    try:
        assert japanese_font() is None
        page_of(placed(made_run), tmp_path)
    finally:
        japanese_font.cache_clear()
    assert len(list(tmp_path.glob("*.png"))) == 1
