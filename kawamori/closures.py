"""Roads that close in a cycle: when, to whom, and which ones nobody may set foot on.

All water that counts people closes roads too: official areas by the chance of their river, inland
areas by their signal, and whatever else is in play (`Waters.combined`), such as water reckoned from
terrain, of which only the greatest depth is known: it is taken to come with the first river that
reaches the road, at the latest by the end of the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.types import Exceedance
from hazard.chance import ALL_RIVERS, PASSAGE_COLUMNS, river_chances
from hazard.combined import KEY
from hazard.indexed import Floats, WaterIndex
from hazard.roads import HOURS, closed_roads, cut_roads, earliest_closed
from hazard.signalled import Signal, signalled_roads
from kawamori.city import City
from shelters.types import TRAVELLERS

EARLY = min(PASSAGE_COLUMNS)  # of the arrivals: the safe side
# Whoever sets out on a decision of now has arrived by then (仮定): word, packing, two hours of way.
UNDER_WAY_MIN = 240.0


@dataclass(frozen=True, eq=False)
class Closures:
    """When roads close; rows are positions in the city's roads, columns `TRAVELLERS`.

    `closing_min` in minutes from now, 0 = closed now, inf = not foreseen. Closed now are also every
    bridge whose river may overflow while people are on their way (`UNDER_WAY_MIN`) and every road
    of which nothing can be told.
    `barred` are those that nobody may set foot on: a river stands on them, or somebody reported
    them closed.
    """

    closing_min: pd.DataFrame
    barred: tuple[int, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """Give what is closed as people set out; roads that are open to all are left out."""
        shut = self.closing_min <= 0
        return shut[shut.any(axis=1)]

    def with_reported(self, rows: Sequence[int]) -> Closures:
        """Give these with some roads closed now to everybody, and barred."""
        index = self.closing_min.index.union(pd.Index(rows, dtype=int))
        table = self.closing_min.reindex(index, fill_value=np.inf)
        table.loc[list(rows)] = 0.0
        return Closures(table.rename_axis("road"), tuple(sorted({*self.barred, *rows})))


NO_CLOSURES = Closures(pd.DataFrame(columns=list(TRAVELLERS), index=pd.Index([], dtype=int),
                                    dtype=float))  # fmt: skip


def closures(
    index: WaterIndex | None,
    exceedance: Exceedance,
    city: City,
    *,
    inland: tuple[WaterIndex, Mapping[str, Signal]] | None = None,
    combined: WaterIndex | None = None,
) -> Closures | None:
    """Give when roads close by all water in play; None = nothing is known of roads.

    Parameters
    ----------
    index
        The city laid into its official areas; None = it has none.
    inland
        The city laid into its inland map, with the signal of each district.
    combined
        All water in play, of `kawamori.waters`.
    """
    chances, hours = None, []
    barred = pd.Index([], dtype=int)
    if index is not None and index.roads is not None:
        chances = river_chances(exceedance, index.rivers, city.gauges)
        told = closed_roads(index, chances, city.roads)
        hours.append(told)
        barred = told.index[told[list(HOURS.values())].eq(0).all(axis=1) & ~told["bridge"]]
    if inland is not None and inland[0].roads is not None:
        hours.append(signalled_roads(*inland))
    if combined is not None and combined.roads is not None and exceedance is not None:
        hours.append(_in_play(combined, index, exceedance, city))
    if not hours:
        return None
    return Closures(closing_minutes(earliest_closed(*hours)), tuple(barred.astype(int)))


def closing_minutes(hours: pd.DataFrame) -> pd.DataFrame:
    """Give what `closed_roads` tells as minutes, roads x travellers; see `Closures`."""
    bridge = hours["bridge"].to_numpy(dtype=bool)
    table = {}
    for traveller, column in HOURS.items():
        hour = hours[column].to_numpy(dtype=float)
        now = np.isnan(hour) | (bridge & (60.0 * hour <= UNDER_WAY_MIN))
        table[traveller] = np.where(now, 0.0, 60.0 * np.maximum(hour, 0.0))
    return pd.DataFrame(table, index=hours.index)


def _in_play(
    combined: WaterIndex, index: WaterIndex | None, exceedance: Exceedance, city: City
) -> pd.DataFrame:
    """Give the hour of every road that the joined water puts too deep, as `closed_roads` does."""
    cuts = cut_roads(combined, [KEY])
    rows = cuts.index.to_numpy()
    first = _first_river_h(index, exceedance, city).reindex(rows).to_numpy(dtype=float)
    table = {HOURS[who]: np.where(cuts[who].to_numpy(dtype=bool), first, np.inf) for who in HOURS}
    return pd.DataFrame(table, index=cuts.index).assign(bridge=False)


def _first_river_h(index: WaterIndex | None, exceedance: Exceedance, city: City) -> pd.Series[Any]:
    """Give for each road the hour at which the first river that reaches it may overflow.

    A road in no official area waits for the first river of the city; a time that is not known, or
    lies beyond the forecast, is its end.
    """
    rivers = list(dict.fromkeys([*(gauge.river for gauge in city.gauges),
                                 *(index.rivers if index is not None else ())]))  # fmt: skip
    chances = river_chances(exceedance, rivers, city.gauges)
    end_h = float(chances.index.get_level_values("until_h").max()) if len(chances) else 0.0
    early = chances[PASSAGE_COLUMNS[EARLY]].groupby(level="river").first()
    early_h: Any = early.clip(upper=end_h).fillna(end_h)
    everywhere = float(early_h.min()) if len(early_h) else 0.0
    size = 0 if city.roads is None else len(city.roads)
    first = np.full(size, everywhere)
    if index is not None and index.roads is not None:
        names = [ALL_RIVERS if river is None else river for river, _ in index.keys]
        hours: Floats = early_h.reindex(names).to_numpy(dtype=float)
        wet = np.isfinite(index.roads.depth_max_m)
        of_road = np.where(wet, hours, np.inf).min(axis=1, initial=np.inf)
        first[index.roads.at] = np.where(np.isfinite(of_road), of_road, everywhere)
    return pd.Series(first)
