"""People in areas that a signal switches on, district by district: inland floods, landslides.

No gauge tells of them; warnings and rain do. Each is a scenario of its own and is never mixed with
the floods of gauged rivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hazard.exposure import count_keys, unknown_exposure
from hazard.indexed import WaterIndex, roads_of
from hazard.roads import HOURS, PASSABLE_M, earliest_closed
from hazard.staying import StayRules
from hazard.types import EXPOSURE_COLUMNS, Exposure
from hazard.water import STAY, Population, people_of


@dataclass(frozen=True)
class Signal:
    """Whether a scenario applies to a district; `applies` None = unknown."""

    applies: bool | None
    reason: str  # Japanese, for the officer


def expose_signalled(
    index: WaterIndex,
    signals: Mapping[str, Signal],
    scenario: str,
    *,
    rules: StayRules = STAY,
    population: Population = "night",
) -> Exposure:
    """Give people and buildings in the areas of the districts whose signal applies.

    Parameters
    ----------
    index
        Of `index_water` for the areas of this scenario alone, apart from the rivers' index.
    signals
        By district_id; a district without one is unknown.

    Returns
    -------
        Index (district_id, scenario), columns as `hazard.exposure.expose`. 0 where the signal says
        no, <NA> where it is unknown or no building of the district lies in a mapped area.
    """
    if not index.keys:
        return unknown_exposure(index.districts, [scenario])
    counts = count_keys(index, list(index.keys), people_of(index, population), rules)
    mapped = counts["buildings"] > 0
    for district_id in index.districts.index:
        applies = signals[district_id].applies if district_id in signals else None
        if applies is None or not mapped[district_id]:
            counts.loc[district_id] = pd.NA
        elif not applies:
            counts.loc[district_id] = 0
    table = pd.concat({scenario: counts}, names=["scenario"]).swaplevel()
    return Exposure(table[list(EXPOSURE_COLUMNS)].astype("Int64"))


def signalled_roads(index: WaterIndex, signals: Mapping[str, Signal]) -> pd.DataFrame:
    """Give the roads in the areas of the districts whose signal applies, as `closed_roads` does.

    Returns
    -------
        Index road; general_h, elderly_h, assisted_h, car_h: 0 where the signal applies and the
        water may be too deep, inf where it does not, NaN where it is unknown; `bridge` False. A
        road belongs to the districts of its middle; one in no district is left out.
    """
    wet = roads_of(index)
    told = [signals.get(district_id) for district_id in index.districts.index]
    applies = np.array(
        [np.nan if one is None or one.applies is None else float(one.applies) for one in told]
    )[wet.district]
    depth_m = wet.depth_max_m.max(axis=1, initial=-np.inf)[wet.row]
    table = {}
    for who, limit_m in PASSABLE_M.items():
        hour = np.where(applies == 1, 0.0, np.where(np.isnan(applies), np.nan, np.inf))
        table[HOURS[who]] = np.where(depth_m > limit_m, hour, np.inf)
    frame = pd.DataFrame(table, index=pd.Index(wet.at[wet.row], name="road"))
    return earliest_closed(frame.assign(bridge=False))
