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
from scipy.spatial import cKDTree

from hazard.drainage import flow_receivers
from hazard.hand import drainage_cells
from hazard.terrain import Terrain, cell_m, cell_numbers, ground_scale

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
BANKS = ("left", "right")  # looking downstream
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
        Points (point, 2) in the CRS of the terrain, upstream first. With surveyed heights the
        points are the stations; without, stations are set one cell apart.
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
    along = _chainage(points)
    if ground_m is None:
        step = cell_m(terrain) / ground_scale(terrain)
        even = np.linspace(0, along[-1], max(2, int(along[-1] // step) + 1))
        points = np.column_stack([np.interp(even, along, points[:, axis]) for axis in (0, 1)])
        along = _chainage(points)
    chainage = along * ground_scale(terrain)
    ground = _profile(terrain, points, chainage, river) if ground_m is None else ground_m
    crest, bed = (None if row is None else np.asarray(row, dtype=float) for row in (crest_m, bed_m))
    x, y = points.T
    return Stream(river, x, y, chainage, np.asarray(ground, dtype=float), crest, bed, joins)


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
    cell = cell_numbers(terrain, x, y)
    channel = np.full(terrain.size, -1, dtype=np.intp)
    channel[cell[cell >= 0]] = np.flatnonzero(cell >= 0)
    station = BELONGING[belonging](terrain, np.column_stack([x, y]), channel)
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


def _nearest(terrain: Terrain, stations: Floats, channel: Whole) -> Whole:
    """Give the station nearest to each cell, of any river."""
    east, north = np.meshgrid(terrain["x"].values, terrain["y"].values)
    places = np.column_stack([east.ravel(), north.ravel()])
    return np.asarray(cKDTree(stations).query(places)[1])


def _downhill(terrain: Terrain, stations: Floats, channel: Whole) -> Whole:
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
