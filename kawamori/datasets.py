"""Datasets: real series with what may be learned from and what is tested (data/datasets)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.evaluate import Fold, Period, only
from forecasting.quality import flag, good
from forecasting.sources import SOURCES
from forecasting.sources.mlit_log import read_siteinfo
from forecasting.types import Gauge, Observations, RainGauge, Thresholds, step_of
from kawamori.city import read_gauges, read_toml
from kawamori.settings import REPOSITORY

BUNDLES = REPOSITORY / "data"
THRESHOLDS_ARE = ("official", "assumed", "unknown")
ASSUMED_NOTE = "基準水位は仮定: 学習期間の出水の頻度から決めた値で、公式の水位ではない。"
EVENT_DAYS = 7  # the highest level of each week stands for one event
# Assumed levels: events a year that reach them. 水防団待機 is reached several times a year,
# 氾濫注意 about yearly, 氾濫危険 rarely (assumption, no official source).
EVENTS_PER_YEAR = {"standby": 4.0, "caution": 2.0, "judgment": 1.0, "danger": 0.5}
OVERFLOW_ABOVE = 0.25  # of the range median to highest, above the highest level learned from
YEAR_H = 365.25 * 24


@dataclass(frozen=True)
class Dataset:
    """What a series is, which gauges are forecast, and how forecasts of it are tested."""

    name: str
    title: str
    source: str  # a name of forecasting.sources.SOURCES
    path: str  # below the folder of real data
    step: timedelta
    start: datetime
    end: datetime
    gauges: tuple[Gauge, ...]
    rain_gauges: tuple[RainGauge, ...]
    targets: tuple[str, ...]
    leads: tuple[timedelta, ...]
    folds: tuple[Fold, ...]
    thresholds: str  # official | assumed (仮定) | unknown
    credit: str
    licence: str
    notes: tuple[str, ...]  # what is assumed, unknown or a stand-in: shown with every result


def read_dataset(
    name: str, data_folder: Path, *, bundles: Path = BUNDLES
) -> tuple[Dataset, Observations]:
    """Give a dataset and its whole series as read, not yet flagged by `quality.flag`.

    Where the official levels are not known and the description says `assumed`, the target gauges
    carry `stand_in_thresholds` of the first fold's training periods.

    Raises
    ------
    ValueError
        If there is no such dataset (the known ones are listed) or its description is wrong.
    FileNotFoundError
        If the series is not in `data_folder`.
    """
    known = dataset_names(bundles)
    if name not in known:
        raise ValueError(f"dataset must be one of {known}, got {name!r}. Choose one of these.")
    path = bundles / "datasets" / f"{name}.toml"
    table = read_toml(path)
    where = data_folder / str(table.get("path", ""))
    if not where.exists():
        raise FileNotFoundError(
            f"dataset {name} must lie in {where}, found nothing there. "
            "Set KAWAMORI_DATA to the folder of real series."
        )
    dataset = _dataset(name, table, path, where)
    source = SOURCES[dataset.source](where)
    observations = source.read(dataset.gauges, dataset.start, dataset.end)
    return _with_levels(dataset, observations), observations


def dataset_names(bundles: Path = BUNDLES) -> list[str]:
    """Give the names of the described datasets, sorted."""
    return sorted(path.stem for path in (bundles / "datasets").glob("*.toml"))


def stand_in_thresholds(observations: Observations, gauge_id: str) -> Thresholds:
    """Give assumed levels (仮定) of a gauge from how often its floods reached them.

    The highest level of each week is an event; a level is what so many events a year reached
    (`EVENTS_PER_YEAR`). Overflow lies a quarter of the range from the median to the highest
    reading above that reading. No official level: never show one of these without saying so.

    Parameters
    ----------
    observations
        Training periods only. [m above gauge zero]

    Raises
    ------
    ValueError
        If less than one year of readings is there.
    """
    level = observations["level_m"].sel(gauge=gauge_id).to_series().dropna()
    years = len(level) * (step_of(observations) / np.timedelta64(1, "h")) / YEAR_H
    if years < 1:
        raise ValueError(
            f"assumed levels need at least 1 year of readings, got {years:.2f} (gauge {gauge_id}). "
            "Give official thresholds or an earlier start."
        )
    events = level.resample(pd.Timedelta(days=EVENT_DAYS)).max().dropna().sort_values()[::-1]
    reached = {
        threshold: float(events.iloc[max(round(rate * years), 1) - 1])
        for threshold, rate in EVENTS_PER_YEAR.items()
    }
    highest = float(level.max())
    above = OVERFLOW_ABOVE * (highest - float(level.median()))
    rounded = {name: round(level_m, 2) for name, level_m in reached.items()}
    return Thresholds(**rounded, overflow=round(highest + above, 2))


def _with_levels(dataset: Dataset, observations: Observations) -> Dataset:
    if dataset.thresholds != "assumed":
        return dataset
    seen = only(good(flag(observations, dataset.gauges)), dataset.folds[0].train)
    gauges = tuple(
        replace(gauge, thresholds=stand_in_thresholds(seen, gauge.gauge_id))
        if gauge.gauge_id in dataset.targets
        else gauge
        for gauge in dataset.gauges
    )
    return replace(dataset, gauges=gauges, notes=(*dataset.notes, ASSUMED_NOTE))


def _dataset(name: str, table: Mapping[str, Any], path: Path, where: Path) -> Dataset:
    try:
        gauges, rain_gauges = _stations(table, path, where)
        dataset = Dataset(
            name=name,
            title=table["title"],
            source=table["source"],
            path=table["path"],
            step=timedelta(minutes=table["step_min"]),
            start=table["start"],
            end=table["end"],
            gauges=gauges,
            rain_gauges=rain_gauges,
            targets=tuple(table["targets"]),
            leads=tuple(timedelta(minutes=minutes) for minutes in table["leads_min"]),
            folds=tuple(_fold(row) for row in table["fold"]),
            thresholds=table["thresholds"],
            credit=table["credit"],
            licence=table["licence"],
            notes=tuple(table["notes"]),
        )
    except KeyError as error:
        raise ValueError(f"{path.name} must have the key {error}, got none. Add it.") from error
    _check(dataset, path)
    return dataset


def _stations(
    table: Mapping[str, Any], path: Path, where: Path
) -> tuple[tuple[Gauge, ...], tuple[RainGauge, ...]]:
    """Give the stations of the description, or those of the feed's own list of sites."""
    if "siteinfo" not in table:
        return read_gauges(path)
    upstream: Mapping[str, Sequence[str]] = table.get("upstream", {})
    sites = read_siteinfo(where / table["siteinfo"])
    gauges = tuple(
        replace(gauge, upstream=tuple(upstream.get(gauge.gauge_id, ()))) for gauge in sites
    )
    return gauges, ()


def _fold(row: Mapping[str, Any]) -> Fold:
    train: tuple[Period, ...] = tuple((first, last) for first, last in row["train"])
    first, last = row["test"]
    return Fold(train=train, test=(first, last))


def _check(dataset: Dataset, path: Path) -> None:
    ids = {gauge.gauge_id for gauge in dataset.gauges}
    named = {up for gauge in dataset.gauges for up in gauge.upstream} | set(dataset.targets)
    faults = [f"gauge {one} is named but not described" for one in sorted(named - ids)]
    if dataset.source not in SOURCES:
        faults.append(f"source must be one of {sorted(SOURCES)}, got {dataset.source!r}")
    if dataset.thresholds not in THRESHOLDS_ARE:
        faults.append(f"thresholds must be one of {THRESHOLDS_ARE}, got {dataset.thresholds!r}")
    if faults:
        raise ValueError(f"{path.name}: " + "; ".join(faults) + ". Correct the file.")
