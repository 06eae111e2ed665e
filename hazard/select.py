"""Which official flood scenario a forecast speaks for, river by river.

The official layers know two floods: 計画規模 (planned) and 想定最大規模 (maximum). The
probability of 氾濫発生 (overflow) within the horizon chooses between nothing, planned and maximum.
The default probabilities are engineering starting points, not official: after the cost-loss rule
[1]_ one acts above cost / avoidable loss, taken as a tenth; at even odds the largest flood counts.

References
----------
.. [1] Murphy: Decision making and the value of forecasts in a generalized model of the cost-loss
   ratio situation, Mon. Weather Rev. 113, 1985.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.types import Exceedance, Gauge
from hazard.types import SCENARIOS, FloodLayer, check_layer

P_PLANNED = 0.1
P_MAXIMUM = 0.5
TELLING = ("overflow", "danger")  # levels that tell of overflow, the second as a proxy


@dataclass(frozen=True)
class RiverOutlook:
    """How likely a river overflows within the horizon.

    `probability` None = unknown; `proxy` True = 氾濫危険 (danger) stands for 氾濫発生 (overflow)
    at a gauge that has no such level, or a lower level tells that the river is calm.
    """

    probability: float | None
    proxy: bool
    gauge_ids: tuple[str, ...]
    judged: tuple[str, ...] = ()  # those of gauge_ids whose highest level was looked at


def select_layer(
    exceedance: Exceedance,
    library: FloodLayer,
    gauges: Sequence[Gauge],
    *,
    p_planned: float = P_PLANNED,
    p_maximum: float = P_MAXIMUM,
    alarmed: Collection[str] = (),
) -> FloodLayer:
    """Give the part of the library that the forecast makes likely.

    Parameters
    ----------
    exceedance
        Variable `probability`, dims (gauge, threshold, lead), 0 to 1, NaN = unknown.
    library
        Every scenario of every river. A river that lacks the chosen scenario gives its other one.
    gauges
        Gauges of the city; a river is judged by the gauge most likely to overflow.
    p_planned, p_maximum
        Probability from which the planned and the maximum scenario are selected.
    alarmed
        Rivers that give at least the planned scenario however unlikely the overflow: those for
        which somebody is advised to leave, so that who must leave is never empty then.

    Returns
    -------
        Rows of the library with `probability` (NaN = unknown), `unknown` and `proxy`. A river whose
        probability is unknown, or that has no gauge, gives its maximum scenario with `unknown`
        True. `attrs["unknown_gauges"]` names the gauges of rivers that are unknown, alarmed or
        likely to flood and have no area in the library: their districts are unknown.

    Raises
    ------
    ValueError
        If the probabilities are not in order within 0 to 1.
    """
    if not 0 < p_planned <= p_maximum <= 1:
        raise ValueError(
            f"need 0 < p_planned <= p_maximum <= 1, got {p_planned} and {p_maximum}."
            " Correct the policy."
        )
    outlooks = {
        river: river_outlook(exceedance, on_river(gauges, river), p_planned, p_maximum)
        for river in library["river"].unique()
    }
    picked = [
        _pick(library, river, outlook, 0.0 if _among(river, alarmed) else p_planned, p_maximum)
        for river, outlook in outlooks.items()
    ]
    selected = pd.concat(picked) if picked else _noted(library, RiverOutlook(0.0, False, ()))
    selected = check_layer(selected.sort_index())
    selected.attrs["unknown_gauges"] = unmapped_gauges(
        exceedance, library, gauges, p_planned, alarmed
    )
    return selected


def river_outlook(
    exceedance: Exceedance,
    gauges: Sequence[Gauge],
    p_planned: float = P_PLANNED,
    p_maximum: float = P_MAXIMUM,
) -> RiverOutlook:
    """Give the highest probability of overflow among gauges of one river.

    Gauges with an overflow or danger level tell. One that is missing in any lead makes the
    outlook unknown, except where a known probability already reaches `p_maximum`. Where no gauge
    tells, a lower level bounds the probability from above: below `p_planned` the river is known
    to be calm, from there on its outlook is unknown.
    """
    highest = {g.gauge_id: g.thresholds.items()[-1][0] for g in gauges if g.thresholds.items()}
    telling = {gauge_id: name for gauge_id, name in highest.items() if name in TELLING}
    judged = telling or highest
    values = [_probability(exceedance, gauge_id, name) for gauge_id, name in judged.items()]
    known = max((value for value, _ in values if value is not None), default=None)
    whole = bool(values) and all(complete for _, complete in values)
    certain = known is not None and (
        (whole or known >= p_maximum) if telling else (whole and known < p_planned)
    )
    proxy = any(name != TELLING[0] for name in judged.values())
    return RiverOutlook(
        known if certain else None, proxy, tuple(g.gauge_id for g in gauges), tuple(judged)
    )


def _probability(
    exceedance: Exceedance, gauge_id: str, threshold: str
) -> tuple[float | None, bool]:
    """Give the highest probability over the leads, and whether every lead is known."""
    table = exceedance["probability"]
    if gauge_id not in table["gauge"].values or threshold not in table["threshold"].values:
        return None, False
    leads = np.asarray(table.sel(gauge=gauge_id, threshold=threshold).values, dtype=float)
    known = leads[~np.isnan(leads)]
    return (float(known.max()) if known.size else None), known.size == leads.size > 0


def on_river(gauges: Sequence[Gauge], river: Any) -> list[Gauge]:
    """Give the gauges of a river; a layer that names no river is judged by all of them."""
    return [gauge for gauge in gauges if pd.isna(river) or gauge.river == river]


def _among(river: Any, alarmed: Collection[str]) -> bool:
    return bool(alarmed) if pd.isna(river) else river in alarmed


def _pick(
    library: Any, river: Any, outlook: RiverOutlook, p_planned: float, p_maximum: float
) -> Any:
    rows = library[library["river"].isna() if pd.isna(river) else library["river"] == river]
    probability = outlook.probability
    if probability is not None and probability < p_planned:
        return _noted(rows.iloc[:0], outlook)
    likely_planned = probability is not None and probability < p_maximum
    scenario = SCENARIOS[0] if likely_planned else SCENARIOS[1]
    chosen = rows[rows["scenario"] == scenario]
    return _noted(chosen if len(chosen) else rows, outlook)


def _noted(rows: Any, outlook: RiverOutlook) -> Any:
    unknown = outlook.probability is None
    return rows.assign(
        probability=np.nan if unknown else outlook.probability, unknown=unknown, proxy=outlook.proxy
    )


def unmapped_gauges(
    exceedance: Exceedance,
    library: Any,
    gauges: Sequence[Gauge],
    p_planned: float = P_PLANNED,
    alarmed: Collection[str] = (),
) -> tuple[str, ...]:
    """Name the gauges of rivers that may flood and have no area in the library."""
    names = {gauge.river for gauge in gauges}
    if library["river"].isna().any():  # a mesh layout may hold any river
        names = set()
    unknown: list[str] = []
    for river in sorted(names - set(library["river"])):
        outlook = river_outlook(exceedance, on_river(gauges, river), p_planned)
        calm = outlook.probability is not None and outlook.probability < p_planned
        unknown += () if calm and river not in alarmed else outlook.gauge_ids
    return tuple(unknown)
