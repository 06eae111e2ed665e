"""Tiles of the nowcast: made in the test (tests/tile_files.py), no tile of the Agency is here."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from forecasting.sources.nowcast import (
    CLASSES,
    NOWCAST,
    SHORT_RANGE,
    Frame,
    Pixel,
    classes_at,
    frames_of,
    periods_of,
    pixel_of,
)
from forecasting.types import RainGauge
from tests.tile_files import PALETTE, empty_tile, tile

NAN = math.nan
BASE = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
HERE = Pixel(227, 99, 10, 20)


def test_each_colour_of_the_legend_is_an_interval():
    for number, colour in enumerate(PALETTE[2:], start=2):
        low, high = classes_at(tile({(10, 20): number}), [HERE])
        assert (low[0], high[0]) == CLASSES[colour]
    assert CLASSES[PALETTE[5]] == (10.0, 20.0)
    assert CLASSES[PALETTE[9]] == (80.0, math.inf)


def test_no_rain_is_0_and_no_data_is_nan():
    for number, bound in ((1, 0.0), (0, NAN)):
        low, high = classes_at(tile(fill=number), [HERE])
        np.testing.assert_equal([low[0], high[0]], [bound, bound])


def test_a_tile_without_a_palette_is_unknown_not_dry():
    low, _ = classes_at(empty_tile(), [HERE])
    assert np.isnan(low[0])


def test_transparent_is_unknown_where_the_palette_begins_otherwise():
    other = ((0, 0, 0), *PALETTE[1:])
    low, _ = classes_at(tile(fill=1, palette=other), [HERE])
    assert np.isnan(low[0])


def test_a_colour_that_the_legend_does_not_have_is_refused():
    changed = (*PALETTE[:5], (1, 2, 3), *PALETTE[6:])
    body = tile({(10, 20): 5}, palette=changed)
    with pytest.raises(ValueError, match=r"got \(1, 2, 3\).*legend"):
        classes_at(body, [HERE])
    classes_at(body, [Pixel(227, 99, 11, 20)])  # elsewhere it is not looked at


def picture(**options):
    body = io.BytesIO()
    Image.new("P", (256, 256)).save(body, **options)
    return body.getvalue()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "must be a whole PNG"),
        (b"<html>404</html>", "must be a whole PNG, got b'<html>40'"),
        (tile()[:150], "must be a whole PNG"),
        (tile(size=512), r"256 x 256 pixels, got \(512, 512\)"),
        (picture(format="GIF"), "must be a whole PNG, got b'GIF"),
    ],
)
def test_what_is_no_tile_is_refused(body, fault):
    with pytest.raises(ValueError, match=fault):
        classes_at(body, [HERE])


def test_a_position_lies_in_the_pixel_of_its_tile():
    # Zoom 1: 512 pixels for 360 degrees. 0 E, 0 N is the corner of the four tiles; 90 E is 384
    # pixels from the west: column 128 of tile 1. 85.0511 N is the upper edge.
    assert pixel_of(0.0, 0.0, 1) == Pixel(1, 1, 0, 0)
    assert pixel_of(90.0, 0.0, 1) == Pixel(1, 1, 128, 0)
    assert pixel_of(-180.0, 85.0511, 1) == Pixel(0, 0, 0, 0)
    assert (pixel_of(139.7163, 35.6846, 10).x, pixel_of(139.7163, 35.6846, 10).y) == (909, 403)


@given(st.floats(120, 149.9), st.floats(20, 47.9))
def test_tile_and_pixel_of_japan_are_within_the_area(lon, lat):
    pixel = pixel_of(lon, lat)
    assert 211 <= pixel.x <= 234  # zoom 8: 118-150 E
    assert 88 <= pixel.y <= 113  # 20-48 N
    assert 0 <= pixel.column < 256
    assert 0 <= pixel.row < 256


def row(base, valid, element="hrpns", **more):
    return {"basetime": f"{base:%Y%m%d%H%M%S}", "validtime": f"{valid:%Y%m%d%H%M%S}",
            "elements": [element], **more}  # fmt: skip


def test_the_forecasts_of_the_newest_base_time_are_taken_in_order():
    five = timedelta(minutes=5)
    rows = [row(BASE, BASE + 2 * five), row(BASE, BASE + five), row(BASE - five, BASE + five),
            row(BASE, BASE), row(BASE, BASE + 3 * five, element="thns")]  # fmt: skip
    frames = frames_of(json.dumps(rows).encode(), NOWCAST)
    assert [(one.base, one.valid) for one in frames] == [(BASE, BASE + five),
                                                         (BASE, BASE + 2 * five)]  # fmt: skip
    assert frames_of(b"[]", NOWCAST) == ()


def test_the_member_of_the_path_is_read_where_there_is_one():
    rows = [row(BASE, BASE + timedelta(hours=1), element="rasrf", member="immed")]
    assert frames_of(json.dumps(rows).encode(), SHORT_RANGE)[0].member == "immed"
    rows[0]["member"] = "../x"
    with pytest.raises(ValueError, match="member must be letters and digits"):
        frames_of(json.dumps(rows).encode(), SHORT_RANGE)


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"[", b'[{"elements": ["hrpns"]}]'])
def test_a_list_of_another_form_is_refused(body):
    with pytest.raises((ValueError, KeyError)):
        frames_of(body, NOWCAST)


def test_a_class_becomes_mm_of_its_time_by_its_middle_and_keeps_its_bounds():
    # 10-20 mm/h over 5 minutes are 0.83 to 1.67 mm, 1.25 mm in the middle; 80 and more are 6.67
    # and more: the lower bound stands. 0 stays 0.
    frames = [Frame(BASE, BASE + number * timedelta(minutes=5), "none") for number in (1, 2)]
    gauges = (RainGauge("a", "", 140, 37), RainGauge("b", "", 140, 37))
    told = periods_of(NOWCAST, gauges, "jma-nowcast", [
        (frames[0], np.array([10.0, 0.0]), np.array([20.0, 0.0])),
        (frames[1], np.array([80.0, NAN]), np.array([math.inf, NAN])),
    ])  # fmt: skip
    np.testing.assert_allclose(told.rain_mm, [[1.25, 0.0], [80 / 12, NAN]])
    np.testing.assert_allclose(told.high_mm, [[20 / 12, 0.0], [math.inf, NAN]])
    assert told.issued_at == BASE
    assert (told.end[0] - told.start[0]) / np.timedelta64(1, "m") == 5
    hour = periods_of(SHORT_RANGE, gauges[:1], "jma-rasrf", [
        (Frame(BASE, BASE + timedelta(hours=1), "immed"), np.array([20.0]), np.array([30.0])),
    ])  # fmt: skip
    assert hour.rain_mm[0, 0] == 25.0
