"""What a stranger may write into city.toml and gauges.toml, and what each fault says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kawamori.cities import open_city
from kawamori.city import read_city, read_gauges
from kawamori.city_facts import city_faults, gauge_faults
from kawamori.settings import Settings

FACTS: dict[str, Any] = {
    "city_id": "ube", "name": "宇部市", "code": "35202", "crs": "EPSG:6671",
    "notes": [], "credits": ["山口県"],
}  # fmt: skip
GAUGE: dict[str, Any] = {
    "gauge_id": "g", "name": "持世寺", "river": "厚東川", "lon": 131.28, "lat": 34.02,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code": "352021"}, "without its check digit"),  # six digits match no telegram
        ({"code": "\uff13" + "5202"}, "without its check digit"),  # a full-width 3
        ({"code": 35202}, "code must be a text"),
        ({"crs": "EPSG:6668"}, "must be projected, in metres"),  # degrees
        ({"crs": "系3"}, "coordinate system such as"),
        ({"city_id": "うべ"}, "letters, digits"),
        ({"name": " "}, "name must be a text"),
        ({"notes": "地区の形は仮定"}, "notes must be a list of texts"),  # else one note a letter
    ],
)
def test_a_fact_that_would_be_misread_is_named(changed: dict[str, Any], said: str) -> None:
    assert list(city_faults(FACTS)) == []
    (fault,) = city_faults(FACTS | changed)
    assert said in fault


def test_every_key_that_is_missing_is_named() -> None:
    assert [fault.split()[0] for fault in city_faults({})] == [
        "city_id", "name", "code", "crs", "notes", "credits",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"river_class": "水位周知河川"}, "river_class must be one of forecast (洪水予報河川)"),
        ({"sensor": "危機管理型"}, "sensor must be one of"),
        ({"lon": 34.02, "lat": 131.28}, "lat must be degrees, at most 90, got 131.28"),
        ({"lon": "131.28"}, "lon must be degrees"),
        ({"rain_gauges": "dam"}, "rain_gauges must be a list of ids, got 'dam'"),
        ({"raingauges": ["dam"]}, "got also ['raingauges']"),
        ({"gauge_id": ""}, "gauge_id must be a text"),
        ({"thresholds": {"danger": "5.4m"}}, "threshold danger must be metres"),
        ({"thresholds": {"danger": float("nan")}}, "threshold danger must be metres"),
        ({"thresholds": {"氾濫危険水位": 5.4}}, "got also '氾濫危険水位'"),
        ({"thresholds": 5.4}, "thresholds must be a table"),
        ({"zero_elevation_m": "不明"}, "zero_elevation_m must be metres"),
    ],
)
def test_a_gauge_that_no_rule_would_match_is_named(changed: dict[str, Any], said: str) -> None:
    assert list(gauge_faults({"gauge": [GAUGE]})) == []
    faults = list(gauge_faults({"gauge": [GAUGE | changed]}))
    assert said in faults[0]


def test_the_same_station_twice_is_named_also_as_rain_gauge() -> None:
    rain = {"rain_gauge_id": "g", "name": "雨量", "lon": 131.0, "lat": 34.0}
    twice = {"gauge": [GAUGE, GAUGE], "rain_gauge": [rain]}
    assert list(gauge_faults(twice)) == [
        "gauge_id must be unique, this one comes again (g)",
        "rain_gauge_id must be unique, this one comes again (g)",
    ]
    assert "[[gauge]]" in next(gauge_faults({"gauge": GAUGE}))  # [gauge] for [[gauge]]


def test_all_gauges_that_are_wrong_stand_in_one_error(tmp_path: Path) -> None:
    row = '[[gauge]]\ngauge_id = "g%d"\nname = "a"\nriver = "b"\nlon = 1\nlat = 2\n'
    row += 'river_class = "一級"\n'
    (tmp_path / "gauges.toml").write_text(row % 1 + row % 2, encoding="utf-8")
    with pytest.raises(ValueError, match=r"\(g1\).*\(g2\)"):
        read_gauges(tmp_path / "gauges.toml")


def test_a_file_of_another_encoding_is_named_and_a_bom_is_read(tiny_home: Path) -> None:
    path = tiny_home / "cities" / "tiny" / "city.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8-sig")
    assert read_city(path.parent).name == "試験町"
    path.write_text(text, encoding="cp932")
    with pytest.raises(ValueError, match=r"city.toml must be UTF-8 text"):
        read_city(path.parent)


def test_a_copied_bundle_that_kept_its_id_is_refused(tiny_home: Path) -> None:
    (tiny_home / "cities" / "tiny").rename(tiny_home / "cities" / "other")
    settings = Settings(home=tiny_home, _env_file=None)
    with pytest.raises(ValueError, match="must be 'other' as its folder, got 'tiny'"):
        open_city("other", settings, lambda *_: None)
