"""Rivers as rows of stations, and the land that lies beside each station.

A station carries the height of the land beside the river (堤内地盤高) and, where there are levees,
of their crests (堤防高), as longitudinal surveys list them; without a survey the land is read
from the terrain. A cell belongs to the nearest station (across a valley a flood's surface is
level, along it the surface falls with the river) or to the one its water runs down to (HAND).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from hazard.drainage import flow_receivers
from hazard.hand import drainage_cells
from hazard.terrain import Terrain, cell_m, cell_numbers, ground_scale

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
BANKS = ("left", "right")  # looking downstream
STEPS = (16, -16, 8, -8, 4, -4, 2, -2, 1, -1, 1, -1)  # stations tried around the nearest river cell
SMOOTH_M = 1000.0  # of the land's profile where no survey gives it: a terrain model is rough


@dataclass(frozen=True)
class Stream:
    """A river's middle line, upstream first; heights above T.P."""

    river: str
    x_m: Floats  # in the CRS of the terrain
    y_m: Floats
    chainage_m: Floats  # on the ground
    ground_m: Floats  # land beside the river
    crest_m: Floats | None = None  # (station, bank); None = no levees
    bed_m: Floats | None = None  # river bed; None = not surveyed
    joins: str | None = None  # river it flows into


@dataclass(frozen=True)
class Floodplain:
    """Land by station: stations are counted through all streams, in their order."""

    terrain: Terrain
    streams: tuple[Stream, ...]
    station: npt.NDArray[np.intp]  # of each cell, -1 = no land; dims (y, x)
    bank: npt.NDArray[np.intp]  # 0 left, 1 right; dims (y, x)
    height_m: Floats  # of the land over `ground_m` of its station; dims (y, x)
    channel: npt.NDArray[np.bool_]  # cells the rivers run through; dims (y, x)
    channel_station: npt.NDArray[np.intp]  # of those cells, elsewhere -1; dims (y, x)

    def rows(self, river: str) -> slice:
        """Give the stations of one river."""
        names = [stream.river for stream in self.streams]
        if river not in names:
            raise ValueError(f"river must be one of {names}, got {river!r}. Add its stream.")
        sizes = [len(stream.x_m) for stream in self.streams]
        start = sum(sizes[: names.index(river)])
        return slice(start, start + sizes[names.index(river)])

    def joined(self, name: str) -> Floats:
        """Give an attribute of all streams in one row."""
        return np.concatenate([getattr(stream, name) for stream in self.streams])


