"""The figures of a verification, as PNG bytes: what the tables say, to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, DayLocator
from matplotlib.figure import Figure

from forecasting.types import LevelForecast
from forecasting.verification.events import Flood
from forecasting.verification.judge import OLD_MAXIMUM
from forecasting.verification.pairs import RISE_CLASSES, Truth
from kawamori.verify_style import (
    CLASS_NAMES,
    JST,
    SUITE_NAMES,
    THRESHOLD_COLOURS,
    cases_of,
    legend,
    png,
    style_of,
    styled,
    text,
)
from kawamori.verify_tables import NAMES, shown_leads

MARK_AREA = 2.5  # of the mark of one case, growing with the root of the cases
LARGEST_AREA = 60.0
LABEL_SHARE = 0.08  # of an axis, the height of a label
JAPAN = timezone(timedelta(hours=9))


def skill_by_lead(scores: pd.DataFrame, suites: Sequence[str]) -> bytes:
    """Draw skill against persistence and flood CRPS over the lead, one column per suite."""
    with styled():
        figure = Figure(figsize=(4.1 * len(suites) + 1.6, 6.4), layout="constrained")
        axes = figure.subplots(2, len(suites), squeeze=False, sharex=True, sharey="row")
        rows = scores[scores["outage"] == "none"]
        for column, suite in enumerate(suites):
            for row, score in enumerate(("skill_flood", "crps_m_flood")):
                _lines(axes[row, column], rows[(rows["suite"] == suite) & (rows["score"] == score)])
            axes[0, column].set_title(text(SUITE_NAMES[suite], suite))
            axes[0, column].axhline(0, color="#6b7280", lw=0.8)
            axes[1, column].set_xlabel(text("予測時間 [h]", "lead [h]"))
            axes[1, column].set_xticks(sorted(rows["lead_h"].dropna().unique()))
        axes[0, 0].set_ylabel(text("出水時の skill(1 = 完全)", "skill in flood hours"))
        axes[1, 0].set_ylabel(text("出水時の CRPS [m](0 = 完全)", "CRPS in flood hours [m]"))
        axes[1, 0].set_ylim(bottom=0)
        axes[0, 0].set_ylim(bottom=max(-1.0, min(axes[0, 0].get_ylim()[0], -0.1)), top=1)
        legend(figure, axes[0, 0])
        return png(figure)


@dataclass(frozen=True)
class Told:
    """The forecasts drawn as fans, and the medians of another model beside them."""

    forecast: LevelForecast
    beside: tuple[str, LevelForecast] | None = None
    title: str = ""  # above all panels


def fans(
    told: Told, truth: Truth, floods: Sequence[Flood], thresholds: Mapping[str, float]
) -> bytes:
    """Draw what was said so many hours ahead beside what came, largest flood first."""
    forecast = told.forecast
    leads = [one / np.timedelta64(1, "h") for one in forecast["lead"].values]
    chosen = shown_leads(leads)[-2:]
    with styled():
        figure = Figure(figsize=(6.2 * len(chosen), 2.5 * len(floods) + 0.5), layout="constrained")
        axes = figure.subplots(len(floods), len(chosen), squeeze=False, sharey="row")
        for row, flood in enumerate(floods):
            for column, lead_h in enumerate(chosen):
                lead = forecast["lead"].values[leads.index(lead_h)]
                _fan(axes[row, column], told, truth, (flood, lead), thresholds)
                ahead = text(f"{lead_h:g} 時間前の予測", f"{lead_h:g} h ahead")
                day = f"{flood.peak_at.astimezone(JAPAN):%Y-%m-%d}"
                axes[row, column].set_title(f"{day}  {ahead}", loc="left")
            axes[row, 0].set_ylabel(text("水位 [m]", "level [m]"))
        for axis in axes[-1]:
            axis.set_xlabel(text("日本時間", "JST"))
        if told.title:
            figure.suptitle(told.title)
        legend(figure, axes[0, 0])
        return png(figure)


def reliability(scores: pd.DataFrame, suites: Sequence[str], lead_h: float) -> bytes:
    """Draw how often it came true against the probability said, marks sized by cases."""
    with styled():
        figure = Figure(figsize=(4.1 * len(suites) + 1.6, 4.3), layout="constrained")
        axes = figure.subplots(1, len(suites), squeeze=False, sharey=True)[0]
        rows = scores[(scores["outage"] == "none") & (scores["lead_h"] == lead_h)]
        for axis, suite in zip(axes, suites, strict=True):
            axis.plot([0, 1], [0, 1], color="#6b7280", lw=0.8)
            for model, rain, part in cases_of(rows[rows["suite"] == suite]):
                wide = part.pivot_table(index="bin", columns="score", values="value", sort=False)
                if not {"forecast_share", "observed_share", "cases"} <= set(wide.columns):
                    continue
                wide = wide[wide["cases"] >= 5]
                style = style_of(model, rain)
                said, came = wide["forecast_share"], wide["observed_share"]
                axis.plot(said, came, **{**style, "ms": 0.01, "lw": 1.0})
                sizes = np.minimum(MARK_AREA * np.sqrt(wide["cases"]), LARGEST_AREA)
                axis.scatter(said, came, s=sizes, color=style["color"], marker=style["marker"],
                             label=style["label"])  # fmt: skip
            axis.set_title(f"{text(SUITE_NAMES[suite], suite)}, {lead_h:g} h")
            axis.set_xlabel(text("予測した確率", "probability said"))
            axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        axes[0].set_ylabel(text("起きた割合", "share that came true"))
        legend(figure, axes[0])
        return png(figure)


def coverage_by_class(
    scores: pd.DataFrame, suites: Sequence[str], leads_h: Sequence[float]
) -> bytes:
    """Draw the share inside the 90 % band by class of the observed 3-h rise, one row per lead."""
    names = [text(CLASS_NAMES[one], one) for one in RISE_CLASSES]
    rows = scores[(scores["outage"] == "none") & (scores["score"] == "coverage90_class")]
    with styled():
        shape = (len(leads_h), len(suites))
        figure = Figure(figsize=(4.1 * shape[1] + 1.6, 2.1 * shape[0] + 0.6), layout="constrained")
        axes = figure.subplots(*shape, squeeze=False, sharex=True, sharey=True)
        for (row, column), axis in np.ndenumerate(axes):
            part = rows[(rows["suite"] == suites[column]) & (rows["lead_h"] == leads_h[row])]
            axis.axhspan(0.85, 0.95, color="#dbeafe", lw=0)
            axis.axhline(0.9, color="#1d4ed8", lw=0.8)
            cases = list(cases_of(part))
            for number, (model, rain, one) in enumerate(cases):
                means = one.groupby("rise_class")["value"].mean()  # over gauges
                by_class = means.reindex(list(RISE_CLASSES))
                shift = (number - (len(cases) - 1) / 2) * 0.7 / max(len(cases), 1)
                style = {**style_of(model, rain), "ls": ""}
                axis.plot(np.arange(len(names)) + shift, by_class.to_numpy(), **style)
            axis.set_xticks(range(len(names)), names)
            axis.set_ylim(-0.04, 1.04)
            if row == 0:
                axis.set_title(text(SUITE_NAMES[suites[column]], suites[column]))
            if column == 0:
                axis.set_ylabel(f"{leads_h[row]:g} h")
        figure.supylabel(text("90 % の幅に入った割合", "share inside the 90 % band"), size=10)
        legend(figure, axes[0, 0])
        return png(figure)


def economic_value(scores: pd.DataFrame, suites: Sequence[str], lead_h: float) -> bytes:
    """Draw the economic value of acting at the caution level, by cost / loss of who acts."""
    chosen = scores[(scores["score"] == "value") & (scores["lead_h"] == lead_h)]
    chosen = chosen[(chosen["outage"] == "none") & (chosen["threshold"] == "caution")]
    with styled():
        figure = Figure(figsize=(4.1 * len(suites) + 1.6, 3.6), layout="constrained")
        axes = figure.subplots(1, len(suites), squeeze=False, sharey=True)[0]
        for axis, suite in zip(axes, suites, strict=True):
            for model, rain, part in cases_of(chosen[chosen["suite"] == suite]):
                one = part.groupby("cost_loss")["value"].mean()  # over gauges
                axis.plot(one.index, one.to_numpy(), **style_of(model, rain))
            axis.set(ylim=(-0.1, 1.02), xlim=(0, 1))
            axis.axhline(0, color="#6b7280", lw=0.8)
            axis.set_title(f"{text(SUITE_NAMES[suite], suite)}, {lead_h:g} h")
            axis.set_xlabel(text("対策費 / 損失", "cost / loss"))
        axes[0].set_ylabel(text("経済的価値(1 = 完全)", "relative value"))
        legend(figure, axes[0])
        return png(figure)


def _fan(
    axis: Axes, told: Told, truth: Truth, which: tuple[Flood, Any], thresholds: Mapping[str, float]
) -> None:
    flood, lead = which
    said = told.forecast["level_m"].sel(lead=lead, gauge=flood.gauge_id)
    valid = said["issued_at"].values + lead
    first, last = (np.datetime64(end.replace(tzinfo=None), "ns") for end in flood.period)
    inside = (valid >= first) & (valid <= last)
    time, level = (valid + JST)[inside], said.values[inside]
    grid = [round(float(one), 4) for one in said["quantile"].values]
    at = {one: level[:, grid.index(one)] for one in (0.05, 0.25, 0.5, 0.75, 0.95)}
    axis.fill_between(time, at[0.05], at[0.95], color="#93c5fd", lw=0, alpha=0.6, label="90 %")
    axis.fill_between(time, at[0.25], at[0.75], color="#3b82f6", lw=0, alpha=0.6, label="50 %")
    axis.plot(time, at[0.5], color="#1e3a8a", lw=1.4, label=text("予測の中央", "median"))
    if told.beside is not None:
        name, other = told.beside
        median = other["level_m"].sel(lead=lead, gauge=flood.gauge_id, quantile=0.5)
        axis.plot(time, median.values[inside], color=style_of(name, "none")["color"], lw=1.2,
                  ls="--", label=f"{name} {text('の中央', 'median')}")  # fmt: skip
    observed = truth["observed_m"].sel(lead=lead, gauge=flood.gauge_id).values[inside]
    axis.plot(time, observed, color="#111827", lw=1.6, ls="", marker=".", ms=4,
              label=text("観測", "observed"))  # fmt: skip
    top = max(np.nanmax(observed), np.nanmax(at[0.5])) * 1.15 + 0.2
    _levels(axis, {name: limit for name, limit in thresholds.items() if limit < top})
    days = int((time[-1] - time[0]) / np.timedelta64(1, "D")) + 1
    axis.xaxis.set_major_locator(DayLocator(interval=max(1, days // 6)))  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_formatter(DateFormatter("%m-%d"))  # type: ignore[no-untyped-call]


def _levels(axis: Axes, limits: Mapping[str, float]) -> None:
    """Draw official levels; those that lie too close for two labels share one, highest first."""
    for name, limit in limits.items():
        axis.axhline(limit, color=THRESHOLD_COLOURS[name], lw=0.9, ls="--")
    low, high = axis.get_ylim()
    groups: list[list[str]] = []
    for name in sorted(limits, key=lambda one: (one == OLD_MAXIMUM, -limits[one])):
        beside = groups and OLD_MAXIMUM not in (name, groups[-1][0])
        if beside and limits[groups[-1][-1]] - limits[name] < LABEL_SHARE * (high - low):
            groups[-1].append(name)
        else:
            groups.append([name])
    for names in groups:
        left = names[0] == OLD_MAXIMUM  # it may lie beside an official level
        where: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points",
                      "ha": "left" if left else "right", "va": "bottom"}  # fmt: skip
        told = "・".join(text(NAMES[name], name) for name in names)
        axis.annotate(told, (0 if left else 1, limits[names[0]]), (0, 1), fontsize=8,
                      color=THRESHOLD_COLOURS[names[0]], **where)  # fmt: skip


def _lines(axis: Axes, rows: pd.DataFrame) -> None:
    for model, rain, part in cases_of(rows):
        one = part.groupby("lead_h")["value"].mean()
        axis.plot(one.index, one.to_numpy(), **style_of(model, rain))
    axis.grid(axis="y", color="#e5e7eb")
