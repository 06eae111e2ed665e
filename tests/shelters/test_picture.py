"""The picture of a district: small, in scale, and drawable without a font or a way."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageFont

from shelters.picture import (
    FOOT,
    HEAD,
    HEIGHT,
    MOST_BYTES,
    PLACE,
    WAY,
    WIDTH,
    Place,
    Scene,
    Way,
    draw,
    extent_m,
    round_length_m,
)

SQUARE = shapely.box(0, 0, 2000, 2000)
SCENE = Scene(
    title="【訓練】川辺町 上町 避難先の案内",
    subtitle="基準時刻 10月12日 20:00",
    foot=("緑の家形=避難先",),
    district=SQUARE,
    neighbours=(shapely.box(2000, 0, 4000, 2000),),
    water=((shapely.box(0, 0, 2000, 900).difference(shapely.box(300, 300, 600, 600)), "#ffb7b7"),),
    roads=((shapely.LineString([(0, 1000), (2000, 1000)]), True),),
    ways=(Way(np.array([[500, 500], [500, 1500], [1500, 1500]]), True, False),),
    places=(Place(1, "上町小学校", 1500.0, 1500.0),),
)


def plain(size: int) -> Any:
    return ImageFont.load_default(size)


def opened(made: bytes) -> Image.Image:
    return Image.open(io.BytesIO(made)).convert("RGB")


def test_the_picture_has_its_size_and_shows_way_and_place() -> None:
    made = draw(SCENE, plain)
    image = opened(made)
    assert image.size == (WIDTH, HEIGHT)
    assert len(made) <= MOST_BYTES
    colours = {colour for _, colour in image.getcolors(WIDTH * HEIGHT)}
    assert {ImageColor.getrgb(colour) for colour in (WAY, PLACE, "#ffb7b7")} <= colours


def test_the_same_scene_gives_the_same_bytes() -> None:
    assert draw(SCENE, plain) == draw(SCENE, plain)


def test_the_extent_holds_every_way_and_place_at_one_scale() -> None:
    west, south, east, north = extent_m(SCENE)
    # 1000 x 1000 m of ways and a margin of 8 % on each side of the shorter edge of the map.
    assert west < 500
    assert south < 500
    assert east > 1500
    assert north > 1500
    assert min(east - west, north - south) == pytest.approx(1160)
    assert (east - west) / (north - south) == pytest.approx(WIDTH / (HEIGHT - HEAD - FOOT))


def test_a_dry_hole_in_the_water_stays_dry() -> None:
    west, _, east, north = extent_m(SCENE)
    px_per_m = WIDTH / (east - west)
    image = opened(draw(dataclasses.replace(SCENE, roads=()), plain))

    def colour(east_m: float, north_m: float) -> Any:
        return image.getpixel((
            round((east_m - west) * px_per_m), round((north - north_m) * px_per_m) + HEAD,
        ))  # fmt: skip

    assert colour(700, 700) == ImageColor.getrgb("#ffb7b7")
    assert colour(580, 580) != ImageColor.getrgb("#ffb7b7")


def test_without_a_way_the_district_is_shown_and_without_a_font_only_numbers() -> None:
    bare = dataclasses.replace(SCENE, ways=(), places=())
    west, south, east, north = extent_m(bare)
    assert max(west, south) < 0
    assert min(east, north) > 2000
    assert opened(draw(bare, None)).size == (WIDTH, HEIGHT)


def test_a_picture_full_of_streets_still_fits_a_message() -> None:
    rng = np.random.default_rng(3)
    streets = tuple(
        (shapely.LineString(ends), bool(main))
        for ends, main in zip(
            rng.uniform(0, 2000, (9000, 2, 2)), rng.random(9000) < 0.1, strict=True
        )
    )
    assert len(draw(dataclasses.replace(SCENE, roads=streets), plain)) <= MOST_BYTES


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1e6))
def test_the_scale_bar_is_round_and_as_long_as_fits(most_m: float) -> None:
    length_m = round_length_m(most_m)
    assert length_m <= most_m < 2.5 * length_m * 1.0001
    assert f"{length_m:.0e}"[0] in "125"
