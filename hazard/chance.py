"""How likely each flood is, by river and time, and what depth that means for an area.

Three things may happen along a river: nothing, the planned flood or the maximum one. It leaves
its bed when its telling level (氾濫発生, else 氾濫危険 as a proxy) is reached; that alone brings
the planned flood. The maximum one is taken to come when the level stands as far above the telling
level as that stands above the next official level below it (仮定). Beyond the telling level the
probability falls exponentially at the rate between these two levels, so with their probabilities
p and q

    P(planned or more) = p,    P(maximum) = p * p / q.

A gauge without a lower level tells nothing of how far above: P(maximum) = p, the safe side. The
gauges of a river are joined by the highest probability, leads by the highest so far, the least
that the true one can be.

Within an area of known depth range the depth is taken as uniform (仮定); rank 6 has no upper end
and is deeper than every depth asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.types import Exceedance, Gauge
from hazard.select import P_MAXIMUM, P_PLANNED, RiverOutlook, on_river, river_outlook
from hazard.types import FloodLayer

Floats = npt.NDArray[np.float64]
DEPTHS_M = (0.3, 0.5, 1.0, 3.0)
DEPTH_COLUMNS = tuple(f"p_over_{depth_m:g}_m" for depth_m in DEPTHS_M)
BANDS_H = (1.0, 3.0, 6.0, 12.0)
PASSAGE_COLUMNS = {0.1: "arrival_10_h", 0.5: "arrival_50_h", 0.9: "arrival_90_h"}
ALL_RIVERS = "*"  # stands for a layer that names no river: judged by every gauge


def river_chances(
    exceedance: Exceedance,
    rivers: Sequence[str | None],
    gauges: Sequence[Gauge],
    *,
    bands_h: Sequence[float] = BANDS_H,
) -> pd.DataFrame:
    """Give the probability of each flood by river and end of the time band.

    Parameters
    ----------
    exceedance
        probability (gauge, threshold, lead) and, where known, first_passage_h.
    rivers
        Names as in the library; None = the layer names none, every gauge tells.
    bands_h
        Ends of the bands; those beyond the horizon are replaced by the horizon itself.

    Returns
    -------
        Index (river, until_h): `planned` = P(planned or more), `maximum`, both 0 to 1 and rising
        with time; NaN = unknown. `proxy` True = another level stands for 氾濫発生. arrival_10_h,
        arrival_50_h, arrival_90_h: when the telling level is reached with 10, 50, 90 %
        probability, inf = not within the horizon, NaN = unknown.
    """
    horizon_h = _lead_h(exceedance)
    ends = _ends(bands_h, horizon_h)
    parts = {}
    for river in dict.fromkeys(rivers):
        here = on_river(gauges, river)
        outlook = river_outlook(exceedance, here, P_PLANNED, P_MAXIMUM)
        parts[ALL_RIVERS if river is None else river] = _chances(exceedance, here, outlook, ends)
    if not parts:
        names = ["planned", "maximum", "proxy", *PASSAGE_COLUMNS.values()]
        empty = pd.MultiIndex.from_arrays([[], []], names=["river", "until_h"])
        return pd.DataFrame(columns=names, index=empty, dtype=float)
    return pd.concat(parts, names=["river", "until_h"])


def depth_chances(
    exceedance: Exceedance,
    library: FloodLayer,
    gauges: Sequence[Gauge],
    *,
    bands_h: Sequence[float] = BANDS_H,
) -> pd.DataFrame:
    """Give how likely each area is under more than 0.3, 0.5, 1 and 3 m, by end of the time band.

    Returns
    -------
        Index (area, until_h), `area` = the library's index, rows with a depth only; columns river,
        scenario, p_over_0.3_m, p_over_0.5_m, p_over_1_m, p_over_3_m, falling along depth and
        rising with time; NaN = unknown. Of areas that overlap the highest is the least that the
        true one can be; `hazard.outlook.place_chances` joins them place by place.
    """
    wet = library[library["depth_max_m"].notna()]
    rivers = [None if pd.isna(river) else river for river in wet["river"]]
    chances = river_chances(exceedance, rivers, gauges, bands_h=bands_h)
    ends = chances.index.get_level_values("until_h").unique()
    low, high = (wet[f"depth_{end}_m"].to_numpy(dtype=float) for end in ("min", "max"))
    share = deeper_share(low, high)
    names = np.array([ALL_RIVERS if river is None else river for river in rivers], dtype=object)
    parts = {}
    for end in ends:
        now = chances.xs(end, level="until_h")
        coming = np.array(
            [now.at[r, s] for r, s in zip(names, wet["scenario"], strict=True)], dtype=float
        )
        table = pd.DataFrame(coming[:, None] * share, columns=list(DEPTH_COLUMNS), index=wet.index)
        parts[end] = pd.concat([wet[["river", "scenario"]], table], axis=1)
    if not parts:
        empty = pd.MultiIndex.from_arrays([[], []], names=["area", "until_h"])
        return pd.DataFrame(columns=["river", "scenario", *DEPTH_COLUMNS], index=empty)
    joined = pd.concat(parts, names=["until_h", "area"]).swaplevel()
    return pd.DataFrame(joined.sort_index(kind="stable"))


def deeper_share(low_m: Any, high_m: Any) -> Floats:
    """Give the share (…, depth of DEPTHS_M) of a depth range that is deeper; 0 where dry (-inf).

    >>> deeper_share(0.5, 3.0).tolist()
    [1.0, 1.0, 0.8, 0.0]
    """
    low, high = (np.asarray(value, dtype=float)[..., None] for value in (low_m, high_m))
    asked = np.array(DEPTHS_M)
    bounded = np.isfinite(low) & np.isfinite(high) & (high > low)
    start, end = np.where(bounded, low, 0.0), np.where(bounded, high, 1.0)
    share = np.clip((end - asked) / (end - start), 0.0, 1.0)
    return np.where(bounded, share, np.where(high > asked, 1.0, 0.0))


def _chances(
    exceedance: Exceedance, gauges: Sequence[Gauge], outlook: RiverOutlook, ends: Floats
) -> pd.DataFrame:
    index = pd.Index(ends, name="until_h")
    planned, maximum = np.full(len(ends), np.nan), np.full(len(ends), np.nan)
    passage = np.full(len(PASSAGE_COLUMNS), np.nan)
    if outlook.probability is not None:
        heard = set(map(str, exceedance["gauge"].values)) & set(outlook.judged)
        told = [_of_gauge(exceedance, one, ends) for one in gauges if one.gauge_id in heard]
        planned, maximum = (np.fmax.reduce([one[at] for one in told]) for at in (0, 1))
        passage = np.fmin.reduce([one[2] for one in told])
    table = pd.DataFrame({"planned": planned, "maximum": maximum, "proxy": outlook.proxy}, index)
    return table.assign(**dict(zip(PASSAGE_COLUMNS.values(), passage, strict=True)))


def _of_gauge(exceedance: Exceedance, gauge: Gauge, ends: Floats) -> tuple[Floats, Floats, Floats]:
    """Give P(planned or more), P(maximum) by band and the passage times of one gauge."""
    names = [name for name, _ in gauge.thresholds.items()]
    telling, below = names[-1], (names[-2] if len(names) > 1 else None)
    passage = _passage_h(exceedance, gauge.gauge_id, telling)
    reached = _by_band(exceedance, gauge.gauge_id, telling, ends)
    for share, at_h in zip(PASSAGE_COLUMNS, passage, strict=True):
        reached = np.where(at_h <= ends, np.fmax(reached, share), reached)
    if (passage == 0).all():  # the last observation is already there
        reached = np.ones(len(ends))
    if below is None:
        return reached, reached, passage
    lower = np.fmax(_by_band(exceedance, gauge.gauge_id, below, ends), reached)
    ratio = np.divide(reached, lower, out=np.ones(len(ends)), where=lower > 0)
    return reached, np.maximum.accumulate(reached * ratio), passage


def _by_band(exceedance: Exceedance, gauge_id: str, threshold: str, ends: Floats) -> Floats:
    """Give the highest probability up to the end of each band; NaN if no lead is known."""
    table = exceedance["probability"].sel(gauge=gauge_id, threshold=threshold)
    leads = np.fmax.accumulate(np.asarray(table.values, dtype=float))
    at = np.searchsorted(_lead_h(exceedance), ends + 1e-9, side="right") - 1
    return np.where(at >= 0, leads[np.maximum(at, 0)], 0.0)


def _passage_h(exceedance: Exceedance, gauge_id: str, threshold: str) -> Floats:
    if "first_passage_h" not in exceedance:
        return np.full(len(PASSAGE_COLUMNS), np.nan)
    table = exceedance["first_passage_h"].sel(gauge=gauge_id, threshold=threshold)
    return np.array(
        [float(table.sel(quantile=share, method="nearest")) for share in PASSAGE_COLUMNS]
    )


def _lead_h(exceedance: Exceedance) -> Floats:
    leads = exceedance["probability"]
    if "lead" not in leads.coords:
        return np.arange(1.0, leads.sizes["lead"] + 1.0)
    return np.asarray(leads["lead"].values / np.timedelta64(3600, "s"), dtype=float)


def _ends(bands_h: Sequence[float], lead_h: Floats) -> Floats:
    horizon = float(lead_h[-1]) if lead_h.size else 0.0
    within = [float(end) for end in sorted(bands_h) if lead_h.size and lead_h[0] <= end < horizon]
    return np.array([*within, horizon])
