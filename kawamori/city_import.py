"""Published files in the form of a bundle: areas, shelters, roads, buildings and series.

Nothing is guessed: a column of another name is named by who imports (`ours=theirs`), and what the
file does not tell stays unknown. Each file appears whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from forecasting.sources.grid import HOUR, TEN_MINUTES, Credit, fixed_grid, on_grid
from forecasting.sources.readings import JST
from forecasting.sources.rows import read_rows
from forecasting.sources.table_readings import table_readings
from hazard.types import (
    BUILDING_COLUMNS,
    DISTRICT_COLUMNS,
    JGD2011,
    check_buildings,
    check_columns,
    check_districts,
)
from kawamori.city import SET_COLUMNS, read_gauges
from shelters.read import read_shelters, summary

COUNTS = ("population", "households", "assisted")
SPLIT = re.compile(r"[;,、 \u3000]+")
TIME = "time"


@dataclass(frozen=True)
class Table:
    """How the CSV files of a series are written."""

    columns: Mapping[str, str]  # house id, or `time`, to the file's own column
    encoding: str = "utf-8-sig"
    utc_offset_h: float = 9.0  # of times that name no zone
    header_row: int = 1


def import_districts(folder: Path, file: Path, columns: Mapping[str, str]) -> str:
    """Write districts.parquet from areas of any vector format; say what was read.

    Rows of one district_id (its 町丁字) become one area; their counts are added, and unknown if one
    of them is.

    Raises
    ------
    ValueError
        If id, name or coordinate system is missing, or gauge_ids name no gauge of the city.
    """
    frame = _areas(file, columns, ("district_id", "name"))
    for name in COUNTS:
        told = pd.Series(frame.get(name, np.nan), index=frame.index)
        frame[name] = pd.to_numeric(told, errors="coerce")
    frame["gauge_ids"] = pd.Series(frame.get("gauge_ids", ""), index=frame.index).map(_ids)
    _check_ids(folder, frame, file)
    kept = frame[["district_id", *DISTRICT_COLUMNS]].astype({"district_id": str})
    added = dict.fromkeys(COUNTS, lambda part: part.sum(skipna=False))
    joined = kept.dissolve("district_id", aggfunc={"name": "first", **added, "gauge_ids": _joined})
    check_districts(joined)
    _write(joined[list(DISTRICT_COLUMNS)], folder / "districts.parquet")
    bare = int((joined["gauge_ids"].map(len) == 0).sum())
    return f"{len(joined)} districts of {len(frame)} areas, {bare} without a gauge (UNKNOWN)"


def import_buildings(folder: Path, file: Path, columns: Mapping[str, str]) -> str:
    """Write buildings.parquet from points, or areas, of which their middle is taken."""
    frame = _areas(file, columns, ("building_id", *(set(BUILDING_COLUMNS) - {"geometry"})))
    local = frame.geometry.to_crs(frame.estimate_utm_crs()).representative_point()
    frame = frame.set_geometry(local.to_crs(JGD2011)).set_index("building_id")
    check_buildings(frame)
    _write(frame, folder / "buildings.parquet")
    return f"{len(frame)} buildings, {pd.to_numeric(frame['people']).sum():,.0f} people"


def import_roads(folder: Path, file: Path, columns: Mapping[str, str]) -> str:
    """Write roads.parquet from lines with their kind (a highway class)."""
    frame = _areas(file, columns, ("kind",))
    _write(frame, folder / "roads.parquet")
    return f"{len(frame)} roads"


def import_shelters(folder: Path, files: Sequence[Path], municipality: str | None) -> str:
    """Write shelters.parquet from lists as published; say what is in them."""
    shelters = read_shelters(files, city=municipality)
    if not len(shelters):
        raise ValueError(f"{files[0].name} must hold shelters of {municipality}, got none.")
    _write(
        shelters.assign(**{name: shelters[name].map(sorted) for name in SET_COLUMNS}),
        folder / "shelters.parquet",
    )
    return summary(shelters)


def import_series(folder: Path, files: Sequence[Path], table: Table) -> str:
    """Write observations.nc from CSV files, each of which may tell some of the stations.

    The step is an hour if all times are whole hours, else 10 min; times between are left out. Of a
    time that two files tell the later file counts.

    Raises
    ------
    ValueError
        If a file has no station of the city, or cannot be read.
    """
    gauges, rains = read_gauges(folder / "gauges.toml")
    kinds = {rain.rain_gauge_id: "rain_mm" for rain in rains}
    kinds |= {gauge.gauge_id: "level_m" for gauge in gauges}
    frames, odd = [], 0
    for file in files:
        readings, faults = _readings(file, table, kinds)
        frames.append(readings)
        odd += len(faults)
    whole = pd.concat(frames).drop_duplicates(["station_id", "at"], keep="last")
    wide = whole.pivot(index="at", columns="station_id", values="value").sort_index()
    wide.index = pd.DatetimeIndex(wide.index).tz_localize(None)
    step = HOUR if bool((wide.index == wide.index.floor(HOUR)).all()) else TEN_MINUTES
    first, last = (moment.tz_localize("UTC").to_pydatetime() for moment in wide.index[[0, -1]])
    levels = wide.reindex(columns=[gauge.gauge_id for gauge in gauges])
    rain = wide.reindex(columns=[each.rain_gauge_id for each in rains])
    credit = Credit(f"Level and rain of {', '.join(file.name for file in files)}", "table", "")
    made = on_grid(fixed_grid(first, last, step), levels, rain, credit)
    part = folder / ".observations.nc.part"
    made.to_netcdf(part)
    part.replace(folder / "observations.nc")
    known = made["level_m"].notnull().mean().item()
    told = f"{first.astimezone(JST):%Y-%m-%d %H:%M} to {last.astimezone(JST):%Y-%m-%d %H:%M} JST"
    return (f"{told}, a step of {step / TEN_MINUTES * 10:.0f} min, {known:.0%} of the levels known"
            + (f", {odd} notes on cells that could not be read" if odd else ""))  # fmt: skip


def _readings(
    file: Path, table: Table, kinds: Mapping[str, str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    time = table.columns.get(TIME, TIME)
    header = read_rows(file, (time,), encoding=table.encoding, header_row=table.header_row).columns
    wanted = {house: table.columns.get(house, house) for house in kinds}
    there = {house: name for house, name in wanted.items() if name in header}
    if not there:
        raise ValueError(
            f"{file.name} must have a column of a station, one of {sorted(wanted.values())}, got "
            f"{list(header)}. Name them: --column OURS=THEIRS"
        )
    return table_readings(
        file, there, kinds, time_column=time, utc_offset_h=table.utc_offset_h,
        encoding=table.encoding, header_row=table.header_row,
    )  # fmt: skip


def _areas(file: Path, columns: Mapping[str, str], needed: Sequence[str]) -> Any:
    """Read a vector file in the house names and degrees of JGD2011."""
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing. Name the file to import.")
    try:
        frame = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{file.name} must be readable as areas or lines: {error}.") from error
    if lacking := sorted(set(columns.values()) - set(frame.columns)):
        raise ValueError(f"{file.name} must have columns {lacking}, got {list(frame.columns)}.")
    frame = frame.rename(columns={theirs: ours for ours, theirs in columns.items()})
    check_columns(frame, [*needed, "geometry"], f"{file.name} (--column OURS=THEIRS names others)")
    if frame.crs is None:
        raise ValueError(f"{file.name} must tell its coordinate system (.prj). Add it.")
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.any():
        raise ValueError(f"{file.name}: {int(empty.sum())} rows have no geometry. Drop them.")
    return frame.to_crs(JGD2011)


def _ids(value: Any) -> tuple[str, ...]:
    """Give the ids of a cell: a list, or a text with any of `; , 、` between them."""
    if isinstance(value, str):
        return tuple(one for one in SPLIT.split(value.strip()) if one)
    return () if value is None or np.ndim(value) == 0 else tuple(map(str, value))


def _joined(lists: Any) -> list[str]:
    return sorted({one for ids in lists for one in ids})


def _check_ids(folder: Path, frame: Any, file: Path) -> None:
    gauges, _ = read_gauges(folder / "gauges.toml")
    known = {gauge.gauge_id for gauge in gauges}
    strange = sorted({one for ids in frame["gauge_ids"] for one in ids} - known)
    names = frame.groupby("district_id")["name"].nunique()
    faults = [f"gauge_ids {strange} are not in gauges.toml"] if strange else []
    faults += [f"district_id {one} has several names" for one in names[names > 1].index]
    faults += ["district_id and name must not be empty"] * int(
        frame[["district_id", "name"]].isna().any(axis=None)
    )
    if faults:
        raise ValueError(f"{file.name}: {'; '.join(faults)}. Correct the file.")


def _write(frame: Any, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    frame.to_parquet(part)
    part.replace(path)
