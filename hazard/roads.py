"""Roads that water closes: for whom, how likely by when, and from which hour on.

A road line is closed where water may be deeper than a traveller can pass: the upper end of the
published depth counts, as for `roads_cut`. Water is taken to stand on the road as soon as its
river overflows (the way from the river takes time: the safe side). A bridge is closed once its
river overflows, whatever stands on its approaches. A road line is closed as a whole, so a router
that cuts lines at junctions should build the index from its own pieces.

References
----------
.. [1] 国土交通省 川の防災情報: 浸水深と避難行動, https://www.river.go.jp/kawabou/.
.. [2] 東京都: 東京防災, 2023, p. 159.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hazard.bridges import bridges_over
from hazard.chance import ALL_RIVERS, PASSAGE_COLUMNS
from hazard.indexed import Floats, Key, WaterIndex, roads_of
from hazard.outlook import key_chances
from hazard.select import P_PLANNED

# Deepest water that each traveller passes. [m] Walkers: 0.5 m, the knee and the limit of women in
# the 伊勢湾台風 survey; cars: 0.3 m, from where engines stop [1]_. Elderly: 0.3 m, a starting point
# (0.15 m at 2 m/s is too much for them, 0.3 m at 3 m/s for adults [2]_); assisted alike (仮定).
PASSABLE_M = {"general": 0.5, "elderly": 0.3, "assisted": 0.3, "car": 0.3}
HOURS = {traveller: f"{traveller}_h" for traveller in PASSABLE_M}


def cut_roads(index: WaterIndex, keys: Iterable[Key]) -> pd.DataFrame:
    """Give the roads that these keys put under water, and who passes them no more.

    Returns
    -------
        Index: position in the city's roads; depth_max_m and `general`, `elderly`, `assisted`,
        `car` (True = cut). Bridges are in `closed_roads`.

    Raises
    ------
    ValueError
        If the index was built without roads: nothing is known.
    """
    roads = roads_of(index)
    depth: Any = roads.depth_max_m[:, index.columns(keys)].max(axis=1, initial=-np.inf)
    wet = np.flatnonzero(np.greater(depth, 0))
    cuts = {who: depth[wet] > limit_m for who, limit_m in PASSABLE_M.items()}
    rows = pd.Index(roads.at[wet], name="road")
    return pd.DataFrame({"depth_max_m": depth[wet], **cuts}, index=rows)


def closed_roads(
    index: WaterIndex,
    chances: pd.DataFrame,
    roads: Any,
    *,
    river_lines: Any | None = None,
    p_closed: float = P_PLANNED,
) -> pd.DataFrame:
    """Give from which hour on each road is closed, by traveller.

    Parameters
    ----------
    index
        Of `index_water` for these `roads`.
    chances
        Of `hazard.chance.river_chances` for the rivers of the index.
    roads
        Lines, EPSG:6668, with the boolean column `bridge` where the city knows its bridges.
    river_lines
        Lines with the column `river`, EPSG:6668; None = no lines are known. See `bridges_over`.
    p_closed
        A road counts as closed from this probability on.

    Returns
    -------
        Index road (position in `roads`); general_h, elderly_h, assisted_h, car_h: hours after the
        forecast was issued, 0 = now, inf = not within the horizon, NaN = cannot be told because
        a river of unknown chance reaches the road: route as if it were closed. `bridge` True =
        closed with the river below it. The hour is the beginning of the band in which `p_closed` is
        reached, or the river's arrival of that or a lower probability where it is later. Roads
        that no area and no river touches are left out: nothing tells that they close.

    Raises
    ------
    ValueError
        If the index has no roads or other ones, or `p_closed` is not within 0 to 1.
    """
    if not 0 < p_closed <= 1:
        raise ValueError(f"p_closed must be above 0, up to 1, got {p_closed}. Correct it.")
    bridges = bridges_over(index, roads, river_lines)
    rows, reach = _reach(index, bridges)
    early = _arrivals_h(index, chances, p_closed)
    table = {
        HOURS[who]: _first_h(cut, _by_end(index, chances), early, p_closed)
        for who, cut in reach.items()
    }
    frame = pd.DataFrame(table, index=pd.Index(rows, name="road"))
    return frame.assign(bridge=np.isin(rows, bridges["road"]))


def earliest_closed(*frames: pd.DataFrame) -> pd.DataFrame:
    """Give for each road the earliest hour of several frames of `closed_roads`.

    Unknown (NaN) in one stays unknown, unless another closes the road now (0).
    """
    rows = pd.concat(frames)
    hours = rows[list(HOURS.values())]
    first = hours.groupby(level="road").min()
    unknown = hours.isna().groupby(level="road").any()
    bridge = rows["bridge"].astype(bool).groupby(level="road").any()
    return first.mask(unknown & ~first.eq(0)).assign(bridge=bridge)


def road_chances(
    index: WaterIndex, chances: pd.DataFrame, roads: Any, *, river_lines: Any | None = None
) -> pd.DataFrame:
    """Give how likely each road is closed to each traveller by the end of each time band.

    Returns
    -------
        Index (road, until_h); general, elderly, assisted, car, 0 to 1 and rising with time; NaN
        where a river of unknown chance reaches the road. Rivers of one storm are ranked by one
        common chance (see `hazard.outlook`), so the likeliest of a road's waters decides.
    """
    rows, reach = _reach(index, bridges_over(index, roads, river_lines))
    parts = {
        end: pd.DataFrame(
            {
                who: np.where(cut, chance, 0.0).max(axis=1, initial=0.0)
                for who, cut in reach.items()
            },
            index=pd.Index(rows, name="road"),
        )
        for end, chance in _by_end(index, chances).items()
    }
    return pd.DataFrame(pd.concat(parts, names=["until_h", "road"]).swaplevel())


def _reach(
    index: WaterIndex, bridges: pd.DataFrame
) -> tuple[npt.NDArray[np.intp], dict[str, npt.NDArray[np.bool_]]]:
    """Give the roads concerned and, by traveller, which column of the index closes them.

    After the columns of the keys comes one a river: its bridges.
    """
    wet, keys, rivers = roads_of(index), len(index.keys), list(index.rivers)
    rows = np.union1d(wet.at, bridges["road"].to_numpy(dtype=int)).astype(np.intp)
    over = np.zeros((len(rows), len(rivers)), dtype=bool)
    place = np.searchsorted(rows, bridges["road"].to_numpy(dtype=int))
    over[place, [rivers.index(river) for river in bridges["river"]]] = True
    reach = {}
    for who, limit_m in PASSABLE_M.items():
        cut = np.zeros((len(rows), keys), dtype=bool)
        cut[np.searchsorted(rows, wet.at)] = wet.depth_max_m > limit_m
        reach[who] = np.hstack([cut, over])
    return rows, reach


def _by_end(index: WaterIndex, chances: pd.DataFrame) -> dict[float, Floats]:
    """Give the chance of each column of `_reach` by the end of the band."""
    made = {}
    for end in chances.index.get_level_values("until_h").unique():
        now: Any = chances.xs(end, level="until_h")
        of_key = key_chances(index, now)
        of_river = [float(now.loc[_name(river), "planned"]) for river in index.rivers]
        made[float(end)] = np.array([*(of_key[key] for key in index.keys), *of_river])
    return made


def _arrivals_h(index: WaterIndex, chances: pd.DataFrame, p_closed: float) -> Floats:
    """Give for each column of `_reach` an hour that is not later than `p_closed` is reached."""
    shares = [share for share in PASSAGE_COLUMNS if share <= p_closed]
    rivers = [*(river for river, _ in index.keys), *index.rivers]
    if not shares:
        return np.zeros(len(rivers))
    first = chances[PASSAGE_COLUMNS[max(shares)]].groupby(level="river").first()
    hours = first.reindex([_name(river) for river in rivers]).to_numpy(float)
    return np.where(np.isnan(hours), 0.0, hours)


def _first_h(
    cut: npt.NDArray[np.bool_], by_end: dict[float, Floats], early_h: Floats, p_closed: float
) -> Floats:
    """Give the first hour (row) at which any column that cuts a road is likely enough."""
    first = np.full(len(cut), np.inf)
    unknown = np.zeros(len(cut), dtype=bool)
    begin = 0.0
    for end, chance in by_end.items():
        likely = cut & (chance >= p_closed)
        hour = np.where(likely, np.clip(early_h, begin, end), np.inf).min(axis=1, initial=np.inf)
        first = np.minimum(first, hour)
        unknown |= (cut & np.isnan(chance)).any(axis=1)
        begin = end
    return np.where(unknown & (first > 0), np.nan, first)


def _name(river: str | None) -> str:
    return ALL_RIVERS if river is None else river
