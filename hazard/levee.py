"""Water over the levees: it tops the crest, fills the ponds behind it, goes on and drains.

Flow over a crest follows 本間's weir formula [1]_, no more than the river has beyond what its
banks hold. From pond to pond water flows as Manning's formula says, through what houses, roads
and embankments leave open; gates drain it while the river stands below the land, pumps and soil
take a little always. It is not taken from the river and does not return over the crest: a first
reckoning on the safe side, no 2-D model.

References
----------
.. [1] 国土交通省: 洪水浸水想定区域図作成マニュアル（第4版）, 2015, 越流 (本間の公式).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from hazard.storage import EMPTY_M3, Storage
from hazard.stream import BANKS, Floats, Floodplain

FREE, DROWNED = 1.55, 4.03  # 0.35 sqrt(2 g) and 0.91 sqrt(2 g) [m^0.5/s]
DROWNED_FROM = 2 / 3  # water behind the crest over water before it
SUBSTEP_S = 150.0
MOST_LEAVING = 0.4  # part of a pond's water that may go on in one substep


@dataclass(frozen=True)
class Ground:
    """How the land behind the levees lets water pass.

    All values are assumed: they fit five simulated floods of the fictional town. Fit them to a
    city's own past floods before its figures are trusted.
    """

    roughness: float = 0.3  # Manning's n of built land with embankments [s/m^(1/3)]
    drain_m_per_h: float = 0.05  # through gates (樋門) that fall shut when the river stands higher
    pump_m_per_h: float = 0.005  # pumps and soil, whatever the river does


def overtop(
    stage_m: xr.DataArray,
    plain: Floodplain,
    storage: Storage,
    *,
    spare_m3s: Floats | None = None,
    section: Any = None,
    ground: Ground | None = None,
) -> xr.DataArray:
    """Give the stage behind the levees over time, from dry.

    Parameters
    ----------
    stage_m
        Stage of the rivers, dims (time, station), from `hazard.rating.reach_stage`; even time
        step, NaN = unknown. [m over the land]
    spare_m3s, section
        Discharge that can leave each section (time, section) and the section of each station,
        from `hazard.rating.spare_discharge`; None = as much as the weir passes, far too much where
        a long stretch is topped.

    Returns
    -------
        Dims (time, station, bank); -inf where dry, NaN from the time a station's river is
        unknown. [m over the land]

    Raises
    ------
    ValueError
        If a stream has no crest, or the time step is uneven.
    """
    crest = _crests(stage_m, plain)
    times = stage_m["time"].values
    head = np.maximum(np.nan_to_num(stage_m.values, nan=-np.inf)[:, :, None] - crest, 0)
    width = np.concatenate([np.gradient(stream.chainage_m) for stream in plain.streams])
    land = Ground() if ground is None else ground
    room = _room(np.where(head > 0, stage_m.values[:, :, None], -np.inf), storage)
    drain_m_per_h = _drains(stage_m.values, storage, land)
    volume = np.zeros(len(storage.next_pond))
    result = np.tile(storage.state(volume)[0], (len(times), 1))
    wet = np.zeros(result.shape, dtype=bool)
    whole_s = float((times[1] - times[0]) / np.timedelta64(1, "s"))
    substeps = max(1, round(whole_s / SUBSTEP_S))
    step_s = whole_s / substeps
    for time in range(len(times)):
        if not head[time].any() and volume.sum() < EMPTY_M3:
            continue
        for _ in range(substeps):
            pond_m, area = storage.state(volume)
            over = _weir(head[time], pond_m[storage.pond] - crest) * width[:, None]
            if spare_m3s is not None:
                over *= _allowed(over, spare_m3s[time], section)[:, None]
            gained = np.bincount(storage.pond.ravel(), over.ravel(), len(volume)) * step_s
            gained = np.minimum(gained, np.maximum(room[time] - volume, 0))
            drained = drain_m_per_h[time] / 3600 * area * step_s
            volume = _advance(volume, area, drained, storage, land=land, step_s=step_s) + gained
        result[time], wet[time] = storage.state(volume)[0], volume > EMPTY_M3
    return _behind(stage_m, storage, wet, result)


def _behind(stage_m: xr.DataArray, storage: Storage, wet: Any, result: Floats) -> xr.DataArray:
    """Give the stage at every station and bank; NaN once the river there was unknown."""
    behind = np.where(storage.wet_stations(wet), storage.at_stations(result), -np.inf)
    behind[np.logical_or.accumulate(np.isnan(stage_m.values))] = np.nan
    coords = {"time": stage_m["time"].values, "bank": list(BANKS)}
    return xr.DataArray(behind, dims=("time", "station", "bank"), coords=coords, name="stage_m",
                        attrs={"units": "m"})  # fmt: skip


def _crests(stage_m: xr.DataArray, plain: Floodplain) -> Floats:
    """Give crests over the land (station, bank), or raise where a run is not possible."""
    bare = [stream.river for stream in plain.streams if stream.crest_m is None]
    steps = np.diff(stage_m["time"].values) / np.timedelta64(1, "s")
    if bare or not len(steps) or np.ptp(steps) > 0:
        raise ValueError(
            f"Overtopping needs crests at every stream (missing: {bare}) and an even time step,"
            f" got {np.unique(steps).tolist()} s. Use hazard.inundate.flood_depth without levees."
        )
    return plain.joined("crest_m") - plain.joined("ground_m")[:, None]


def _room(topping_m: Floats, storage: Storage) -> Floats:
    """Give the volume (time, pond) up to the highest river stage that tops its crest. [m3]"""
    room = np.zeros((len(topping_m), len(storage.next_pond)))
    for time in np.flatnonzero(np.isfinite(topping_m).any(axis=(1, 2))):
        top = np.full(room.shape[1], -np.inf)
        np.maximum.at(top, storage.pond.ravel(), topping_m[time].ravel())
        room[time] = storage.volume(top)
    return room


def _drains(stage_m: Floats, storage: Storage, land: Ground) -> Floats:
    """Give what gates and pumps take (time, pond); gates are shut where the river is not known."""
    ponds = storage.pond.ravel()
    count = np.maximum(np.bincount(ponds, minlength=len(storage.next_pond)), 1)
    river = np.repeat(np.nan_to_num(stage_m, nan=np.inf), 2, axis=1)
    mean = np.stack([np.bincount(ponds, row, len(count)) for row in river]) / count
    return np.where(mean < 0, land.drain_m_per_h, 0.0) + land.pump_m_per_h


def _weir(head_m: Floats, behind_m: Floats) -> Floats:
    """Give flow over a metre of crest. [m2/s]"""
    behind = np.clip(behind_m, 0, head_m)
    drowned = DROWNED * behind * np.sqrt(head_m - behind)
    return np.where(behind > DROWNED_FROM * head_m, drowned, FREE * head_m**1.5)


def _allowed(over_m3s: Floats, spare_m3s: Floats, section: Any) -> Floats:
    """Give the share of the weir flow that each station's section can feed."""
    wanted = np.bincount(section, over_m3s.sum(axis=1), len(spare_m3s))
    return np.asarray(np.minimum(1, spare_m3s / np.maximum(wanted, 1e-9))[section])


def _advance(
    volume: Floats,
    area: Floats,
    drained: Floats,
    storage: Storage,
    *,
    land: Ground,
    step_s: float,
) -> Floats:
    """Give the volumes one substep later, without what comes over the crest."""
    depth = volume / np.maximum(area, 1.0)
    width = area / storage.length_m
    onward = width * depth ** (5 / 3) * np.sqrt(storage.slope) / land.roughness * step_s
    onward = np.minimum(onward, MOST_LEAVING * volume)
    drained = np.minimum(drained, volume - onward)
    inland = storage.next_pond >= 0
    passed = np.bincount(storage.next_pond[inland], onward[inland], len(volume))
    return np.asarray(volume - onward - drained + passed)
