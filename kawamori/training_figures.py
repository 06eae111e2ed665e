"""The figures of a training, by name: those of a verification, PIT and lead time of detection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecasting.types import LevelForecast
from forecasting.verification.pairs import Truth, truth_of
from kawamori import verify_figures
from kawamori.training import BESIDE, SUITE, TrainingRun
from kawamori.verify_style import legend, png, style_of, styled, text
from kawamori.verify_tables import NAMES, shown_leads

BINS = 10
HATCHES = ("///", "", "...", "xxx")
LARGEST = 3  # floods drawn
FANNED = 4  # gauges with a picture of their floods: fans.png, fans-2.png …, in order of targets
FIGURES = ("skill_by_lead.png", "reliability.png", "coverage.png", "value.png", "pit.png",
           "detection.png", "fans.png",
           *(f"fans-{number}.png" for number in range(2, FANNED + 1)))  # fmt: skip


def figures_of(run: TrainingRun) -> dict[str, bytes]:
    """Give every figure of a run as PNG by file name; a lead in the middle where one is asked."""
    scores, suites = run.metrics, [SUITE]
    leads = shown_leads(scores["lead_h"].dropna().unique().tolist())
    lead_h, model = leads[len(leads) // 2], run.config.model
    truth = truth_of(run.forecasts[model], run.docket.observations)
    drawn = {
        "skill_by_lead.png": verify_figures.skill_by_lead(scores, suites),
        "reliability.png": verify_figures.reliability(scores, suites, lead_h),
        "coverage.png": verify_figures.coverage_by_class(scores, suites, leads),
        "value.png": verify_figures.economic_value(scores, suites, lead_h),
        "pit.png": pit(run.forecasts, truth, lead_h),
        "detection.png": detection(scores),
    }
    for number, target in enumerate(run.dataset.targets[:FANNED]):
        if fans := _fans(run, truth, target):
            drawn["fans.png" if number == 0 else f"fans-{number + 1}.png"] = fans
    return drawn


def _fans(run: TrainingRun, truth: Truth, target: str) -> bytes | None:
    """Draw the largest floods of a gauge; None where it had none."""
    floods = [one for one in run.docket.floods if one.gauge_id == target][:LARGEST]
    if not floods:
        return None
    model = run.config.model
    gauge = next(one for one in run.dataset.gauges if one.gauge_id == target)
    beside = None if model == BESIDE else (BESIDE, run.forecasts[BESIDE])
    title = f"{gauge.name} ({gauge.river}), {model}"
    told = verify_figures.Told(run.forecasts[model], beside, title)
    return verify_figures.fans(told, truth, floods, dict(gauge.thresholds.items()))


def pit_values(forecast: LevelForecast, truth: Truth) -> xr.DataArray:
    """Give the probability said to stay at or below what came, (issued_at, gauge, lead).

    Between two quantiles it is interpolated; beyond the outer ones it is spread evenly over what
    lies there by the order of the quantiles: 0.5 of the outer share. NaN where either is unknown.
    """
    grid = forecast["quantile"].values.astype(float)
    levels = forecast["level_m"].transpose("issued_at", "gauge", "lead", "quantile")
    observed = truth["observed_m"].transpose("issued_at", "gauge", "lead")
    flat = levels.values.reshape(-1, len(grid))
    found = np.array([_pit(row, grid, came) for row, came in
                      zip(flat, observed.values.ravel(), strict=True)])  # fmt: skip
    return observed.copy(data=found.reshape(observed.shape)).rename("pit")


def _pit(levels_m: NDArray[np.float64], grid: NDArray[np.float64], came_m: float) -> float:
    if not np.isfinite(came_m) or not np.isfinite(levels_m).all():
        return float("nan")
    if came_m < levels_m[0]:
        return float(grid[0] / 2)
    if came_m > levels_m[-1]:
        return float((1 + grid[-1]) / 2)
    return float(np.interp(came_m, levels_m, grid))


def pit(forecasts: Mapping[str, LevelForecast], truth: Truth, lead_h: float) -> bytes:
    """Draw how often what came fell into each tenth of what was said, flood hours beside all.

    Level = the band is right; a U = too narrow, a hump = too wide, a slope = biased.
    """
    lead = np.timedelta64(round(lead_h * 3600), "s")
    flood = truth["flood"].sel(lead=lead)
    with styled():
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for model, forecast in forecasts.items():
            at = pit_values(LevelForecast(forecast.sel(lead=[lead])), Truth(truth.sel(lead=[lead])))
            values = at.isel(lead=0)
            for axis, chosen in zip(axes, (values, values.where(flood)), strict=True):
                share, edges = _shares(chosen.values)
                style = style_of(model, "none")
                dash = "--" if model == BESIDE else "-"
                axis.stairs(share, edges, color=style["color"], lw=1.6, ls=dash,
                            label=style["label"])  # fmt: skip
        for axis, name in zip(axes, (text("全時間", "all hours"),
                                     text("出水時", "flood hours")), strict=True):  # fmt: skip
            axis.axhline(1 / BINS, color="#6b7280", lw=0.8)
            axis.set_title(f"{name}, {lead_h:g} h")
            axis.set_xlabel(text("予測分布での位置(PIT)", "PIT"))
            axis.set(xlim=(0, 1), ylim=(0, None))
        axes[0].set_ylabel(text("割合", "share"))
        legend(figure, axes[0])
        return png(figure)


def _shares(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the share of the known values in each bin from 0 to 1, and the edges."""
    counts, edges = np.histogram(values[np.isfinite(values)], bins=BINS, range=(0, 1))
    return counts / max(counts.sum(), 1), edges


