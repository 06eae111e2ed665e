"""Land behind the levees as a chain of ponds, each with the water it holds at each stage.

Each bank of each river is cut into ponds about 1 km long. A pond's water lies parallel to the land
beside the river, as in `hazard.stream`; it holds what the terrain leaves below that surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hazard.stream import Floats, Floodplain, Stream, Whole
from hazard.terrain import cell_m

POND_M = 1000.0  # length along the river
STEP_M = 0.05
STAGE_M = np.arange(-2.0, 8.0, STEP_M)  # of the volume curves
EMPTY_M3 = 1.0  # a pond with no more is dry
LEAST_SLOPE = 3e-4
AWAY_M = 300.0  # from a mouth upstream, to see from which side a tributary comes


@dataclass(frozen=True)
class Storage:
    """Ponds; `next_pond` is where water goes on to, -1 = away."""

    pond: Whole  # (station, bank)
    next_pond: Whole
    length_m: Floats
    slope: Floats
    volume_m3: Floats  # (pond, STAGE_M)
    area_m2: Floats  # (pond, STAGE_M)
    upper: Whole  # (station, bank) pond whose middle lies upstream
    share: Floats  # (station,) of the pond after it

    def state(self, volume_m3: Floats) -> tuple[Floats, Floats]:
        """Give stage [m] and wet area [m2] of each pond at its volume; empty: its lowest land."""
        rows = np.arange(len(volume_m3))
        above = (self.volume_m3 <= volume_m3[:, None]).sum(axis=1).clip(1, len(STAGE_M) - 1)
        low, high = self.volume_m3[rows, above - 1], self.volume_m3[rows, above]
        part = np.clip((volume_m3 - low) / np.maximum(high - low, 1e-9), 0, 1)
        stage = STAGE_M[above - 1] + part * (STAGE_M[above] - STAGE_M[above - 1])
        area = self.area_m2[rows, above - 1] * (1 - part) + self.area_m2[rows, above] * part
        return stage, area

    def volume(self, stage_m: Floats) -> Floats:
        """Give the volume of each pond at a stage. [m3]"""
        rows = np.arange(len(stage_m))
        step = np.clip((stage_m - STAGE_M[0]) / STEP_M, 0, len(STAGE_M) - 1.001)
        low = step.astype(int)
        first, second = self.volume_m3[rows, low], self.volume_m3[rows, low + 1]
        return np.asarray(first + (second - first) * (step - low))

    def at_stations(self, stage_m: Floats) -> Floats:
        """Give stage (..., station, bank) from that of ponds (..., pond), mixed between middles."""
        first, second = stage_m[..., self.upper], stage_m[..., self.upper + 1]
        return np.asarray(first + (second - first) * self.share[:, None])

    def wet_stations(self, wet: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Tell (..., station, bank) whether either pond around a station (..., pond) is wet."""
        return np.asarray(wet[..., self.upper] | wet[..., self.upper + 1])


def make_storage(plain: Floodplain, *, pond_m: float = POND_M) -> Storage:
    """Cut the land beside every stream into ponds about `pond_m` long, at least two a bank."""
    ponds, uppers, shares, following, lengths, slopes = [], [], [], [], [], []
    start = 0
    for stream in plain.streams:
        whole = float(stream.chainage_m[-1])
        count = max(2, round(whole / pond_m))
        along = stream.chainage_m / whole * count
        part = np.minimum(along.astype(int), count - 1)
        middle = np.clip(along - 0.5, 0, count - 1)
        low = np.minimum(middle.astype(int), count - 2)
        first = np.array([start, start + count])
        ponds.append(first + part[:, None])
        uppers.append(first + low[:, None])
        shares.append(middle - low)
        for begin in first:
            following += [*range(begin + 1, begin + count), -1]
        lengths += [whole / count] * (2 * count)
        slopes += [*_slopes(stream, count)] * 2
        start += 2 * count
    pond = np.concatenate(ponds)
    volume, area = _curves(plain, pond, start)
    return Storage(
        pond, _join(plain, pond, np.array(following)), np.array(lengths), np.array(slopes),
        volume, area, np.concatenate(uppers), np.concatenate(shares),
    )  # fmt: skip


def _slopes(stream: Stream, count: int) -> Floats:
    """Give the fall of the land along each pond. [m/m]"""
    ends = np.linspace(0, stream.chainage_m[-1], count + 1)
    ground = np.interp(ends, stream.chainage_m, stream.ground_m)
    return np.maximum(-np.diff(ground) / np.diff(ends), LEAST_SLOPE)


def _join(plain: Floodplain, pond: Whole, following: Whole) -> Whole:
    """Lead the last ponds of a tributary to the pond at its mouth, on the side it comes from."""
    for stream in plain.streams:
        if stream.joins is None:
            continue
        rows = plain.rows(stream.joins)
        main = next(other for other in plain.streams if other.river == stream.joins)
        mouth = int(np.hypot(main.x_m - stream.x_m[-1], main.y_m - stream.y_m[-1]).argmin())
        gap = stream.chainage_m[-1] - stream.chainage_m
        before = int(np.abs(gap - AWAY_M).argmin())
        way = np.gradient(main.x_m)[mouth], np.gradient(main.y_m)[mouth]
        toward = stream.x_m[before] - main.x_m[mouth], stream.y_m[before] - main.y_m[mouth]
        right = int(way[0] * toward[1] - way[1] * toward[0] <= 0)
        last = pond[plain.rows(stream.river).stop - 1]
        following[last] = pond[rows.start + mouth, right]
    return following


def _curves(plain: Floodplain, pond: Whole, count: int) -> tuple[Floats, Floats]:
    """Give volume [m3] and wet area [m2] of every pond at STAGE_M."""
    land = (plain.station >= 0) & (plain.height_m < STAGE_M[-1])
    own = pond[plain.station[land], plain.bank[land]]
    height = plain.height_m[land]
    step = np.searchsorted(STAGE_M, height)  # first stage at least as high: wet from there
    shape = (count, len(STAGE_M))
    slot = own * len(STAGE_M) + step
    cells = np.bincount(slot, minlength=count * len(STAGE_M)).reshape(shape).cumsum(axis=1)
    below = np.bincount(slot, height, count * len(STAGE_M)).reshape(shape).cumsum(axis=1)
    area = cells * cell_m(plain.terrain) ** 2
    return (cells * STAGE_M - below) * cell_m(plain.terrain) ** 2, area
