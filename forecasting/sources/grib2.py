"""GRIB edition 2 as 気象庁 sends rain: sections, lat/lon grid, its packings; numpy alone.

Only what rain needs is read, at single points, so that a file of 70 MB costs little. Octets are
numbered from 1 as in the manuals [1]_ [2]_. A library was weighed and not taken: ecCodes 2.50
(73 MB) has no template 4.50008 or 4.50009, in which 解析雨量 and 降水短時間予報 come, and GDAL no
template 5.200; a reader without C cannot end the process that it runs in.

References
----------
.. [1] WMO Manual on Codes (WMO-No. 306), Volume I.2, FM 92 GRIB edition 2: templates 3.0, 4.8,
   5.0, 5.2, 5.3, 5.200 and code tables 3.4, 4.4, 4.10, 6.0
.. [2] 気象庁 国際気象通報式・別冊; 配信資料に関する技術情報(気象編)第193号
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from forecasting.sources.grib2_complex import Complex
from forecasting.sources.grib2_packing import Packed, RunLength, Simple, signed, unsigned

Floats = NDArray[np.float64]

LIMIT_BYTES = 200_000_000
LIMIT_POINTS = 20_000_000
RAIN = {  # (discipline, category, number)
    (0, 1, 8): "total precipitation [kg m-2]",
    (0, 1, 200): "1時間降水量 of 気象庁, local table [mm]",
}
PACKINGS: Mapping[int, type[Simple] | type[Complex] | type[RunLength]] = {
    0: Simple, 2: Complex, 3: Complex, 200: RunLength,
}  # fmt: skip
PERIODS = (8, 50008, 50009)  # product templates whose octets 35 to 53 tell the time of a sum
SUM = 1  # code table 4.10
UNIT_S = {0: 60, 1: 3600, 2: 86400, 10: 3 * 3600, 11: 6 * 3600, 12: 12 * 3600, 13: 1}  # table 4.4
NO_BITMAP, OWN_BITMAP, SAME_BITMAP = 255, 0, 254  # code table 6.0
WESTWARD, OTHER_WAYS = 0b1000_0000, 0b0011_1111  # scanning: not row by row (table 3.4)
MICRO = 1e-6  # degrees


@dataclass(frozen=True)
class Grid:
    """A lat/lon grid by its first point and how far the last one is from it, row by row."""

    columns: int
    rows: int
    first: tuple[float, float]  # lon, lat
    east: float  # degrees, negative = westward
    north: float

    def cells(self, lon: Floats, lat: Floats) -> NDArray[np.int64]:
        """Give the number of the nearest point of each position; -1 = outside the grid.

        Reckoned from the corners: steps as written are rounded (1/120 degree is 0.008333).
        """
        lon0, lat0 = self.first
        middle = lon0 + self.east / 2
        east = (np.asarray(lon, float) - middle + 180) % 360 - 180 + self.east / 2
        column = _place(east / self.east, self.columns)
        row = _place((np.asarray(lat, float) - lat0) / self.north, self.rows)
        return np.where((column < 0) | (row < 0), -1, row * self.columns + column)


@dataclass(frozen=True)
class Field:
    """One field of rain: what fell or will fall from `start` to `end`. [mm]"""

    reference: datetime
    start: datetime
    end: datetime
    grid: Grid
    packed: Packed

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Give the rain at positions; NaN = missing there, or outside the grid. [mm]"""
        cells = self.grid.cells(lon, lat)
        inside = cells >= 0
        values = np.full(cells.shape, np.nan)
        values[inside] = self.packed.at(cells[inside])
        return values


def rain_fields(body: bytes, name: str) -> Iterator[Field]:
    """Give the rain of a file, in its order; fields of anything else are passed over.

    Raises
    ------
    ValueError
        If it is no whole GRIB edition 2, or rain comes on a grid, in a template or as a statistic
        that is not read here; the text says in which file and message, and what came.
    """
    if len(body) > LIMIT_BYTES:
        raise ValueError(f"{name} must have at most {LIMIT_BYTES} bytes, got {len(body)}.")
    start, number = body.find(b"GRIB"), 0
    if start < 0:
        raise ValueError(f"{name} must begin with GRIB, got {body[:8]!r}. It is no GRIB file.")
    while start >= 0:
        number += 1
        where = f"{name}, message {number}"
        end = _message_end(body, start, where)
        yield from _message(body[start:end], where)
        start = body.find(b"GRIB", end)


def _message_end(body: bytes, start: int, where: str) -> int:
    if len(body) < start + 16:
        raise ValueError(f"{where} is cut off after {len(body) - start} bytes. Fetch it again.")
    if body[start + 7] != 2:
        raise ValueError(f"{where} must be GRIB edition 2, got edition {body[start + 7]}.")
    length = unsigned(body[start + 8 : start + 16])
    end = start + length
    if length < 20 or end > len(body):
        raise ValueError(
            f"{where} must have {length} bytes, got {len(body) - start}: it is cut off. "
            "Fetch it again."
        )
    if body[end - 4 : end] != b"7777":
        raise ValueError(f"{where} must end with 7777, got {body[end - 4 : end]!r}.")
    return end