def make_stream(
    terrain: Terrain,
    river: str,
    line: Any,
    *,
    joins: str | None = None,
    ground_m: Any = None,
    crest_m: Any = None,
    bed_m: Any = None,
) -> Stream:
    """Give a river along a line.

    Parameters
    ----------
    line
        Points (point, 2) in the CRS of the terrain, upstream first. They are stations; where they
        are more than two cells apart, more are set between, surveyed heights mixed.
    ground_m
        Land beside the river, one a point; None reads it from the terrain. [m above T.P.]
    crest_m, bed_m
        Levee crests (point, bank) and river bed (point,), surveyed with the land; None = no levees,
        bed not known. [m above T.P.]

    Raises
    ------
    ValueError
        If the line has fewer than 2 points or never crosses land, or crest or bed come without
        ground.
    """
    points = np.asarray(line, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise ValueError(f"{river}: a line must have points (x, y), got shape {points.shape}.")
    if ground_m is None and not (crest_m is None and bed_m is None):
        raise ValueError(f"{river}: crest and bed come with the survey's ground_m. Add it.")
    surveyed = _chainage(points)
    step = cell_m(terrain) / ground_scale(terrain)
    pieces = np.maximum(np.diff(surveyed) // step, 1).astype(int)  # survey points stay stations
    part = np.concatenate([np.arange(count) / count for count in pieces] + [[0.0]])
    first = np.append(np.repeat(surveyed[:-1], pieces), surveyed[-1])
    along = first + part * np.append(np.repeat(np.diff(surveyed), pieces), 0.0)
    x, y = (np.interp(along, surveyed, points[:, axis]) for axis in (0, 1))
    chainage = along * ground_scale(terrain)
    if ground_m is None:
        ground = _profile(terrain, np.column_stack([x, y]), chainage, river)
        return Stream(river, x, y, chainage, ground, joins=joins)
    ground = np.interp(along, surveyed, ground_m)
    bed = None if bed_m is None else np.interp(along, surveyed, bed_m)
    crest = None
    if crest_m is not None:
        banks = np.asarray(crest_m, dtype=float).T
        crest = np.column_stack([np.interp(along, surveyed, bank) for bank in banks])
    return Stream(river, x, y, chainage, ground, crest, bed, joins)


def make_floodplain(
    terrain: Terrain, streams: Sequence[Stream], *, belonging: str = "nearest"
) -> Floodplain:
    """Give each cell its station, bank and height; dims (y, x).

    `belonging` is "nearest" for plains, where a flood stands level across the valley, or
    "downhill" (HAND) for steep valleys whose water soon meets the stream.
    """
    if belonging not in BELONGING:
        raise ValueError(f"belonging must be one of {sorted(BELONGING)}, got {belonging!r}.")
    x = np.concatenate([stream.x_m for stream in streams])
    y = np.concatenate([stream.y_m for stream in streams])
    river = np.repeat(np.arange(len(streams)), [len(stream.x_m) for stream in streams])
    channel = _channel(terrain, x, y, river)
    station = BELONGING[belonging](terrain, np.column_stack([x, y]), river, channel)
    east, north = np.meshgrid(terrain["x"].values, terrain["y"].values)
    across = east.ravel() - x[station], north.ravel() - y[station]
    along = np.concatenate([_directions(stream) for stream in streams])[station]
    right = along[:, 0] * across[1] - along[:, 1] * across[0] <= 0
    ground = np.concatenate([stream.ground_m for stream in streams])
    height = np.where(station >= 0, terrain.values.ravel() - ground[station], np.nan)
    station = np.where(np.isnan(height), -1, station)
    shape = terrain.shape
    return Floodplain(
        terrain, tuple(streams), station.reshape(shape), right.astype(np.intp).reshape(shape),
        height.reshape(shape), (channel >= 0).reshape(shape), channel.reshape(shape),
    )  # fmt: skip


def _channel(terrain: Terrain, x_m: Floats, y_m: Floats, river: Whole) -> Whole:
    """Give the station in each cell the rivers run through, without gaps; elsewhere -1."""
    number = np.arange(0, len(x_m) - 0.75, 0.25)  # four places from station to station
    number = number[river[np.floor(number).astype(int)] == river[np.ceil(number).astype(int)]]
    every = np.arange(len(x_m))
    cell = cell_numbers(terrain, np.interp(number, every, x_m), np.interp(number, every, y_m))
    channel = np.full(terrain.size, -1, dtype=np.intp)
    channel[cell[cell >= 0]] = np.rint(number[cell >= 0]).astype(np.intp)
    if (channel < 0).all():
        raise ValueError("At least one stream must cross the terrain, got none. Check the CRS.")
    return channel


def _nearest(terrain: Terrain, stations: Floats, river: Whole, channel: Whole) -> Whole:
    """Give the nearest station to each cell, of any river.

    The nearest river cell gives a first guess, better by some steps along the river.
    """
    away = (channel < 0).reshape(terrain.shape)
    row, column = distance_transform_edt(away, return_distances=False, return_indices=True)
    best = channel[row * terrain.shape[1] + column]
    last = len(river) - 1
    x = terrain["x"].values
    for number, y in enumerate(terrain["y"].values):  # row by row: little memory
        line = best[number]
        gap = np.hypot(x - stations[line, 0], y - stations[line, 1])
        for step in STEPS:
            other = np.clip(line + step, 0, last)
            closer = np.hypot(x - stations[other, 0], y - stations[other, 1])
            better = (closer < gap) & (river[other] == river[line])
            line, gap = np.where(better, other, line), np.where(better, closer, gap)
        best[number] = line
    return np.asarray(best.ravel())


def _downhill(terrain: Terrain, stations: Floats, river: Whole, channel: Whole) -> Whole:
    """Give the station whose cell the water of each cell comes to, -1 = none."""
    mask = (channel >= 0).reshape(terrain.shape)
    drain = drainage_cells(flow_receivers(terrain.values, mask), mask)
    return np.where(drain >= 0, channel[drain], -1)


# How a cell finds its station.
BELONGING = {"downhill": _downhill, "nearest": _nearest}


def _chainage(points: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def _directions(stream: Stream) -> Floats:
    return np.column_stack([np.gradient(stream.x_m), np.gradient(stream.y_m)])


def _profile(terrain: Terrain, points: Floats, chainage: Floats, river: str) -> Floats:
    """Give the land along the line, fitted straight within SMOOTH_M around each station."""
    cell = cell_numbers(terrain, *points.T)
    land = np.where(cell >= 0, terrain.values.ravel()[cell], np.nan)
    known = np.isfinite(land)
    if known.sum() < 2:
        raise ValueError(
            f"{river}: its line must cross the terrain, got {known.sum()} cells of it."
        )
    rough = np.interp(chainage, chainage[known], land[known])
    ground = np.empty(len(chainage))
    for number, place in enumerate(chainage):
        gap = chainage - place
        near = np.abs(gap) < SMOOTH_M
        weight = (1 - np.abs(gap[near] / SMOOTH_M) ** 3) ** 1.5
        degree = min(1, int(near.sum()) - 1)
        ground[number] = np.polyfit(gap[near], rough[near], degree, w=weight)[-1]
    return ground
