from __future__ import annotations

import pytest

from kawamori.city import read_city, read_gauges


def test_bundle_is_read_with_its_sets_and_tuples(tiny_home) -> None:
    city = read_city(tiny_home / "cities" / "tiny")
    assert city.districts.loc["low", "gauge_ids"] == ("g1",)
    assert city.shelters.loc["s1", "hazard_ok"] == frozenset({"flood"})
    assert city.gauges[0].thresholds.danger == 2.5
    assert city.roads is None  # the tiny bundle has no such file


def test_missing_bundle_says_how_to_build_it(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="kawamori city build nowhere"):
        read_city(tmp_path / "nowhere")


def test_thresholds_out_of_order_name_the_gauge(tmp_path) -> None:
    path = tmp_path / "gauges.toml"
    path.write_text(
        '[[gauge]]\ngauge_id = "g9"\nname = "a"\nriver = "b"\nlon = 1.0\nlat = 2.0\n'
        "[gauge.thresholds]\ncaution = 3.0\ndanger = 2.0\n"
    )
    with pytest.raises(ValueError, match=r"danger must be >= caution, got 2.0 < 3.0 m.*g9"):
        read_gauges(path)


def test_unknown_key_of_a_gauge_is_refused(tmp_path) -> None:
    path = tmp_path / "gauges.toml"
    path.write_text(
        '[[gauge]]\ngauge_id = "g9"\nname = "a"\nriver = "b"\nlon = 1\nlat = 2\nx = 3\n'
    )
    with pytest.raises(ValueError, match=r"gauges.toml.*'x'.*g9"):
        read_gauges(path)


def test_broken_toml_is_named(tmp_path) -> None:
    (tmp_path / "gauges.toml").write_text("[[gauge]\n")
    with pytest.raises(ValueError, match=r"gauges.toml must be TOML"):
        read_gauges(tmp_path / "gauges.toml")
