"""The tables of the forecaster's benchmark as figures (PNG), drawn by `benchmarks.forecast`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.bands import COLOURS as BAND_COLOURS
from benchmarks.bands import coverage_by_rise, flood_fans, reliability
from benchmarks.skill import FOLLOWED, Run
from forecasting.evaluate import only
from forecasting.types import Observations
from kawamori.datasets import Dataset
from kawamori.verify_style import png, styled

COLOURS = {
    **BAND_COLOURS, "persistence": "#6b7280", "linear": "#0072b2", "raw": "#cc79a7",
    "mlforecast-raw": "#8c564b",
    "mlforecast-differences": "#8c564b", "skforecast-raw": "#56b4e9",
    "skforecast-differences": "#56b4e9", "lstm": "#000000", "lstm-published": "#000000",
}  # fmt: skip
LOWEST_SKILL = -0.5
Series = Mapping[str, tuple[Dataset, Observations]]


def draw(
    result: Mapping[str, Any], runs: Mapping[str, Run], series: Series, folder: Path
) -> list[Path]:
    """Write all figures and give where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "skill-by-lead": skill_by_lead(result["peers"]),
        "record-floods": record_floods(result["record_flood"]),
        "speed": speed(result),
        "published": published(result["published"]),
    }
    for name, (dataset, observed) in series.items():
        forecasts = {str(one.attrs["model_id"]): one for one in runs[name].forecasts}
        banded = {model: forecasts[model] for model in BAND_COLOURS}
        tested = only(observed, [dataset.folds[0].test])
        pictures[f"reliability-{name}"] = reliability(banded, tested)
        pictures[f"coverage-by-rise-{name}"] = coverage_by_rise(banded, observed, dataset)
        pictures[f"fans-{name}"] = flood_fans(forecasts[f"{FOLLOWED}, followed"], tested, dataset)
    written = []
    for name, picture in pictures.items():
        written.append(folder / f"{name}.png")
        written[-1].write_bytes(picture)
    return written


def skill_by_lead(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw skill over the lead, one panel per dataset."""
    table = _medians(rows)
    names = list(dict.fromkeys(table["dataset"]))
    with styled():
        figure = Figure(figsize=(6.0 * len(names) + 2.4, 5.0), layout="constrained")
        named: dict[str, Any] = {}
        for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            part = table[table["dataset"] == name]
            for model, one in part.groupby("name", sort=False):
                (line,) = axis.plot(one["lead_h"], one["skill"], **_line(str(model)))
                named.setdefault(str(model), line)
            axis.axhline(0, color="#6b7280", lw=0.8)
            axis.set(title=name, xlabel="lead [h]", ylim=(LOWEST_SKILL, 1.0))
            axis.set_ylabel("skill: 1 - MSE / MSE of persistence (1 = perfect)")
            axis.grid(axis="y", color="#e5e7eb")
            _named_below(axis, part)
        figure.legend(named.values(), named, loc="outside right upper", frameon=False)
        return png(figure)


def record_floods(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw the error of the highest forecast level and the CSI of passing the old maximum."""
    table = pd.DataFrame(rows)
    table = table[table["model"] != "persistence"]
    floods = list(dict.fromkeys(zip(table["dataset"], table["flood"], strict=True)))
    with styled():
        figure = Figure(figsize=(4.4 * len(floods) + 2.0, 6.2), layout="constrained")
        axes = figure.subplots(2, len(floods), squeeze=False, sharex=True, sharey="row")
        for column, (dataset, flood) in enumerate(floods):
            part = table[(table["dataset"] == dataset) & (table["flood"] == flood)]
            models = list(dict.fromkeys(part["model"]))
            for number, model in enumerate(models):
                one = part[part["model"] == model]
                place = np.arange(len(one)) + (number - (len(models) - 1) / 2) * 0.8 / len(models)
                style = {"width": 0.8 / len(models), "color": COLOURS[model], "label": model}
                axes[0, column].bar(place, one["peak_error_m"], **style)
                csi = one["csi"].astype(float)
                axes[1, column].bar(place, csi, **style)
                axes[1, column].plot(place, csi.where(csi == 0), ls="", marker="x", ms=5,
                                     color=COLOURS[model])  # fmt: skip
            axes[0, column].axhline(0, color="#111827", lw=0.8)
            first = part.iloc[0]
            simulated = " (simulated)" if dataset == "drill-town" else ""
            axes[0, column].set_title(
                f"{dataset} {flood}{simulated}\npeak {first['peak_m']:.2f} m, "
                f"old maximum {first['old_maximum_m']:.2f} m"
            )
            leads = list(dict.fromkeys(part["lead_h"]))
            axes[1, column].set_xticks(range(len(leads)), [f"{lead:g} h" for lead in leads])
        axes[0, 0].set_ylabel("error of the highest\nforecast [m]")
        axes[1, 0].set_ylabel("CSI of 'above the old\nmaximum' (x = 0)")
        axes[1, 0].set_ylim(-0.03, 1)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False)
        return png(figure)