def _message(body: bytes, where: str) -> Iterator[Field]:
    """Give the rain of one message: sections 3 to 7 may come again and again."""
    held: dict[int, bytes] = {}
    bitmap: bytes | None = None
    for number, section in _sections(body, where):
        held[number] = section
        if number == 6:
            bitmap = _bitmap(section, bitmap, where)
        if number == 7:
            missing = [one for one in (1, 3, 4, 5, 6) if one not in held]
            if missing:
                raise ValueError(f"{where} has data before its sections {missing}.")
            if (parameter := (body[6], held[4][9], held[4][10])) in RAIN:
                yield _field(held, bitmap, f"{where}, parameter {'.'.join(map(str, parameter))}")


def _sections(body: bytes, where: str) -> Iterator[tuple[int, bytes]]:
    place, end = 16, len(body) - 4
    while place < end:
        length = unsigned(body[place : place + 4])
        if length < 5 or place + length > end:
            raise ValueError(
                f"{where}: the section at byte {place} must end before {end}, got a length of "
                f"{length}. Fetch the file again."
            )
        section = body[place : place + length]
        least = {1: 21, 4: 11, 5: 11, 6: 6}.get(section[4], 5)
        if length < least:
            raise ValueError(
                f"{where}: section {section[4]} must have {least} bytes, got {length}."
            )
        yield section[4], section
        place += length


def _bitmap(section: bytes, before: bytes | None, where: str) -> bytes | None:
    kind = section[5]
    if kind == NO_BITMAP:
        return None
    if kind == OWN_BITMAP:
        return section[6:]
    if kind == SAME_BITMAP and before is not None:
        return before
    raise ValueError(f"{where}: bit map {kind} must be 0, 254 after another one, or 255.")


def _field(held: dict[int, bytes], bitmap: bytes | None, where: str) -> Field:
    grid = _grid(held[3], where)
    reference = _time(held[1][12:19], where)
    start, end = _period(held[4], where)
    template = unsigned(held[5][9:11])
    if template not in PACKINGS:
        known = ", ".join(f"5.{one}" for one in sorted(PACKINGS))
        raise ValueError(f"{where}: packing must be one of {known}, got template 5.{template}.")
    points = grid.columns * grid.rows
    try:
        packed = PACKINGS[template].of(held[5], bitmap, held[7][5:], points)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    return Field(reference, start, end, grid, packed)


def _grid(section: bytes, where: str) -> Grid:
    template = unsigned(section[12:14])
    if template != 0 or len(section) < 72:
        raise ValueError(f"{where}: grid must be lat/lon (template 3.0), got 3.{template}.")
    columns, rows, basic = (unsigned(section[at : at + 4]) for at in (30, 34, 38))
    points, scan = unsigned(section[6:10]), section[71]
    if basic not in (0, 2**32 - 1) or scan & OTHER_WAYS:
        raise ValueError(
            f"{where}: grid must be in 1e-6 degrees and row by row, got basic angle {basic}, "
            f"scanning mode {scan:#04x}."
        )
    if columns < 2 or rows < 2 or points != columns * rows or points > LIMIT_POINTS:
        raise ValueError(
            f"{where}: grid must have columns x rows points and at most {LIMIT_POINTS}, got "
            f"{columns} x {rows} and {points}."
        )
    lat0, lon0, lat1, lon1 = (signed(section[at : at + 4]) * MICRO for at in (46, 50, 55, 59))
    west = bool(scan & WESTWARD)
    east = (lon0 - lon1) % 360 if west else (lon1 - lon0) % 360
    if lat0 == lat1 or east == 0:
        raise ValueError(f"{where}: the grid must begin and end at two places, got {lat0, lon0}.")
    return Grid(columns, rows, (lon0, lat0), -east if west else east, lat1 - lat0)


def _period(section: bytes, where: str) -> tuple[datetime, datetime]:
    """Give the time over which the rain is summed."""
    template = unsigned(section[7:9])
    if template not in PERIODS or len(section) < 58:
        known = ", ".join(f"4.{one}" for one in PERIODS)
        raise ValueError(f"{where}: product must be one of {known}, got template 4.{template}.")
    ranges, statistic, unit = section[41], section[46], section[48]
    if ranges != 1 or statistic != SUM or unit not in UNIT_S:
        raise ValueError(
            f"{where}: rain must be one sum over a time (statistic {SUM}), got {ranges} times, "
            f"statistic {statistic}, unit of time {unit}."
        )
    end = _time(section[34:41], where)
    length = timedelta(seconds=unsigned(section[49:53]) * UNIT_S[unit])
    if not timedelta(0) < length <= timedelta(days=30):
        raise ValueError(f"{where}: rain must be of more than 0 s and at most 30 d, got {length}.")
    return end - length, end


def _time(octets: bytes, where: str) -> datetime:
    try:
        return datetime(unsigned(octets[:2]), *octets[2:7]).replace(tzinfo=UTC)  # noqa: DTZ001
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: {octets.hex()} is no time: {error}.") from error


def _place(share: Floats, count: int) -> NDArray[np.int64]:
    """Give which of `count` points is nearest to a share of the way; -1 = half a step outside."""
    place = np.floor(share * (count - 1) + 0.5)
    return np.where((place >= 0) & (place < count), place, -1).astype(np.int64)
