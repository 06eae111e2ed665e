"""The GRIB2 reader on files made octet by octet (tests/grib_files.py); no distributed file is here.

Three columns at 140, 140.5, 141 E and two rows at 37, 36.5 N, the north-west point first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.sources.grib2 import rain_fields
from tests.grib_files import (
    LAT,
    LON,
    grid,
    in_groups,
    message,
    product,
    run_length,
    section,
    simple,
)

REFERENCE = datetime(2026, 6, 1, 0, tzinfo=UTC)
END = datetime(2026, 6, 1, 3, tzinfo=UTC)
SUM = product(REFERENCE, END, 1)
RAIN = (0.0, 1.5, 2.5, 10.0, 0.5, 80.0)
TABLE = (0, 4, 10, 20)  # levels 1 to 4 in tenths of mm: 0, 0.4, 1, 2 mm
NAN = np.nan


def read(body):
    (field,) = rain_fields(body, "file.bin")
    lat, lon = np.meshgrid(LAT, LON, indexing="ij")
    return field, field.at(lon.ravel(), lat.ravel())


def test_simple_packing_gives_what_was_packed():
    # 12 bits from a reference of -1 in tenths of mm, in steps of 2^1 tenths: 1.5 mm = -1 + 8 * 2.
    packing = simple((0.1, 1.5, 2.5, 10.1, 0.5, 80.1), reference=-1.0, binary=1)
    field, rain = read(message(REFERENCE, grid(), SUM, packing))
    np.testing.assert_allclose(rain, [0.1, 1.5, 2.5, 10.1, 0.5, 80.1])
    assert (field.reference, field.start, field.end) == (REFERENCE, END - timedelta(hours=1), END)


def test_a_constant_field_has_no_bits():
    # E.g. no rain anywhere: the reference is all there is. 25 tenths of mm = 2.5 mm.
    _, rain = read(message(REFERENCE, grid(), SUM, simple((2.5,) * 6, reference=25.0, width=0)))
    np.testing.assert_allclose(rain, [2.5] * 6)


def test_what_the_bit_map_leaves_out_is_nan():
    values = (None, 1.5, None, 10.0, 0.5, None)
    _, rain = read(message(REFERENCE, grid(), SUM, simple(values)))
    np.testing.assert_allclose(rain, [NAN, 1.5, NAN, 10.0, 0.5, NAN])


def test_a_bit_map_is_used_again_where_the_next_field_says_so():
    values = (None, 1.5, None, 10.0, 0.5, None)
    first, again = simple(values), simple((3.0, 4.0, 5.0))
    again = again.replace(section(6, b"\xff"), section(6, b"\xfe"))
    two = message(REFERENCE, grid(), SUM, first, SUM, again)
    _, field = rain_fields(two, "file.bin")
    np.testing.assert_allclose(field.at([140.5, 140.0], [37.0, 37.0]), [3.0, NAN])


def test_run_lengths_give_levels_and_level_0_is_nan():
    # Levels of the six points: missing, 0, 0, 0.4, 2, 2 mm.
    _, rain = read(message(REFERENCE, grid(), SUM, run_length((0, 1, 1, 2, 4, 4), TABLE)))
    np.testing.assert_allclose(rain, [NAN, 0.0, 0.0, 0.4, 2.0, 2.0])


def test_a_long_run_has_several_digits():
    # 4 bits and levels to 4 leave digits of base 16 - 1 - 4 = 11: a run of 4,000 has four of them.
    levels = [1] * 4000 + [4] * 96
    body = message(REFERENCE, grid(64, 64), SUM, run_length(levels, TABLE, width=4))
    (field,) = rain_fields(body, "file.bin")
    # Row 62 is points 3968 to 4031: its first 32 are of the long run. Columns are 1/63 E apart.
    lon, lat = 140 + np.array([0, 31, 32, 63]) / 63, np.full(4, 37 - 0.5 * 62 / 63)
    np.testing.assert_allclose(field.at(lon, lat), [0.0, 0.0, 2.0, 2.0])


def test_groups_have_their_own_reference_and_width():
    # Tenths of mm: 5 + (0, 1, 3) in two bits, 40 without a bit, 10 + (0, 7) in three bits.
    packing = in_groups([(5, 2, (0, 1, 3)), (40, 0, (0,)), (10, 3, (0, 7))])
    _, rain = read(message(REFERENCE, grid(), SUM, packing))
    np.testing.assert_allclose(rain, [0.5, 0.6, 0.8, 4.0, 1.0, 1.7])


@pytest.mark.parametrize(
    ("heads", "groups"),
    [
        # 3, 5, 8, 8, 9, 20 tenths: 3, then +2, +3, +0, +1, +11; the first is told apart.
        ((3, 0), [(0, 2, (0, 2, 3, 0)), (1, 4, (0, 10))]),
        # The same of the differences: 3, 5, then +1, -3, +1, +10, less the least of -3.
        ((3, 5, -3), [(0, 3, (0, 0, 4, 0, 4)), (13, 0, (0,))]),
    ],
)
def test_differences_of_first_and_second_order_are_summed(heads, groups):
    _, rain = read(message(REFERENCE, grid(), SUM, in_groups(groups, heads=heads)))
    np.testing.assert_allclose(rain, [0.3, 0.5, 0.8, 0.8, 0.9, 2.0])


def test_the_highest_numbers_of_a_group_are_missing_where_the_file_says_so():
    # Two bits: 3 is missing, with two kinds of missing 2 is too; so is a group of 63 (six bits).
    groups = [(5, 2, (0, 1, 2, 3)), (63, 0, (0, 0))]
    for management, expected in ((1, [0.5, 0.6, 0.7, NAN]), (2, [0.5, 0.6, NAN, NAN])):
        packing = in_groups(groups, management=management)
        _, rain = read(message(REFERENCE, grid(), SUM, packing))
        np.testing.assert_allclose(rain, [*expected, NAN, NAN])


@pytest.mark.parametrize("template", [50008, 50009])
def test_the_templates_of_the_agency_are_read(template):
    told = product(REFERENCE, END, 1, template=template, parameter=(1, 200))
    field, rain = read(message(REFERENCE, grid(), told, run_length((1,) * 5 + (4,), TABLE)))
    assert field.end == END
    np.testing.assert_allclose(rain, [0.0] * 5 + [2.0])


def test_rows_may_run_north_and_columns_west():
    south = grid(scan=0x40, corners=(36.5, 140.0, 37.0, 141.0))
    west = grid(scan=0x80, corners=(37.0, 141.0, 36.5, 140.0))
    packing = simple(RAIN)
    _, rain = read(message(REFERENCE, south, SUM, packing))
    np.testing.assert_allclose(rain, RAIN[3:] + RAIN[:3])
    _, rain = read(message(REFERENCE, west, SUM, packing))
    np.testing.assert_allclose(rain, RAIN[2::-1] + RAIN[:2:-1])


def test_half_a_step_around_the_grid_is_its_edge_and_beyond_is_nan():
    (field,) = rain_fields(message(REFERENCE, grid(), SUM, simple(RAIN)), "file.bin")
    lon, lat = [139.76, 139.74, 141.24, 140.0, 140.0], [37.0, 37.0, 36.26, 37.26, NAN]
    np.testing.assert_allclose(field.at(lon, lat), [0.0, NAN, 80.0, NAN, NAN])


def test_other_fields_and_messages_are_passed_over():
    wind = product(REFERENCE, END, 1, template=0, parameter=(2, 2))
    body = b"header" + message(REFERENCE, grid(template=30), wind, simple(RAIN))
    body += message(REFERENCE, grid(), wind, simple(RAIN), SUM, simple(RAIN))
    assert len(list(rain_fields(body, "file.bin"))) == 1


WHOLE = message(REFERENCE, grid(), SUM, simple(RAIN))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "must begin with GRIB"),
        (b"<html>", "must begin with GRIB, got b'<html>'"),
        (WHOLE[:12], "message 1 is cut off after 12 bytes"),
        (WHOLE[:-1], f"must have {len(WHOLE)} bytes, got {len(WHOLE) - 1}"),
        (WHOLE[:-4] + b"7778", "must end with 7777, got b'7778'"),
        (message(REFERENCE, grid(), SUM, simple(RAIN), edition=1), "got edition 1"),
        (message(REFERENCE, grid(template=30), SUM, simple(RAIN)), r"grid must .*, got 3\.30"),
        (message(REFERENCE, grid(scan=0x20), SUM, simple(RAIN)), "scanning mode 0x20"),
        (message(REFERENCE, grid(), SUM, simple(RAIN[:5])), "6 values .* got 5 of 12"),
        (message(REFERENCE, SUM, simple(RAIN)), r"before its sections \[3\]"),
        (message(REFERENCE, grid(), product(REFERENCE, END, 1, template=11), simple(RAIN)),
         r"0\.1\.8: product must be one of .* got template 4\.11"),
        (message(REFERENCE, grid(), product(REFERENCE, END, 1, statistic=2), simple(RAIN)),
         "statistic 2"),
        (message(REFERENCE, grid(), SUM, simple(RAIN).replace(b"\x05\0\0\0\x06\0\0",
                                                              b"\x05\0\0\0\x06\0\x28")),
         r"packing must be one of 5\.0, .* 5\.200, got template 5\.40"),
        (message(REFERENCE, grid(), SUM, in_groups([(5, 2, (0, 1, 3))])), "6 values .* got 3"),
        (message(REFERENCE, grid(), SUM, run_length((1, 1, 2), TABLE)), "end at 6 points, got 3"),
        (message(REFERENCE, grid(), SUM, run_length((5,) * 6, TABLE)), "levels up to 5 of 4"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named_with_what_came(body, fault):
    with pytest.raises(ValueError, match=rf"^file\.bin.*{fault}") as told:
        list(rain_fields(body, "file.bin"))
    assert not re.search(r"Traceback|IndexError", str(told.value))


GROUPS = in_groups([(0, 3, (0, 0, 4, 0, 4)), (13, 0, (0,))], heads=(3, 5, -3))
MANY = message(REFERENCE, grid(), SUM, simple((None, *RAIN[1:])), SUM,
               run_length((0, 1, 1, 2, 4, 4), TABLE), SUM, GROUPS)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(MANY) - 1), st.integers(0, 255)), max_size=4),
       st.integers(0, len(MANY)))  # fmt: skip
def test_a_damaged_file_is_refused_or_read_but_never_anything_else(changes, length):
    body = bytearray(MANY)
    for place, octet in changes:
        body[place] = octet
    try:
        fields = list(rain_fields(bytes(body[:length]), "file.bin"))
    except ValueError:
        return
    for field in fields:
        assert field.at([140.0, 141.0], [37.0, 36.5]).shape == (2,)
