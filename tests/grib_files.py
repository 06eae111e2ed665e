"""GRIB2 files as 気象庁 forms them, made from the manuals' tables: small enough to check by hand.

Written apart from the reader: octet by octet, so that a wrong offset there shows here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime, timedelta

Row = Sequence[float | None]

# Columns at 140, 140.5, 141 E, rows at 37, 36.5 N: the first point is in the north-west.
LON, LAT = (140.0, 140.5, 141.0), (37.0, 36.5)


def sign_and_size(number: int, octets: int) -> bytes:
    """Give a number with its sign in the first bit."""
    top = 1 << (8 * octets - 1)
    return (abs(number) | (top if number < 0 else 0)).to_bytes(octets, "big")


def section(number: int, content: bytes) -> bytes:
    """Give a section: its length, its number, its content."""
    return struct.pack(">IB", 5 + len(content), number) + content


def moment(at: datetime) -> bytes:
    """Give year to second."""
    return struct.pack(">HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)


def grid(columns: int = 3, rows: int = 2, *, template: int = 0, scan: int = 0,
         corners: Sequence[float] = (37.0, 140.0, 36.5, 141.0)) -> bytes:  # fmt: skip
    """Give section 3: lat/lon of the first and the last point in 1e-6 degrees."""
    lat0, lon0, lat1, lon1 = (sign_and_size(round(one * 1e6), 4) for one in corners)
    steps = (
        abs(corners[3] - corners[1]) / (columns - 1),
        abs(corners[2] - corners[0]) / (rows - 1),
    )
    return section(3, b"".join([
        struct.pack(">BIBBH", 0, columns * rows, 0, 0, template),
        bytes([6, *[255] * 15]),  # shape of the earth
        struct.pack(">IIII", columns, rows, 0, 0xFFFFFFFF),
        lat0, lon0, bytes([48]), lat1, lon1,
        struct.pack(">II", *(round(one * 1e6) for one in steps)), bytes([scan]),
    ]))  # fmt: skip


def product(reference: datetime, end: datetime, hours: float, *, template: int = 8,
            parameter: tuple[int, int] = (1, 8), statistic: int = 1) -> bytes:  # fmt: skip
    """Give section 4: a sum of minutes that ends at `end`."""
    start = round((end - timedelta(hours=hours) - reference).total_seconds() / 60)
    return section(4, b"".join([
        struct.pack(">HH", 0, template), bytes([*parameter, 2, 31, 255, 0, 0, 0, 0]),
        sign_and_size(start, 4), bytes([1, *[255] * 5, 255, *[255] * 5]),
        moment(end), bytes([1]), struct.pack(">I", 0), bytes([statistic, 2, 0]),
        struct.pack(">IBI", round(hours * 60), 255, 0),
        b"" if template == 8 else bytes(16),  # what radars were at work
    ]))  # fmt: skip


def bits_of(numbers: Sequence[int], width: int) -> bytes:
    """Give numbers packed without gaps, filled up with 0 to whole octets."""
    text = "".join(f"{number:0{width}b}" for number in numbers)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def simple(values: Row, *, reference: float = 0.0, binary: int = 0, decimal: int = 1,
           width: int = 12) -> bytes:  # fmt: skip
    """Give sections 5 to 7 of template 5.0; None = missing, told in a bit map."""
    known = [value for value in values if value is not None]
    packed = [round((value * 10**decimal - reference) / 2**binary) for value in known]
    five = struct.pack(">IHf", len(known), 0, reference)
    five += sign_and_size(binary, 2) + sign_and_size(decimal, 2) + bytes([width, 0])
    six = bytes([255])
    if len(known) < len(values):
        six = bytes([0]) + bits_of([int(value is not None) for value in values], 1)
    return section(5, five) + section(6, six) + section(7, bits_of(packed, width) if width else b"")


def in_groups(groups: Sequence[tuple[int, int, Sequence[int]]], *, heads: Sequence[int] = (),
              management: int = 0, decimal: int = 1) -> bytes:  # fmt: skip
    """Give sections 5 to 7 of template 5.2, or with `heads` 5.3: reference, width, packed a group.

    `heads` are the first values and the least difference; as many firsts, so high the order.
    """
    count = sum(len(packed) for _, _, packed in groups)
    five = struct.pack(">IHf", count, 3 if heads else 2, 0.0)
    five += sign_and_size(0, 2) + sign_and_size(decimal, 2) + bytes([6, 0, 1, management])
    five += bytes(8) + struct.pack(">IBBIBIB", len(groups), 0, 4, 1, 1, len(groups[-1][2]), 5)
    told = b""
    if heads:
        five += bytes([len(heads) - 1, 2])
        told = b"".join(sign_and_size(head, 2) for head in heads)
    told += bits_of([reference for reference, _, _ in groups], 6)
    told += bits_of([width for _, width, _ in groups], 4)
    told += bits_of([len(packed) - 1 for _, _, packed in groups], 5)
    text = "".join(f"{one:0{width}b}" for _, width, packed in groups for one in packed if width)
    text += "0" * (-len(text) % 8)
    told += bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))
    return section(5, five) + section(6, bytes([255])) + section(7, told)


def run_length(levels: Sequence[int], table: Sequence[int], *, decimal: int = 1,
               width: int = 8) -> bytes:  # fmt: skip
    """Give sections 5 to 7 of template 5.200: the level of each point, 0 = missing."""
    used = max(*levels, 1)
    base = 2**width - 1 - used
    coded: list[int] = []
    place = 0
    while place < len(levels):
        length = 1
        while place + length < len(levels) and levels[place + length] == levels[place]:
            length += 1
        coded.append(levels[place])
        rest = length - 1
        while rest:
            coded.append(used + 1 + rest % base)
            rest //= base
        place += length
    five = struct.pack(">IHBHH", len(levels), 200, width, used, len(table))
    five += sign_and_size(decimal, 1) + struct.pack(f">{len(table)}H", *table)
    return section(5, five) + section(6, bytes([255])) + section(7, bits_of(coded, width))


def message(reference: datetime, *sections: bytes, discipline: int = 0, edition: int = 2) -> bytes:
    """Give a whole message of sections 3 to 7."""
    one = section(1, struct.pack(">HHBBB", 34, 0, 5, 1, 1) + moment(reference) + bytes([0, 1]))
    body = one + b"".join(sections)
    length = 16 + len(body) + 4
    return b"GRIB" + bytes([0, 0, discipline, edition]) + struct.pack(">Q", length) + body + b"7777"
