from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from kawamori.city import read_city
from kawamori.digests import city_digest, facts_digest, series_digest


def test_digest_of_a_city_follows_its_shelters(tiny_home) -> None:
    city = read_city(tiny_home / "cities" / "tiny")
    fuller = city.shelters.assign(capacity=[81, 200])
    assert city_digest(city) == city_digest(read_city(tiny_home / "cities" / "tiny"))
    assert city_digest(city) != city_digest(replace(city, shelters=fuller))
    assert city_digest(city) != city_digest(replace(city, shelters=None))


def test_digest_of_a_city_is_the_same_in_another_process(tiny_home) -> None:
    folder = tiny_home / "cities" / "tiny"
    code = (
        "from pathlib import Path; from kawamori.city import read_city;"
        "from kawamori.digests import city_digest;"
        f"print(city_digest(read_city(Path({str(folder)!r}))))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == city_digest(read_city(folder))  # sets are ordered before hashing


def test_digest_of_a_series_sees_a_single_centimetre(tiny) -> None:
    series = tiny.tiny_series(24)
    moved = series.copy(deep=True)
    moved["level_m"][3] += 0.01
    assert series_digest(series) == series_digest(series.copy(deep=True))
    assert series_digest(series) != series_digest(moved)


def test_digest_of_facts_does_not_depend_on_key_order() -> None:
    assert facts_digest({"a": 1, "b": 2}) == facts_digest({"b": 2, "a": 1})
    assert facts_digest(1, 2) != facts_digest(2, 1)
