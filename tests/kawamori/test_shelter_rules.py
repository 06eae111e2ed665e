"""Numbers of the shelter plans are read from the city's file, else from the common one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kawamori.city import read_city
from kawamori.shelter_rules import open_shelters


def test_the_common_file_gives_every_number_but_the_staff(tiny_home: Path) -> None:
    desk = open_shelters(read_city(tiny_home / "cities" / "tiny"))
    assert desk.opening.staff is None
    assert (desk.opening.people_per_staff, desk.stock.people_per_toilet) == (50, 50)
    assert desk.index is not None


def test_a_city_says_how_many_staff_it_has(tiny_home: Path) -> None:
    folder = tiny_home / "cities" / "tiny"
    (folder / "sheltering.toml").write_text("[staff]\nvalue = 4\n", encoding="utf-8")
    assert open_shelters(read_city(folder)).opening.staff == 4


@pytest.mark.parametrize("text", ["[staf]\nvalue = 4\n", "[staff]\nvalue = -4\n", "[staff]\n"])
def test_a_number_without_sense_names_the_file(tiny_home: Path, text: str) -> None:
    folder = tiny_home / "cities" / "tiny"
    (folder / "sheltering.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"sheltering\.toml must hold tables such as"):
        open_shelters(read_city(folder))
