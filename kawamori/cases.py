"""Cases to replay: a dataset, what may be learned from it, and the hours of one flood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from hazard.types import JGD2011, check_districts
from kawamori.city import City, read_toml
from kawamori.datasets import Dataset

DEGREES = 0.01  # half width of the square that stands for a district without data
NO_DISTRICT = "地区・人口・浸水想定・避難所のデータなし: 水位の予測と判定だけの再現 / levels only"


@dataclass(frozen=True)
class Case:
    """One flood of a dataset; `fold` counts the dataset's folds from 0."""

    name: str
    title: str
    dataset: str
    model: str  # a name of forecasting.models.MODELS
    fold: int
    district: str
    start: datetime
    end: datetime
    every_min: int

    @property
    def issue_times(self) -> list[datetime]:
        """Give the issue times of the cycles, both ends included."""
        return issue_times(self.start, self.end, timedelta(minutes=self.every_min))


def issue_times(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """Give the times from `start` to `end`, both ends included."""
    return [start + number * every for number in range(int((end - start) / every) + 1)]


def read_case(name: str, bundles: Path) -> Case:
    """Read a case by name; an unknown one is answered with the list of known ones.

    Raises
    ------
    ValueError
        If there is no such case, or its file has an unknown or missing key.
    """
    known = sorted(path.stem for path in (bundles / "cases").glob("*.toml"))
    if name not in known:
        raise ValueError(f"case must be one of {known}, got {name!r}. Choose one of these.")
    try:
        return Case(name=name, **read_toml(bundles / "cases" / f"{name}.toml"))
    except TypeError as error:
        raise ValueError(f"cases/{name}.toml: {error}. Correct the file.") from error


def basin(case: Case, dataset: Dataset) -> City:
    """Give the gauged basin of a case as a city whose people, layers and shelters are unknown."""
    gauges = [gauge for gauge in dataset.gauges if gauge.gauge_id in dataset.targets]
    lon, lat = gauges[0].lon, gauges[0].lat
    place = None if pd.isna(lon) else Point(lon, lat).buffer(DEGREES, cap_style="square")
    districts = gpd.GeoDataFrame(
        {
            "name": [case.district],
            "population": pd.array([pd.NA], dtype="Int64"),
            "households": pd.array([pd.NA], dtype="Int64"),
            "assisted": pd.array([pd.NA], dtype="Int64"),
            "gauge_ids": [tuple(dataset.targets)],
        },
        index=pd.Index([f"{dataset.name}-downstream"], name="district_id"),
        geometry=gpd.GeoSeries([place], index=[f"{dataset.name}-downstream"], crs=JGD2011),
    )
    return City(
        city_id=dataset.name,
        name=case.title,
        code="00000",
        crs="EPSG:6668",
        notes=(*dataset.notes, NO_DISTRICT),
        credits=(dataset.credit,),
        gauges=dataset.gauges,
        rain_gauges=dataset.rain_gauges,
        districts=check_districts(districts),
        buildings=None,
        roads=None,
        layers=None,
        shelters=None,
        folder=Path(),
    )
