"""How likely the water of the official areas is, by river, district and time (staff only).

Beside the areas that were chosen for advice the probability is kept: which flood was chosen for
each river and why, how deep the water may stand in a district, and how many people it may reach.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.types import Exceedance, Gauge
from hazard.chance import ALL_RIVERS, DEPTH_COLUMNS, DEPTHS_M, river_chances
from hazard.indexed import WaterIndex
from hazard.outlook import expected_people, place_chances
from hazard.select import on_river, river_outlook
from hazard.types import FloodLayer
from hazard.water import Population, people_of

DEEPER_COLUMNS = tuple(f"people_over_{depth_m:g}_m" for depth_m in DEPTHS_M)


@dataclass(frozen=True)
class Outlook:
    """Probabilities at one issue time; NaN = unknown.

    `rivers` (index river): `chosen` scenario ("" = none), `probability` of 氾濫発生 within the
    horizon, `unknown`, `proxy` (氾濫危険 stands for it), `alarmed` (chosen because somebody may be
    advised to leave). `chances` (index river, until_h): as `hazard.chance.river_chances`.
    `districts` (index district_id, until_h): as `hazard.outlook.expected_people`, with
    p_over_0.3_m … p_over_3_m at the building where that is likeliest, and people_over_0.3_m … the
    people expected in deeper water.
    """

    rivers: pd.DataFrame
    chances: pd.DataFrame
    districts: pd.DataFrame


def outlook(
    index: WaterIndex | None,
    layer: FloodLayer | None,
    exceedance: Exceedance,
    gauges: tuple[Gauge, ...],
    *,
    alarmed: Collection[str],
    population: Population,
) -> Outlook | None:
    """Give the probabilities behind a selection; None where the city has no areas or buildings."""
    if index is None or layer is None or not index.keys:
        return None
    chances = river_chances(exceedance, index.rivers, gauges)
    districts = expected_people(
        index,
        chances,
        unknown_gauges=layer.attrs.get("unknown_gauges", ()),
        population=population,
    )
    depths = _depths(index, chances, population).reindex(districts.index)
    known = districts["p_any"].notna()
    dry = depths.isna().all(axis=1) & known  # no building of the district lies in any area
    depths = depths.mask(dry, 0.0).where(known)
    return Outlook(
        rivers=_rivers(index, layer, exceedance, gauges, alarmed),
        chances=chances,
        districts=pd.concat([districts, depths], axis=1),
    )


def _rivers(
    index: WaterIndex,
    layer: FloodLayer,
    exceedance: Exceedance,
    gauges: tuple[Gauge, ...],
    alarmed: Collection[str],
) -> pd.DataFrame:
    """Give what was chosen for each river of the library; the larger one where both are there."""
    names = [ALL_RIVERS if pd.isna(river) else str(river) for river in layer["river"]]
    chosen = dict(zip(names, layer["scenario"], strict=True))
    rows = {}
    for river in index.rivers:
        name = ALL_RIVERS if river is None else river
        told = river_outlook(exceedance, on_river(gauges, river))
        rows[name] = {
            "chosen": str(chosen.get(name, "")),
            "probability": np.nan if told.probability is None else told.probability,
            "unknown": told.probability is None,
            "proxy": told.proxy,
            "alarmed": bool(alarmed) if river is None else river in alarmed,
        }
    columns = ["chosen", "probability", "unknown", "proxy", "alarmed"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis(index="river")


def _depths(index: WaterIndex, chances: pd.DataFrame, population: Population) -> pd.DataFrame:
    """Give depth by (district_id, until_h): the likeliest building, and people expected."""
    places = place_chances(index, chances)
    ends = places.index.get_level_values("until_h")
    wet, size = index.wet, len(index.wet.at)
    people = people_of(index, population)
    parts: dict[Any, pd.DataFrame] = {}
    for end in dict.fromkeys(ends):
        table = places[ends == end].to_numpy()[:size]
        district = pd.Series(np.asarray(index.districts.index)[wet.district], name="district_id")
        worst = pd.DataFrame(table, columns=list(DEPTH_COLUMNS)).groupby(district)
        heads = pd.DataFrame(table * people[:, None], columns=list(DEEPER_COLUMNS))
        summed = (
            heads.groupby(district).sum(min_count=1).where(~heads.isna().groupby(district).any())
        )
        unknown = pd.DataFrame(table, columns=list(DEPTH_COLUMNS)).isna().groupby(district).any()
        parts[end] = pd.concat([worst.max().where(~unknown), summed], axis=1)
    return pd.DataFrame(pd.concat(parts, names=["until_h", "district_id"]).swaplevel())
