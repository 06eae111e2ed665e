"""Digests that tie a run to exactly what it was computed from."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import pandas as pd
import xarray as xr

from forecasting.types import Observations, RainForecast
from kawamori.city import SET_COLUMNS, City


def facts_digest(*facts: Any) -> str:
    """Give the sha256 of plain values; times and other kinds count as their text."""
    return sha256(
        json.dumps(facts, sort_keys=True, default=str, ensure_ascii=False).encode()
    ).hexdigest()


def city_digest(city: City) -> str:
    """Give the sha256 of everything in a city's bundle that decides a run."""
    digest = sha256()
    facts = [city.city_id, city.crs, city.notes, [asdict(gauge) for gauge in city.gauges]]
    digest.update(facts_digest(*facts).encode())
    frames = (city.districts, city.buildings, city.layers, city.shelters, city.inland)
    for frame in (*frames, city.landslide, city.roads):
        digest.update(_frame_digest(frame))
    if city.land is not None:
        digest.update(city.land.terrain.values.tobytes())
        digest.update(_frame_digest(city.land.streams))
        digest.update(facts_digest(repr(sorted(city.land.ratings.items()))).encode())
    return digest.hexdigest()


def series_digest(observations: Observations | xr.Dataset) -> str:
    """Give the sha256 of every variable and coordinate, names and shapes included."""
    digest = sha256()
    for name in sorted(map(str, observations.variables)):
        values = observations[name].values
        digest.update(f"{name} {values.shape}".encode())
        digest.update(
            values.tobytes() if values.dtype.kind in "fiuMm" else repr(list(values)).encode()
        )
    return digest.hexdigest()


def rain_digest(rain_forecast: RainForecast | None) -> str:
    """Give the sha256 of a rain forecast; None has its own."""
    if rain_forecast is None:
        return sha256(b"none").hexdigest()
    return series_digest(rain_forecast.to_dataset(name="rain_mm"))


def _frame_digest(frame: Any | None) -> bytes:
    """Give the sha256 of a frame's rows, geometry as WKB; None has its own."""
    if frame is None:
        return sha256(b"none").digest()
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    for column in SET_COLUMNS:
        if column in plain:
            plain[column] = plain[column].map(sorted)
    text = plain.to_json(orient="split", default_handler=str, force_ascii=False)
    geometry = b"".join(shape or b"" for shape in frame.geometry.to_wkb())
    return sha256(text.encode() + geometry).digest()
