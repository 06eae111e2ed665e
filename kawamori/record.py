"""The run on disk: run.json for programs and people, forecast.nc for scientists."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from advisory.types import Level
from alerts.types import Message
from forecasting.products import peaks
from forecasting.types import utc64
from kawamori.city import City
from kawamori.run import Run

OBSERVED = timedelta(hours=72)  # of the series; all of it is under `input_digest`
OMITTED = "city buildings, roads and geometries; observations older than 72 h: see input_digest"
BEYOND = "inf"  # JSON has no infinity: not within the horizon


def run_json(run: Run) -> str:
    """Give the run as canonical JSON: sorted keys, UTC times ending in Z, unknown = null.

    An UNKNOWN level is null beside `level_name`. A passage beyond the horizon is "inf". `peaks` are
    told from the forecast. Large inputs of the city are left out and named in `omitted`;
    `input_digest` covers them.
    """
    record = {field.name: getattr(run, field.name) for field in fields(run)}
    record["city"] = _city(run.city)
    start = utc64(run.issued_at - OBSERVED)
    record["observations"] = run.observations.sel(time=slice(start, None))
    record["peaks"] = peaks(run.forecast)
    record["omitted"] = OMITTED
    return json.dumps(plain(record), ensure_ascii=False, sort_keys=True, allow_nan=False)


def write_forecast(run: Run, path: Path) -> None:
    """Write forecast, exceedance and peaks as one CF NetCDF file for `xr.open_dataset`."""
    forecast_dataset(run).to_netcdf(path)


def forecast_dataset(run: Run) -> xr.Dataset:
    """Give forecast, exceedance and peaks side by side.

    Passage times keep an axis of their own where their quantiles differ from the forecast's; peaks
    always have one.
    """
    exceedance: xr.Dataset = run.exceedance
    if "quantile" in exceedance.dims and not np.array_equal(
        exceedance["quantile"].values, run.forecast["quantile"].values
    ):
        exceedance = exceedance.rename(quantile="passage_quantile")
    highest = peaks(run.forecast).rename(quantile="peak_quantile")
    parts = [
        part.drop_vars("issued_at", errors="ignore") for part in (run.forecast, exceedance, highest)
    ]
    merged = xr.merge(parts, join="outer", compat="no_conflicts", combine_attrs="drop_conflicts")
    merged = merged.assign_coords(issued_at=utc64(run.issued_at))
    merged["level_m"].attrs.setdefault("units", "m")
    merged["lead"].attrs.setdefault("standard_name", "forecast_period")
    merged["issued_at"].attrs.setdefault("standard_name", "forecast_reference_time")
    return merged.assign_attrs(
        Conventions="CF-1.11", run_id=run.run_id, input_digest=run.input_digest
    )


def model_id(run: Run) -> str:
    """Give the name of the model that made the forecast, "unknown" if it is not stated."""
    if "model_id" in run.forecast.variables:
        return str(run.forecast["model_id"].item())
    return str(run.forecast.attrs.get("model_id", "unknown"))


def plain(value: Any) -> Any:
    """Give a value as JSON types, with nothing but null for what is unknown."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    for kinds, convert in CONVERTERS:
        if isinstance(value, kinds):
            return convert(value)
    if is_dataclass(value):
        return _record(value)
    raise TypeError(f"run.json cannot hold a {type(value).__name__}, got {value!r}.")


def _city(city: City) -> dict[str, Any]:
    facts = {name: getattr(city, name) for name in ("city_id", "name", "code", "notes", "credits")}
    frames = {"districts": city.districts, "shelters": city.shelters}
    return {**facts, **frames, "gauges": city.gauges, "rain_gauges": city.rain_gauges}


def _number(value: Any) -> Any:
    number = float(value)
    if math.isnan(number):
        return None
    return ("-" if number < 0 else "") + BEYOND if math.isinf(number) else number


def _time(value: datetime) -> str | None:
    if pd.isna(value):
        return None
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _array(array: np.ndarray[Any, Any]) -> list[Any]:
    if array.dtype.kind == "M":
        return [None if text == "NaT" else f"{text}Z" for text in np.datetime_as_string(array, "s")]
    if array.dtype.kind == "m":
        return [_number(seconds) for seconds in array / np.timedelta64(1, "s")]
    return [plain(item) for item in array.tolist()]


def _variable(variable: xr.DataArray) -> dict[str, Any]:
    data = variable.values
    shown = _array(data) if data.ndim else _array(data[np.newaxis])[0]
    unit = {"units": "s"} if data.dtype.kind == "m" else {}
    return {"dims": list(variable.dims), "data": shown, "attrs": plain({**variable.attrs, **unit})}


def _dataset(dataset: xr.Dataset) -> dict[str, Any]:
    coords = {str(name): _variable(dataset[name]) for name in dataset.coords}
    variables = {str(name): _variable(dataset[name]) for name in dataset.data_vars}
    return {"coords": coords, "data_vars": variables, "attrs": plain(dataset.attrs)}


def _frame(frame: pd.DataFrame) -> list[dict[str, Any]]:
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    if any(table.index.names):
        table = table.reset_index()
    return [plain(row) for row in table.to_dict("records")]


def _message(message: Message) -> dict[str, Any]:
    texts = {field.name: getattr(message, field.name) for field in fields(message)}
    return {**plain(texts), "sha256": message.sha256, "approved": False}


def _record(record: Any) -> dict[str, Any]:
    values = {field.name: plain(getattr(record, field.name)) for field in fields(record)}
    if isinstance(getattr(record, "level", None), Level):
        values["level_name"] = record.level.name
    return values


# First match wins: bool before int, Level before int, datetime before the rest.
CONVERTERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Level, lambda level: None if level is Level.UNKNOWN else int(level)),
    ((bool, np.bool_), bool),
    ((int, np.integer), int),
    ((float, np.floating), _number),
    (str, str),
    (bytes, lambda text: text.decode("utf-8")),
    (datetime, _time),
    (xr.Dataset, _dataset),
    (xr.DataArray, lambda array: _dataset(array.to_dataset(name="rain_mm"))),
    (pd.DataFrame, _frame),
    (np.ndarray, _array),
    (Message, _message),
    (Mapping, lambda table: {str(key): plain(item) for key, item in table.items()}),
    ((set, frozenset), lambda items: sorted(plain(item) for item in items)),
    ((list, tuple), lambda items: [plain(item) for item in items]),
)
