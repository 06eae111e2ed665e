"""Scores of the probability to reach a level: reliability, Brier score, economic value."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from scores.probability import brier_score, relative_economic_value

BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
COST_LOSS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
DECISIONS = tuple(round(0.05 * number, 2) for number in range(21))
KEPT = ("gauge", "threshold", "lead")


def probability_scores(probability: xr.DataArray, events: xr.DataArray) -> xr.Dataset:
    """Give scores of probabilities against events of 0 and 1, NaN = unknown.

    Parameters
    ----------
    probability, events
        Dims (issued_at, gauge, threshold, lead).

    Returns
    -------
        brier and brier_skill (against the share of events in the rows scored), (gauge,
        threshold, lead); value (cost_loss) the relative economic value of whoever acts at the
        best probability: 1 = a perfect forecast, 0 = no better than always or never acting;
        forecast_share, observed_share and cases (bin) for the reliability diagram, over all
        thresholds and gauges, (bin, lead).
    """
    both = probability.notnull() & events.notnull()
    forecast, event = probability.where(both).clip(0, 1), events.where(both)
    brier = brier_score(forecast, event, preserve_dims=KEPT, check_args=False)
    share = event.mean("issued_at")
    unskilled = share * (1 - share)
    out = xr.Dataset({"brier": brier, "brier_skill": 1 - brier / unskilled.where(unskilled > 0)})
    return xr.merge([out, _value(forecast, event), reliability(forecast, event)])


def reliability(forecast: xr.DataArray, event: xr.DataArray) -> xr.Dataset:
    """Give mean forecast, observed share and number of cases by bin of probability, (bin, lead)."""
    number = xr.apply_ufunc(np.digitize, forecast.fillna(2.0), kwargs={"bins": BINS[1:-1]})
    pooled = [name for name in forecast.dims if name != "lead"]
    parts = []
    for one in range(len(BINS) - 1):
        chosen = (number == one) & event.notnull()
        parts.append(
            xr.Dataset(
                {
                    "forecast_share": forecast.where(chosen).mean(pooled),
                    "observed_share": event.where(chosen).mean(pooled),
                    "cases": chosen.sum(pooled).astype(float),
                }
            )
        )
    labels = [f"{low:g}-{high:g}" for low, high in pairwise(BINS)]
    return xr.concat(parts, dim="bin").assign_coords(bin=labels)


def _value(forecast: xr.DataArray, event: xr.DataArray) -> xr.Dataset:
    """Give the economic value of acting at the best probability, (..., cost_loss)."""
    official = {"threshold": "official"}  # scores calls its probabilities "threshold"
    value = relative_economic_value(
        forecast.rename(official),
        event.rename(official),
        cost_loss_ratios=list(COST_LOSS),
        probability_thresholds=list(DECISIONS),
        preserve_dims=["gauge", "official", "lead"],
        check_args=False,
    ).rename(official="threshold", cost_loss_ratio="cost_loss")
    happens = event.mean("issued_at") > 0
    return xr.Dataset({"value": value.max("probability_threshold").where(happens)})
