"""Which warnings are for a city, and for which of its gauges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from advisory.telegrams import Place, Telegram, merge, of_place
from advisory.telegrams.place import covers
from advisory.types import Level, Section, Warning, Warnings

AT = datetime(2026, 9, 1, tzinfo=UTC)
IWAKI = Place("0720400", stations={"07002800010000001": "kamata"})


@pytest.mark.parametrize(
    ("code", "here"),
    [("0720400", True), ("0720401", True), ("07204", True), ("0720500", False), ("1720400", False),
     ("070000", True), ("080000", False), ("", True), ("新", True)],
)  # fmt: skip
def test_codes_of_the_city_its_parts_and_its_prefecture_are_here(code: str, here: bool) -> None:
    assert covers(code, IWAKI) is here


def test_given_wider_areas_leave_out_the_rest_of_the_prefecture() -> None:
    place = Place("0720400", area_codes=("070000", "070020"))
    assert [covers(code, place) for code in ("070020", "070000", "070010")] == [True, True, False]


def test_mapped_section_is_for_its_gauge(flood: Callable[..., Telegram]) -> None:
    (found,) = of_place(merge([flood(4, "2026-09-01T18:00:00+09:00")]), IWAKI).active
    assert (found.gauge_ids, found.level) == (("kamata",), 4)


def section(*area_codes: str, towns: tuple[str, ...] = ()) -> Warnings:
    """Give a section of an unmapped station at level 4."""
    at = Section("99", "橋", "", Level.EVACUATE, "", towns=towns)
    one = Warning("T", "氾濫危険警報", Level.EVACUATE, area_codes, (), AT, None, section=at)
    return Warnings(active=(one,))


def test_unmapped_section_that_threatens_the_city_is_for_all_of_it_and_says_so() -> None:
    (found,) = of_place(section("0820100", "0720400"), IWAKI).active
    assert (found.level, found.gauge_ids) == (4, ())
    assert "対応表" in found.doubts[-1]


@pytest.mark.parametrize("codes", [("0820100",), ("080000",), ("0720500", "0720600")])
def test_unmapped_section_elsewhere_falls_away(codes: tuple[str, ...]) -> None:
    assert of_place(section(*codes), IWAKI).active == ()


@pytest.mark.parametrize("codes", [("070000",), ()])
def test_unmapped_section_somewhere_in_the_prefecture_is_unknown_unless_its_towns_are_told(
    codes: tuple[str, ...],
) -> None:
    named = replace(IWAKI, name="いわき市")
    (found,) = of_place(section(*codes), named).active
    assert found.level is Level.UNKNOWN
    (found,) = of_place(section(*codes, towns=("福島県いわき市平",)), named).active
    assert found.level is Level.UNKNOWN
    assert of_place(section(*codes, towns=("福島県郡山市",)), named).active == ()


def test_headline_without_sections_is_for_the_gauges_of_its_river() -> None:
    river = Warning(
        "T", "氾濫警戒情報", Level.ELDERLY, (), (), AT, None, river_codes=("0700280001",)
    )
    (found,) = of_place(Warnings(active=(river,)), IWAKI).active
    assert (found.gauge_ids, found.level) == (("kamata",), 3)
    other = replace(river, river_codes=("0799990001",))
    (found,) = of_place(Warnings(active=(other,)), IWAKI).active
    assert (found.gauge_ids, found.level) == ((), Level.UNKNOWN)


def test_warning_of_another_city_falls_away(rain: Callable[..., Telegram]) -> None:
    state = merge([rain(4, "2026-09-01T18:00:00+09:00", area="0720500")])
    assert of_place(state, IWAKI).active == ()
    assert of_place(state, Place("07205")).active == state.active
