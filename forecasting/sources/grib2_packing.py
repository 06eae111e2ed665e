"""Packings of GRIB edition 2, read at single points: simple (5.0), run length of levels (5.200).

Octets are numbered from 1 as in the manual (`forecasting.sources.grib2`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MOST_BITS = 32
MOST_SCALE = 64  # of 2 and 10
MOST_DIGITS = 8  # of a run length: more than any grid needs
LIMIT_VALUES = 50_000_000  # run-length values of one field


class Packed(Protocol):
    """The values of one field, still packed."""

    @classmethod
    def of(cls, section: bytes, bitmap: bytes | None, data: bytes, points: int) -> Self:
        """Check section 5, the bits of section 6 and the octets of section 7."""

    def at(self, points: Places) -> Floats:
        """Give the values at points; NaN = missing."""


@dataclass(frozen=True)
class Present:
    """The bit map of section 6: which points have a packed value, and which one."""

    bits: NDArray[np.uint8]
    before: Places  # how many bits are set before each octet

    @classmethod
    def of(cls, bitmap: bytes, points: int) -> Self:
        """Check that there is a bit for each point."""
        bits = np.frombuffer(bitmap, np.uint8)
        if len(bits) * 8 < points:
            raise ValueError(f"bit map must have {points} bits, got {len(bits) * 8}.")
        count = np.bitwise_count(bits)
        return cls(bits, np.cumsum(count, dtype=np.int64) - count)

    def count(self, points: int) -> int:
        """Give how many of the points have a value."""
        return int(np.unpackbits(self.bits, count=points).sum())

    def spread(self, points: Places, values: Callable[[Places], Floats]) -> Floats:
        """Give the values at points, of their places among the packed ones; NaN = missing."""
        octet, bit = points // 8, points % 8
        here = self.bits[octet].astype(np.int64)
        there = (here >> (7 - bit)) & 1 == 1
        place = self.before[octet] + np.bitwise_count(here >> (8 - bit))
        told = np.full(points.shape, np.nan)
        told[there] = values(place[there])
        return told


@dataclass(frozen=True)
class Scale:
    """What makes numbers of packed ones X: (R + X 2^E) / 10^D."""

    reference: float
    binary: int
    decimal: int

    @classmethod
    def of(cls, section: bytes) -> Self:
        """Read octets 12 to 19 of section 5."""
        (reference,) = struct.unpack(">f", section[11:15])
        binary, decimal = signed(section[15:17]), signed(section[17:19])
        if not np.isfinite(reference) or abs(binary) > MOST_SCALE or abs(decimal) > MOST_SCALE:
            raise ValueError(f"scale must be within {MOST_SCALE}, got {binary}, {decimal}.")
        return cls(float(reference), binary, decimal)

    def values(self, packed: Floats | Places) -> Floats:
        """Give the numbers."""
        return np.asarray((self.reference + packed * 2.0**self.binary) / 10.0**self.decimal)


@dataclass(frozen=True)
class Simple:
    """Template 5.0: numbers of equal width; points without a bit are missing."""

    scale: Scale
    bits: int
    data: NDArray[np.uint8]
    present: Present | None

    @classmethod
    def of(cls, section: bytes, bitmap: bytes | None, data: bytes, points: int) -> Self:
        if len(section) < 21:
            raise ValueError(f"section 5 must have 21 bytes, got {len(section)}.")
        bits, count = section[19], unsigned(section[5:9])
        present = None if bitmap is None else Present.of(bitmap, points)
        known = points if present is None else present.count(points)
        if count != known or bits > MOST_BITS or len(data) * 8 < known * bits:
            raise ValueError(
                f"{known} values of at most {MOST_BITS} bits must be packed, got {count} of {bits} "
                f"bits in {len(data)} bytes. Fetch the file again."
            )
        return cls(Scale.of(section), bits, spare(data), present)

    def at(self, points: Places) -> Floats:
        return (
            self._values(points)
            if self.present is None
            else self.present.spread(points, self._values)
        )

    def _values(self, places: Places) -> Floats:
        return self.scale.values(picked(self.data, places * self.bits, self.bits))


@dataclass(frozen=True)
class RunLength:
    """Template 5.200: numbers of levels, each with how often it comes; level 0 = missing."""

    values: Floats  # by level
    levels: NDArray[np.int64]
    ends: NDArray[np.int64]  # of each run, in points

    @classmethod
    def of(cls, section: bytes, bitmap: bytes | None, data: bytes, points: int) -> Self:
        if bitmap is not None:
            raise ValueError("a run-length field must have no bit map: level 0 is missing.")
        if len(section) < 17:
            raise ValueError(f"section 5 must have 17 bytes, got {len(section)}.")
        bits, used, count = section[11], unsigned(section[12:14]), unsigned(section[14:16])
        told = np.frombuffer(section[17 : 17 + 2 * count], ">u2").astype(np.int64)
        base = 2**bits - 1 - used
        if len(told) != count or not 1 <= bits <= MOST_BITS or base < 2 or used > count:
            raise ValueError(
                f"levels up to {used} of {count} in {bits} bits with {len(told)} values told are "
                "no run-length packing."
            )
        magnitude = np.where(told >= 2**15, 2**15 - told, told)
        values = np.concatenate([[np.nan], magnitude / 10.0 ** signed(section[16:17])])
        if len(data) * 8 // bits > LIMIT_VALUES:
            raise ValueError(f"runs must be at most {LIMIT_VALUES} values.")
        coded = picked(spare(data), np.arange(len(data) * 8 // bits) * bits, bits)
        levels, ends = _runs(coded, used, base, points)
        return cls(values, levels, ends)

    def at(self, points: Places) -> Floats:
        return np.asarray(self.values[self.levels[np.searchsorted(self.ends, points, "right")]])


def _runs(coded: Places, used: int, base: int, points: int) -> tuple[Places, Places]:
    """Give the level of each run and the point at which it ends.

    After a level come the digits of its length less 1, lowest first, each told as used + 1 + digit.
    """
    heads = np.flatnonzero(coded <= used)
    if not len(heads) or heads[0] != 0:
        raise ValueError("runs must begin with a level.")
    run = np.cumsum(coded <= used) - 1
    digit = np.arange(len(coded)) - heads[run] - 1  # -1 = the level itself
    if int(digit.max()) >= MOST_DIGITS:
        raise ValueError(f"a run length must have at most {MOST_DIGITS} digits.")
    amount = np.where(digit < 0, 1.0, (coded - used - 1) * float(base) ** np.maximum(digit, 0))
    lengths = np.bincount(run, weights=amount)
    ends = np.cumsum(lengths)
    last = int(np.searchsorted(ends, points))  # bits that fill the last octet may read as a run
    if last >= len(ends) or ends[last] != points or len(ends) - last > 2:
        raise ValueError(f"runs must end at {points} points, got {ends[-1]:.0f}. Fetch it again.")
    return coded[heads][: last + 1], ends[: last + 1].astype(np.int64)


def spare(data: bytes) -> NDArray[np.uint8]:
    """Give octets with eight more of 0, so that `picked` may read beyond the last number."""
    return np.frombuffer(data + bytes(8), np.uint8)


def picked(octets: NDArray[np.uint8], starts: Places, bits: int | Places) -> Places:
    """Give the numbers of at most 32 bits each that begin at bits of `spare` octets."""
    window = np.zeros(starts.shape, np.int64)
    for offset in range(5):  # 32 bits at any bit of an octet lie in five
        window = (window << 8) | octets[starts // 8 + offset]
    told: Places = (window >> (40 - bits - starts % 8)) & ((1 << np.asarray(bits)) - 1)
    return told


def unsigned(octets: bytes) -> int:
    """Give a number, highest octet first."""
    return int.from_bytes(octets, "big")


def signed(octets: bytes) -> int:
    """Give a number whose first bit is its sign (not two's complement)."""
    number, top = unsigned(octets), 1 << (len(octets) * 8 - 1)
    return top - number if number & top else number
