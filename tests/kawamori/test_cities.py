from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kawamori import cities
from kawamori.progress import silent
from kawamori.settings import Settings


def test_failed_build_leaves_the_earlier_city_and_no_half_one(tiny_home, monkeypatch) -> None:
    settings = Settings(home=tiny_home)

    def broken(folder, _progress) -> None:
        folder.mkdir()
        (folder / "city.toml").write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(cities, "_builders", lambda _settings: {"tiny": broken})
    with pytest.raises(OSError, match="disk full"):
        cities.build_city("tiny", settings, silent)
    assert [path.name for path in settings.cities.iterdir()] == ["tiny"]
    assert cities.open_city("tiny", settings, silent).name == "試験町"


def test_city_that_was_never_built_is_built_when_opened(tiny, tmp_path, monkeypatch) -> None:
    builders = {"tiny": lambda folder, _progress: tiny.write_tiny_city(folder)}
    monkeypatch.setattr(cities, "_builders", lambda _settings: builders)
    assert cities.open_city("tiny", Settings(home=tmp_path), silent).city_id == "tiny"


def test_two_that_open_a_city_at_once_build_it_once(tiny, tmp_path, monkeypatch) -> None:
    built = []

    def build(name, settings, _progress):
        built.append(name)
        time.sleep(0.2)  # s, so that the other comes while this one builds
        tiny.write_tiny_city(settings.cities / name)

    monkeypatch.setattr(cities, "build_city", build)
    settings = Settings(home=tmp_path)
    with ThreadPoolExecutor(2) as both:
        opened = list(both.map(lambda _: cities.open_city("tiny", settings, silent), "ab"))
    assert built == ["tiny"]
    assert opened[0].city_id == opened[1].city_id


def test_iwaki_without_real_data_says_what_to_set(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="KAWAMORI_DATA"):
        cities.build_city("iwaki", Settings(home=tmp_path, data=None), silent)
    assert list((tmp_path / "cities").iterdir()) == []


def test_private_counts_reach_districts_and_buildings(tiny_home, tmp_path) -> None:
    plain = cities.open_city("tiny", Settings(home=tiny_home), silent)
    first = plain.buildings.iloc[0]
    path = tmp_path / "counts.csv"
    path.write_text(
        f"\ufeffdistrict_id,block,assisted\n{first['district_id']},{first['block']},7\n"
    )
    city = cities.open_city("tiny", Settings(home=tiny_home, assisted=path), silent)
    assert city.buildings["assisted"].sum() == pytest.approx(7)
    assert city.districts.loc[first["district_id"], "assisted"] == 7
    with pytest.raises(FileNotFoundError, match="nowhere"):
        cities.with_assisted(plain, tmp_path / "nowhere.csv")


def test_a_build_does_not_throw_away_what_was_put_into_a_bundle(
    tiny, tmp_path, monkeypatch
) -> None:
    builders = {"tiny": lambda folder, _progress: tiny.write_tiny_city(folder)}
    monkeypatch.setattr(cities, "_builders", lambda _settings: builders)
    settings = Settings(home=tmp_path)
    folder = cities.build_city("tiny", settings, silent)
    (folder / "network-abc.npz").touch()  # a cache: made again
    cities.build_city("tiny", settings, silent)
    facts = (folder / "city.toml").read_text(encoding="utf-8")
    (folder / "city.toml").write_text(facts + '[[feed]]\nname = "x"\n', encoding="utf-8")
    (folder / "layers" / "A31a-official.zip").touch()
    with pytest.raises(ValueError, match=r"city.toml, layers/A31a-official.zip.*--replace"):
        cities.build_city("tiny", settings, silent)
    assert "[[feed]]" in (folder / "city.toml").read_text(encoding="utf-8")
    cities.build_city("tiny", settings, silent, replace=True)
    assert "[[feed]]" not in (folder / "city.toml").read_text(encoding="utf-8")
