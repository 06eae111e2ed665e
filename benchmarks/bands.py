"""The bands of the forecaster's benchmark as figures: reliability, coverage, fans of floods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from forecasting.evaluate import only
from forecasting.types import LevelForecast, Observations
from forecasting.verification.events import find_floods
from forecasting.verification.pairs import RISE_CLASSES, truth_of
from kawamori.datasets import Dataset
from kawamori.verify_figures import Told, fans
from kawamori.verify_style import png, styled

COLOURS = {  # models with bands
    "quantile": "#009e73",
    "gbm": "#d55e00",
    "gbm, followed": "#7f1d1d",
    "global": "#e69f00",
}
LARGEST = 5
APART, AROUND = timedelta(days=4), timedelta(days=1.5)
LEADS_H, FAN_LEADS_H = (1, 3, 6, 12), (3, 6)


def reliability(forecasts: Mapping[str, LevelForecast], observed: Observations) -> bytes:
    """Draw the share of observations below each quantile: all hours and flood hours."""
    first = next(iter(forecasts.values()))
    truth = truth_of(first, observed)
    leads_h = _leads_h(first)
    with styled():
        figure = Figure(figsize=(3.1 * len(LEADS_H) + 1.2, 6.2), layout="constrained")
        axes = figure.subplots(2, len(LEADS_H), sharex=True, sharey=True)
        for column, lead_h in enumerate(LEADS_H):
            at = leads_h.index(lead_h)
            came = truth["observed_m"].isel(lead=at, gauge=0)
            flood = truth["flood"].isel(lead=at, gauge=0).values.astype(bool)
            for row, chosen in enumerate((np.ones_like(flood), flood)):
                axis = axes[row, column]
                axis.plot([0, 1], [0, 1], color="#6b7280", lw=0.8)
                for name, forecast in forecasts.items():
                    level = forecast["level_m"].isel(lead=at, gauge=0)
                    known = np.isfinite(came.values) & level.notnull().all("quantile").values
                    rows = known & chosen
                    below = (came.values[rows, None] <= level.values[rows]).mean(axis=0)
                    axis.plot(level["quantile"], below, marker="o", ms=4, color=COLOURS[name],
                              label=name)  # fmt: skip
                axis.set_box_aspect(1)
                axis.set_title(f"{lead_h} h, {'flood' if row else 'all'} hours ({rows.sum():,})")
        for row in (0, 1):
            axes[row, 0].set_ylabel("share observed below")
        for axis in axes[1]:
            axis.set_xlabel("quantile said")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False)
        return png(figure)


def coverage_by_rise(
    forecasts: Mapping[str, LevelForecast], observed: Observations, dataset: Dataset
) -> bytes:
    """Draw the share inside the 90 % band by class of the observed 3-h rise."""
    seen = only(observed, dataset.folds[0].train)
    truth = truth_of(next(iter(forecasts.values())), observed, seen)
    leads_h = _leads_h(next(iter(forecasts.values())))
    with styled():
        figure = Figure(figsize=(3.2 * len(LEADS_H) + 1.4, 3.6), layout="constrained")
        axes = figure.subplots(1, len(LEADS_H), sharey=True)
        for axis, lead_h in zip(axes, LEADS_H, strict=True):
            at = truth.isel(lead=leads_h.index(lead_h), gauge=0)
            counts = [int((at["rise_class"] == one).sum()) for one in range(len(RISE_CLASSES))]
            axis.axhspan(0.85, 0.95, color="#dbeafe", lw=0)
            axis.axhline(0.9, color="#1d4ed8", lw=0.8)
            for number, (name, forecast) in enumerate(forecasts.items()):
                inside = _inside(forecast, at, leads_h.index(lead_h))
                shares = [
                    float(inside.where(at["rise_class"] == one).mean())
                    for one in range(len(RISE_CLASSES))
                ]
                place = np.arange(len(shares)) + (number - 1.5) * 0.18
                axis.plot(place, shares, ls="", marker="o", color=COLOURS[name], label=name)
            labels = [f"{name}\n{n:,}" for name, n in zip(RISE_CLASSES, counts, strict=True)]
            axis.set_xticks(range(len(RISE_CLASSES)), labels)
            axis.set(title=f"{lead_h} h ahead", ylim=(0, 1.02))
        axes[0].set_ylabel("share inside the 90 % band")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False)
        return png(figure)


def flood_fans(forecast: LevelForecast, tested: Observations, dataset: Dataset) -> bytes:
    """Draw what was said before the largest floods of the test, largest first."""
    target = dataset.targets[0]
    floods = find_floods(tested, target, most=LARGEST, apart=APART, before=AROUND, after=AROUND)
    (gauge,) = (one for one in dataset.gauges if one.gauge_id == target)
    chosen = forecast.isel(lead=[_leads_h(forecast).index(lead) for lead in FAN_LEADS_H])
    return fans(Told(chosen), truth_of(chosen, tested), floods, dict(gauge.thresholds.items()))


def _inside(forecast: LevelForecast, truth: xr.Dataset, lead: int) -> xr.DataArray:
    """Tell (issued_at) 1 inside, 0 outside the 90 % band, NaN where one is not known."""
    level = forecast["level_m"].isel(lead=lead, gauge=0)
    low, high = level.sel(quantile=0.05, drop=True), level.sel(quantile=0.95, drop=True)
    came = truth["observed_m"]
    inside = ((came >= low) & (came <= high)).astype(float)
    return inside.where(came.notnull() & low.notnull() & high.notnull())


def _leads_h(forecast: LevelForecast) -> list[float]:
    return [float(lead / np.timedelta64(1, "h")) for lead in forecast["lead"].values]
