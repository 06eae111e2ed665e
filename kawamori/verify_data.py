"""What a verification is made on: a described dataset, or a built city with its stored storms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import xarray as xr

from forecasting.features import NAN_FILL
from forecasting.types import MISSING, Observations, aware, check_observations, step_of
from kawamori.cities import open_city
from kawamori.city import City
from kawamori.datasets import Dataset, read_dataset
from kawamori.drill import read_series
from kawamori.progress import Report
from kawamori.settings import Settings
from kawamori.verify_config import VerifyConfig

CITY_LEADS = (timedelta(hours=1), timedelta(hours=3), timedelta(hours=6))
FLAGS = {"level_flag": MISSING, "rain_flag": MISSING}


def read_judged(
    config: VerifyConfig, settings: Settings, progress: Report
) -> tuple[Dataset, Observations]:
    """Give what is judged and its whole series as read; the target judged is the first.

    Raises
    ------
    ValueError
        If there is no such dataset, city or target.
    FileNotFoundError
        If the series of a dataset is not there.
    """
    dataset, observations = read_known(config.dataset, config.city, settings, progress)
    return _aimed(dataset, config.target), observations


def read_known(
    dataset_name: str | None, city_name: str | None, settings: Settings, progress: Report
) -> tuple[Dataset, Observations]:
    """Give a city (built first where it is not) or else a dataset, with its whole series as read.

    Raises
    ------
    ValueError
        If there is no such dataset or city.
    FileNotFoundError
        If the series of a dataset is not there.
    """
    if city_name is not None:
        city = open_city(city_name, settings, progress)
        observations = read_years_and_storms(city)
        return _of_city(city, observations), observations
    return read_dataset(str(dataset_name), settings.real_data(), bundles=settings.bundles)


def read_years_and_storms(city: City) -> Observations:
    """Give the years of a city and all its storms on one time axis; between them nothing is known.

    Raises
    ------
    ValueError
        If a storm lies within the years or within another storm.
    """
    paths = [city.folder / "observations.nc", *sorted((city.folder / "storms").glob("*.nc"))]
    parts = [read_series(path) for path in paths]
    whole = xr.concat(parts, dim="time", join="outer", combine_attrs="drop_conflicts")
    whole = whole.sortby("time")
    if whole.indexes["time"].has_duplicates:
        raise ValueError(f"storms of {city.city_id} must not overlap. Give each its own days.")
    times, step = whole["time"].values, step_of(parts[0])
    grid = np.arange(times[0], times[-1] + step, step)
    return check_observations(whole.reindex(time=grid, fill_value={**NAN_FILL, **FLAGS}))


def _of_city(city: City, observations: Observations) -> Dataset:
    times, levels = observations["time"].values, observations["level_m"]
    known = levels.notnull().any("time").values
    return Dataset(
        name=city.city_id,
        title=city.name,
        source="city",
        path=city.folder.name,
        step=timedelta(seconds=float(step_of(observations) / np.timedelta64(1, "s"))),
        start=aware(times[0]),
        end=aware(times[-1]),
        gauges=city.gauges,
        rain_gauges=city.rain_gauges,
        targets=tuple(str(name) for name in levels["gauge"].values[known]),
        leads=CITY_LEADS,
        folds=(),
        thresholds="official",
        credit="、".join(city.credits),
        licence="",
        notes=city.notes,
    )


def _aimed(dataset: Dataset, target: str | None) -> Dataset:
    """Give the dataset with one target alone: the named one, else its first."""
    known = [gauge.gauge_id for gauge in dataset.gauges]
    if target is not None and target not in known:
        raise ValueError(f"target must be a gauge of {dataset.name}, {known}, got {target!r}.")
    return replace(dataset, targets=(target,) if target else dataset.targets[:1])