def speed(result: Mapping[str, Any]) -> bytes:
    """Draw the time of forecasting many gauges, ours and the peers' (logarithmic)."""
    sizes = (20, 1_000, 15_000)
    with styled():
        figure = Figure(figsize=(7.0, 4.2), layout="constrained")
        axis = figure.subplots()
        ours = [result[f"predict_{size}_gauges_s"] for size in sizes]
        axis.loglog(sizes, ours, label="global: 12 leads x 9 quantiles", **_line("global"))
        alone = result["one_by_one_1000_gauges_s"]
        axis.loglog([1_000], [alone], color="#e69f00", marker="x", ms=9, ls="",
                    label="global, one predict per gauge")  # fmt: skip
        for row in result["peers_predict"]:
            told = {size: row.get(f"predict_{size}_gauges_s") for size in sizes}
            known = {size: took for size, took in told.items() if took is not None}
            label = f"{row['name']}: 12 leads, 1 level"
            axis.loglog(list(known), list(known.values()), label=label, **_line(row["name"]))
        axis.set(xlabel="gauges", ylabel="wall seconds")
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.grid(color="#e5e7eb")
        axis.legend(frameon=False, fontsize=8)
        return png(figure)


def published(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Draw the error on the ten highest levels on the bounds of the published LSTM."""
    table = _medians(rows)
    with styled():
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        axis = figure.subplots()
        axis.bar(table["name"], table["rmse_top10_m"],
                 color=[COLOURS[name] for name in table["name"]])  # fmt: skip
        axis.axhline(0.150, color="#b91c1c", ls="--", label="published LSTM 0.150 m")
        axis.set_ylabel("RMSE of the 10 highest levels, 1 h [m]")
        axis.legend(frameon=False)
        return png(figure)


def _medians(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Give the rows without those of bands alone, whose medians are drawn already."""
    table = pd.DataFrame(rows)
    return table[~table["name"].str.endswith(", followed")]


def _line(name: str) -> dict[str, Any]:
    dashed = "--" if name.endswith("-raw") or name == "raw" else "-"
    marks = {"gbm": "o", "global": "s", "lstm": "^", "mlforecast": "d", "skforecast": "v"}
    wide = 2.2 if name == "gbm" else 1.4
    return {
        "color": COLOURS[name],
        "ls": dashed,
        "marker": marks.get(name.split("-", maxsplit=1)[0]),
        "lw": wide,
        "ms": 4,
    }


def _named_below(axis: Any, rows: pd.DataFrame) -> None:
    """Say which lines leave the panel below, and how deep."""
    deepest = rows.groupby("name", sort=False)["skill"].min()
    below = deepest[deepest < LOWEST_SKILL]
    if len(below):
        said = ", ".join(f"{name} down to {skill:.1f}" for name, skill in below.items())
        axis.annotate(f"below: {said}", (0.02, 0.02), xycoords="axes fraction", fontsize=8)
