"""Complex packing of GRIB edition 2 with and without spatial differencing (5.2, 5.3; GSM 日本域).

Values come in groups, each with its own reference, width and length; with differencing what is
packed are differences of first or second order. All points of a field are unpacked at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.sources.grib2_packing import (
    MOST_BITS,
    Floats,
    Places,
    Present,
    Scale,
    picked,
    signed,
    spare,
    unsigned,
)

DIFFERENCED = 3  # the template with spatial differencing
GENERAL, MANAGED = 1, (0, 1, 2)  # code tables 5.4 and 5.5


@dataclass(frozen=True)
class Groups:
    """Octets 20 to 47 of section 5."""

    reference_bits: int
    management: int  # 0 = nothing missing, 1 and 2 = the highest, and second highest, of a group
    count: int
    width: int
    width_bits: int
    length: int
    length_step: int
    last_length: int
    length_bits: int

    @classmethod
    def of(cls, section: bytes) -> Self:
        told = cls(
            section[19], section[22], unsigned(section[31:35]), section[35], section[36],
            unsigned(section[37:41]), section[41], unsigned(section[42:46]), section[46],
        )  # fmt: skip
        widest = max(told.reference_bits, told.width_bits, told.length_bits)
        if section[21] != GENERAL or told.management not in MANAGED or widest > MOST_BITS:
            raise ValueError(
                f"groups must be of general splitting with missing values of {MANAGED}, got "
                f"splitting {section[21]}, management {told.management}, {widest} bits."
            )
        return told


@dataclass(frozen=True)
class Complex:
    """Templates 5.2 and 5.3, unpacked."""

    values: Floats
    present: Present | None

    @classmethod
    def of(cls, section: bytes, bitmap: bytes | None, data: bytes, points: int) -> Self:
        differenced = unsigned(section[9:11]) == DIFFERENCED
        least = 49 if differenced else 47
        if len(section) < least:
            raise ValueError(f"section 5 must have {least} bytes, got {len(section)}.")
        present = None if bitmap is None else Present.of(bitmap, points)
        known = points if present is None else present.count(points)
        if unsigned(section[5:9]) != known:
            raise ValueError(f"{known} values must be packed, got {unsigned(section[5:9])}.")
        order, octets = (section[47], section[48]) if differenced else (0, 0)
        if order not in (0, 1, 2) or octets > 4 or len(data) < octets * (order + 1):
            raise ValueError(f"differences must be of order 1 or 2, got {order} in {octets} bytes.")
        heads = [data[at * octets : (at + 1) * octets] for at in range(order + 1)]
        packed, there = _unpacked(Groups.of(section), data[octets * len(heads) :], known)
        if order:
            firsts = [float(signed(head)) for head in heads]
            packed[there] = _summed(packed[there], firsts[:-1], firsts[-1])
        return cls(np.where(there, Scale.of(section).values(packed), np.nan), present)

    def at(self, points: Places) -> Floats:
        if self.present is None:
            return np.asarray(self.values[points])
        return self.present.spread(points, lambda places: np.asarray(self.values[places]))


def _unpacked(groups: Groups, data: bytes, known: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Give the packed values of all groups, and which of them are not missing."""
    bounds, start = [], 0
    for bits in (groups.reference_bits, groups.width_bits, groups.length_bits):
        bounds.append((start, bits))
        start += -(-groups.count * bits // 8)
    if start > len(data) or not 0 < groups.count <= known:
        raise ValueError(f"{groups.count} groups must lie in {len(data)} bytes. Fetch it again.")
    raw, number = spare(data), np.arange(groups.count)
    reference, width, length = (picked(raw, at * 8 + number * bits, bits) for at, bits in bounds)
    width = width + groups.width
    length = groups.length + length * groups.length_step
    length[-1] = groups.last_length
    total = int((length * width).sum())
    if length.sum() != known or width.max() > MOST_BITS or (len(data) - start) * 8 < total:
        raise ValueError(
            f"groups must hold {known} values in {len(data) - start} bytes, got {length.sum()} in "
            f"{total} bits. Fetch the file again."
        )
    wide, low = np.repeat(width, length), np.repeat(reference, length)
    packed = picked(raw, start * 8 + np.cumsum(wide) - wide, wide)
    highest = np.where(wide > 0, (1 << wide) - 1, (1 << groups.reference_bits) - 1)
    told = np.where(wide > 0, packed, low)
    missing = (told > highest - groups.management) & (groups.management > 0)
    return (low + packed).astype(float), ~missing


def _summed(differences: Floats, firsts: list[float], least: float) -> Floats:
    """Give the values that differences of order 1 or 2 were taken of, less their least one."""
    steps = differences + least
    count = min(len(firsts), len(steps))
    if len(firsts) == 2 and count == 2:
        steps[:2] = firsts[0], firsts[1] - firsts[0]
        steps[1:] = np.cumsum(steps[1:])
    else:
        steps[:count] = firsts[:count]
    return np.cumsum(steps)
