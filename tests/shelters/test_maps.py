"""The map page holds constants only; everything from data is plain values beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import MultiPolygon, Point, box

from hazard.types import JGD2011
from shelters.maps import build_map, data_script, map_data
from shelters.way_features import road_features

MakeTown = Callable[[Callable[[str], str]], dict[str, Any]]


def page(**options: str) -> str:
    html: str = build_map((140.15, 37.05), **options).get_root().render()
    return html


def by_name(features: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {feature["name"]: feature for feature in features}


def test_page_names_only_local_files() -> None:
    links = re.findall(r'(?:src|href)="([^"]*)"', page())
    assert links == ["assets/leaflet.css", "assets/leaflet.js", "map-data.js"]
    # The only URL in the page is the name of the SVG namespace, which is never fetched.
    assert set(re.findall(r"https?://[^\"';\s]*", page())) == {"http://www.w3.org/2000/svg"}
    assert re.search(r"[\"'(]//", page()) is None  # no address without a protocol either


def test_page_is_the_same_every_time() -> None:
    assert page() == page()


def test_page_is_japanese_and_does_not_forbid_zooming() -> None:
    html = page(data_file="town.js", assets="../assets/")
    assert '<html lang="ja">' in html
    assert "user-scalable" not in html
    assert "maximum-scale" not in html
    assert 'src="town.js"' in html
    assert 'src="../assets/leaflet.js"' in html


def test_every_script_of_the_page_carries_the_nonce_of_its_policy() -> None:
    html = page()
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", html)
    assert nonce is not None
    assert html.count("<script") == html.count(f'nonce="{nonce[1]}">') - 2  # and two styles
    assert "unsafe" not in html


def test_shelters_are_told_apart_by_their_use(make_town: MakeTown) -> None:
    places = by_name(map_data(**make_town(str))["shelters"])
    states = {name: place["state"] for name, place in places.items()}
    # S2 gets 50 of 50, S1 70 of 100; S3's capacity is unknown, S4 floods, S5 is spare.
    assert states == {
        "避難所S1": "opening",
        "避難所S2": "full",
        "避難所S3": "unsure",
        "避難所S4": "rejected",
        "避難所S5": "usable",
    }
    assert [places[f"避難所S{at}"]["rank"] for at in (1, 2, 5)] == [1, 2, None]
    assert places["避難所S1"]["room"] == "残り30人"
    assert [places[f"避難所S{at}"]["room"] for at in (2, 3, 5)] == ["満員", "", "残り10人"]
    assert places["避難所S1"]["lines"] == [
        "開設の順 1番目",
        "割り当て 70人",
        "収容人数 100人 (仮定)",
        "指定緊急避難場所",
        "川辺町1-1",
    ]
    assert places["避難所S3"]["lines"][:2] == [
        "理由: 収容人数が不明のため人を割り当てない (capacity_unknown)",
        "収容人数 不明",
    ]


def test_without_an_allocation_no_shelter_is_called_usable(make_town: MakeTown) -> None:
    data = map_data(**{**make_town(str), "allocation": None})
    assert {place["state"] for place in data["shelters"]} == {"unjudged"}


def test_a_stand_in_is_named_and_duration_rows_are_not_drawn(make_town: MakeTown) -> None:
    data = map_data(**make_town(str))
    assert data["standIn"] is True
    assert [area["name"] for area in data["water"]] == ["川辺川 (模式)", "河川名なし (模式)"]
    assert data["water"][0]["lines"] == ["0.5m以上3m未満", "模式: 公式の浸水想定ではありません"]
    # The deepest rank has no upper end.
    assert data["water"][1]["lines"][0] == "5m以上"


def test_unknown_level_is_hatched_and_never_white(make_town: MakeTown) -> None:
    levels = {level["level"]: level for level in map_data(**make_town(str))["levels"]}
    assert levels[-1]["number"] == "?"
    assert levels[-1]["fill"].lower() not in {"#ffffff", levels[0]["fill"]}
    assert sorted(levels) == [-1, 0, 1, 2, 3, 4, 5]


def test_coordinates_are_rounded_to_a_metre() -> None:
    square = gpd.GeoDataFrame(
        {"name": ["甲"], "level": [1]},
        geometry=[box(140.123456789, 37.0, 140.3, 37.987654321)],
        crs=JGD2011,
    )
    data = map_data(title="", issued="", districts=square)
    corners = np.array(data["districts"][0]["geometry"]["coordinates"][0])
    assert corners[:, 0].min() == 140.12346
    assert corners[:, 1].max() == 37.98765
    assert data["shelters"] == data["gauges"] == data["water"] == []


def test_specks_go_but_a_small_district_stays() -> None:
    # 0.001 x 0.001 degrees = 1e-6 is a speck beside a district, but not if it is the district.
    speck = box(141.0, 37.0, 141.001, 37.001)
    holed = box(140.0, 37.0, 140.5, 37.5).difference(Point(140.2, 37.2).buffer(0.0005))
    frame = gpd.GeoDataFrame(
        {"name": ["甲", "乙"], "level": [1, 1]},
        geometry=[MultiPolygon([holed, speck]), box(142.0, 37.0, 142.001, 37.001)],
        crs=JGD2011,
    )
    first, second = map_data(title="", issued="", districts=frame)["districts"]
    assert first["geometry"]["type"] == "Polygon"
    assert len(first["geometry"]["coordinates"]) == 1  # the hole is gone
    assert second["geometry"]["type"] == "Polygon"


def test_no_districts_give_no_bounds() -> None:
    empty = gpd.GeoDataFrame({"name": [], "level": []}, geometry=[], crs=JGD2011)
    assert map_data(title="", issued="", districts=empty)["bounds"] is None


def test_a_level_out_of_range_is_named(make_town: MakeTown) -> None:
    given = make_town(str)
    given["districts"] = given["districts"].assign(level=[4, 6, np.nan])
    with pytest.raises(ValueError, match=r"got 6.0 \(district b\), nan \(district c\)"):
        map_data(**given)


def test_an_unknown_gauge_state_is_named(make_town: MakeTown) -> None:
    given = make_town(str)
    given["gauges"] = given["gauges"].assign(state=["danger", "calm"])
    with pytest.raises(ValueError, match=r"gauge state must be one of .*got calm \(下橋\)"):
        map_data(**given)


def test_missing_columns_are_named(make_town: MakeTown) -> None:
    given = make_town(str)
    given["gauges"] = given["gauges"].drop(columns="lon")
    with pytest.raises(ValueError, match=r"Gauges on the map .* missing \['lon'\]"):
        map_data(**given)


def test_no_text_can_end_the_script_and_all_of_it_survives() -> None:
    hostile = "</script><!-- & \u2028 ${alert(1)} ' \" \\"
    script = data_script({"notes": [hostile]})
    assert not set("<>&\u2028") & set(script)
    text = script.removeprefix('"use strict";\nwindow.kawamoriMap = ').removesuffix(";\n")
    assert json.loads(text) == {"notes": [hostile]}


def test_nan_never_reaches_the_page() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        data_script({"level_m": float("nan")})


def test_ways_name_their_ends_by_position_and_say_what_they_are(make_town: MakeTown) -> None:
    first, second = map_data(**make_town(str))["routes"]
    assert (first["district"], first["shelter"]) == (0, 0)  # rows a and S1 of their frames
    assert first["words"] == "70人 徒歩 約30分"
    assert first["at"][0] == [37.02, 140.02]  # lat, lon as Leaflet takes them
    assert second["words"] == "50人 車 約8分 (直線距離から)"
    assert (second["car"], second["onRoads"]) == (True, False)


def test_a_way_to_a_shelter_that_is_not_on_the_map_is_left_out(make_town: MakeTown) -> None:
    given = make_town(str)
    given["routes"] = given["routes"].assign(shelter_id=["S1", "S9"])
    assert len(map_data(**given)["routes"]) == 1


def test_closed_roads_are_told_apart_by_whom_they_are_closed_to(make_town: MakeTown) -> None:
    closed = map_data(**make_town(str))["closed"]
    # Road 0 is closed to cars only, 1 to all, 2 is a bridge; 3 is open.
    assert [(one["key"], one["count"]) for one in closed] == [
        ("some", 1),
        ("all", 1),
        ("bridge", 1),
    ]
    assert map_data(**{**make_town(str), "closed": None})["closed"] == []


def test_stranded_people_without_a_position_are_not_drawn(make_town: MakeTown) -> None:
    data = map_data(**make_town(str))
    (one,) = data["stranded"]
    assert data["outOfReach"] == [{"name": "計画規模", "places": [one]}]
    assert one["name"] == "川辺一丁目"
    assert one["lines"] == ["40人", "最寄りの道路が通行止め (road_closed)"]


def test_main_roads_are_drawn_and_all_roads_where_they_are_few(make_town: MakeTown) -> None:
    roads = make_town(str)["roads"].assign(kind=["trunk", "path", "minor", "minor"])
    many = gpd.GeoDataFrame(pd.concat([roads] * 600, ignore_index=True), crs=JGD2011)
    trunk = [[140.0, 37.0], [140.0, 37.1]]
    assert road_features(many)["coordinates"] == [trunk] * 600
    assert len(road_features(roads)["coordinates"]) == 4
    assert road_features(many[many["kind"] == "path"].iloc[:0]) is None
