"""避難困難地域: where people cannot reach a usable shelter in time, as a layer for planning.

Room is not asked for: a place within reach may still be full, which `shelters.allocate` tells. Time
is up when a road of the way closes (`shelters.latest`), when the water comes, or when the way is
longer than anybody is sent; all are handed over.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr

from hazard.types import JGD2011
from shelters.groups import Groups, groups_of
from shelters.prices import Floats
from shelters.routes import NOTES
from shelters.types import TRAVELLERS, Shelters, TravelMinutes

STRANDED_COLUMNS = (
    "scenario", "district_id", "block", "traveller", "people", "minutes", "time_min", "reason",
    "geometry",
)  # fmt: skip
REASONS = {
    "too_late": "使える避難所まで{minutes:.0f}分かかり、{time_min:.0f}分では着かない",
    "no_usable_shelter": "使える避難所がない",
    "no_position": "居住位置が不明",
}


def stranded(
    people: pd.DataFrame,
    shelters: Shelters,
    minutes: TravelMinutes,
    *,
    scenario: str,
    time_min: float | Mapping[str, float],
    spare_min: xr.DataArray | None = None,
) -> gpd.GeoDataFrame:
    """Give the people who cannot reach any of the shelters in time.

    Parameters
    ----------
    people, minutes
        As in `shelters.allocate.allocate`.
    shelters
        Those usable in this scenario, with or without room.
    time_min
        Minutes until the water comes, for all or by district_id; a district that is absent and NaN
        have no limit but that of the ways.
    spare_min
        Dims (origin, traveller): how much later than they do people could set out and still get
        through, below 0 = too late; then `time_min` of the result is what their way leaves them.

    Returns
    -------
        STRANDED_COLUMNS: one row per origin and traveller, `minutes` to the nearest shelter (inf =
        no way, NaN = not known), points EPSG:6668 (empty where the position is not known).
    """
    groups = groups_of(people, minutes, shelters.index)
    nearest = groups.minutes.min(axis=1, initial=np.inf)
    if isinstance(time_min, Mapping):
        limit = np.array(
            [time_min.get(str(key), np.nan) for key in groups.district_id], dtype=float
        )
    else:
        limit = np.full(len(nearest), float(time_min))
    limit = np.where(np.isnan(limit), np.inf, limit)
    if spare_min is not None:
        reach = np.isfinite(nearest)
        there_is = nearest[reach] + _spare(spare_min, people, groups)[reach]
        limit[reach] = np.fmin(limit[reach], np.maximum(there_is, 0.0))
    late = np.flatnonzero(~(nearest <= limit) | ~np.isfinite(nearest))
    told = [_why(groups.notes[at], nearest[at], limit[at], len(shelters)) for at in late]
    at = people.iloc[groups.row[late]][["lon", "lat"]].to_numpy(dtype=float)
    table = groups.facts(late).drop(columns="origin")
    table = table.assign(
        scenario=scenario,
        people=groups.heads[late],
        minutes=nearest[late],
        time_min=limit[late],
        reason=np.array(told, dtype=object),
    )
    places = np.where(np.isnan(at).any(axis=1), shapely.Point(), shapely.points(at))
    return gpd.GeoDataFrame(table, geometry=places, crs=JGD2011)[list(STRANDED_COLUMNS)]


def _spare(spare_min: xr.DataArray, people: pd.DataFrame, groups: Groups) -> Floats:
    """Give the spare minutes of each group; a traveller that is absent has no limit."""
    table = spare_min.reindex(origin=people.index, traveller=list(TRAVELLERS))
    kind = [TRAVELLERS.index(who) for who in groups.traveller]
    values = np.asarray(table.transpose("origin", "traveller").values, dtype=float)
    spare = values[groups.row, kind]
    return np.where(np.isnan(spare), np.inf, spare)


def _why(note: str, minutes: float, time_min: float, shelters: int) -> str:
    if np.isnan(minutes):
        key, text = "no_position", REASONS["no_position"]
    elif not shelters:
        key, text = "no_usable_shelter", REASONS["no_usable_shelter"]
    elif np.isfinite(minutes):
        key, text = "too_late", REASONS["too_late"].format(minutes=minutes, time_min=time_min)
    else:
        key = note or "cut_off"
        text = NOTES[key]
    return f"{text} ({key})"