def detection(scores: pd.DataFrame) -> bytes:
    """Draw the mean lead time of warnings by official level, and how many crossings were warned.

    A level that was never reached is left out; without any the figure says so.
    """
    rows = scores[scores["outage"] == "none"]
    kinds = ["warning_lead_h", "crossings", "warned_crossings"]
    wide = rows[rows["score"].isin(kinds)].pivot_table(
        index=["model", "threshold"], columns="score", values="value", aggfunc="sum", sort=False
    )
    mean = rows[rows["score"] == "warning_lead_h"].groupby(["model", "threshold"])["value"].mean()
    names = [name for name in NAMES if name in set(mean.index.get_level_values("threshold"))]
    models = list(dict.fromkeys(rows["model"]))
    with styled():
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        axis = figure.subplots()
        for number, model in enumerate(models):
            at = np.arange(len(names)) + (number - (len(models) - 1) / 2) * 0.8 / len(models)
            lead_h = [float(mean.get((model, name), np.nan)) for name in names]
            style = style_of(str(model), "none")
            axis.bar(at, lead_h, 0.76 / len(models), color=style["color"], label=style["label"],
                     hatch=HATCHES[number % len(HATCHES)], edgecolor="white")  # fmt: skip
            for place, name, top in zip(at, names, lead_h, strict=True):
                if np.isfinite(top):
                    counts = wide.loc[(model, name)]
                    share = f"{counts['warned_crossings']:.0f}/{counts['crossings']:.0f}"
                    axis.annotate(share, (place, top), (0, 2), textcoords="offset points",
                                  ha="center", fontsize=8)  # fmt: skip
        axis.set_xticks(range(len(names)), [text(NAMES[name], name) for name in names])
        axis.set_ylabel(text("到達前に警告が続いた時間 [h]", "warned before the crossing [h]"))
        title = text("警告の先行時間(数字 = 警告した回 / 到達した回)",
                     "lead time of detection (warned / reached)")  # fmt: skip
        axis.set_title(title if names else text("到達なし", "no level was reached"))
        if names:
            legend(figure, axis)
        return png(figure)
