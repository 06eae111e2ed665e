"""The run again from its record: what pages and the API show of a run that was stored.

Large inputs of the city (buildings, roads, shapes) are not in run.json; `input_digest` names them.
Nothing is computed anew from what is given here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from advisory.types import (
    Advice,
    Clearance,
    Destination,
    GaugeState,
    Level,
    People,
    Reason,
    Warnings,
)
from alerts.types import Message
from forecasting.types import Gauge, RainGauge, Thresholds
from hazard.signalled import Signal
from hazard.types import EXPOSURE_COLUMNS, INLAND, LANDSLIDE, Exposure
from kawamori.city import City
from kawamori.feeds.facts import FeedFact
from kawamori.record import BEYOND
from kawamori.run import Forecaster, Run
from kawamori.ungauged import Danger
from shelters.types import Allocation, no_groups

TIMES = ("time", "issued_at")
INFINITE = (BEYOND, f"-{BEYOND}")
SPANS = ("lead", "lead_to")  # seconds in run.json
TABLES = {
    "assigned": ["district_id", "shelter_id", "people", "minutes", "mode"],
    "unplaced": ["district_id", "people", "reason"],
    "rejected": ["shelter_id", "reason"],
}


def run_of(record: Mapping[str, Any]) -> Run:
    """Give the run that run.json tells of; what the record leaves out is empty or None.

    Raises
    ------
    ValueError
        If a field that every run has is missing or of another form.
    """
    try:
        return _run(record)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"run.json must be the record of a run, got {type(error).__name__}: {error}. "
            "Compute the run again."
        ) from error


def _run(record: Mapping[str, Any]) -> Run:
    return Run(
        run_id=record["run_id"],
        issued_at=_time(record["issued_at"]),
        input_digest=record["input_digest"],
        drill=record["drill"],
        city=_city(record),
        observations=_dataset(record["observations"]),
        forecast=_dataset(record["forecast"]),
        exceedance=_dataset(record["exceedance"]),
        states=tuple(_state(row) for row in record["states"]),
        layer=_layer(record.get("layer")),
        exposure=_exposure(exposure) if (exposure := record.get("exposure")) is not None else None,
        allocation=_allocation(record.get("allocation")),
        warnings=Warnings(received_at=_maybe(record["warnings"].get("received_at"))),
        advice=tuple(advice_of(row) for row in record["advice"]),
        messages=tuple(message_of(row) for row in record["messages"]),
        population=record.get("population", "night"),
        inland=_danger(INLAND, record.get(INLAND)),
        landslide=_danger(LANDSLIDE, record.get(LANDSLIDE)),
        feeds=tuple(feed_of(row) for row in record.get("feeds", ())),
        forecaster=None if (told := record.get("forecaster")) is None else Forecaster(**told),
    )


def advice_of(row: Mapping[str, Any]) -> Advice:
    """Give one advice; a level of null is UNKNOWN."""
    return Advice(
        district_id=row["district_id"],
        name=row["name"],
        level=_level(row["level"]),
        issued_at=_time(row["issued_at"]),
        issue_by=_maybe(row["issue_by"]),
        valid_until=_time(row["valid_until"]),
        reasons=tuple(_reason(each) for each in row["reasons"]),
        counter_evidence=tuple(_reason(each) for each in row["counter_evidence"]),
        people=People(**_known(People, row["people"])),
        clearance=None if row["clearance"] is None else Clearance(**row["clearance"]),
        shelters=tuple(Destination(**_known(Destination, each)) for each in row["shelters"]),
        digest=row["digest"],
        action=row.get("action", ""),
    )


def message_of(row: Mapping[str, Any]) -> Message:
    """Give one drafted text."""
    return Message(**{**_known(Message, row), "body": row["body"].encode()})


def _reason(row: Mapping[str, Any]) -> Reason:
    values = {**_known(Reason, row), "level": _level(row["level"]), "at": _maybe(row["at"])}
    return Reason(**values)


def _state(row: Mapping[str, Any]) -> GaugeState:
    return GaugeState(row["gauge_id"], row["level_m"], _maybe(row["at"]), row["rise_m_per_h"])


def feed_of(row: Mapping[str, Any]) -> FeedFact:
    """Give how one feed was."""
    times = {name: _maybe(row[name]) for name in ("last_good", "newest")}
    return FeedFact(**{**row, **times})


def _city(record: Mapping[str, Any]) -> City:
    facts = record["city"]
    # The areas themselves are left out; a danger that was judged had some.
    some: Any = pd.DataFrame({"left_out": [True]})
    there: Any = {name: None if record.get(name) is None else some for name in (INLAND, LANDSLIDE)}
    return City(
        city_id=facts["city_id"],
        name=facts["name"],
        code=facts["code"],
        crs="",
        notes=tuple(facts["notes"]),
        credits=tuple(facts["credits"]),
        gauges=tuple(_gauge(row) for row in facts["gauges"]),
        rain_gauges=tuple(RainGauge(**{**row, **_place(row)}) for row in facts["rain_gauges"]),
        districts=_frame(facts["districts"], "district_id"),
        buildings=None,
        roads=None,
        layers=None,
        shelters=None if facts["shelters"] is None else _frame(facts["shelters"], "shelter_id"),
        folder=Path(),
        inland=there[INLAND],
        landslide=there[LANDSLIDE],
    )


def _gauge(row: Mapping[str, Any]) -> Gauge:
    lists = {name: tuple(row.get(name, ())) for name in ("upstream", "rain_gauges")}
    levels = Thresholds(**_known(Thresholds, row["thresholds"]))
    return Gauge(**{**_known(Gauge, row), **_place(row), "thresholds": levels, **lists})


def _place(row: Mapping[str, Any]) -> dict[str, float]:
    """Give the position, NaN where it is unknown."""
    return {name: np.nan if row[name] is None else row[name] for name in ("lon", "lat")}


def _frame(rows: Sequence[Mapping[str, Any]], key: str) -> Any:
    table = pd.DataFrame(list(rows))
    return table.set_index(key) if key in table else table


def _layer(rows: Sequence[Mapping[str, Any]] | None) -> Any:
    if rows is None:
        return None
    return pd.DataFrame(list(rows), columns=list(rows[0]) if rows else ["river", "stand_in"])


def _allocation(record: Mapping[str, Any] | None) -> Allocation | None:
    if record is None:
        return None
    assigned, unplaced, rejected = (
        pd.DataFrame(record[name], columns=columns) for name, columns in TABLES.items()
    )
    return Allocation(
        assigned,
        unplaced,
        rejected,
        tuple(record["openings"]),
        pd.DataFrame(record["groups"]) if record.get("groups") else no_groups(),
        optimal=record.get("optimal", False),
        method=record.get("method", "unknown"),
        notes=tuple(record.get("notes", ())),
    )


def _danger(scenario: str, record: Mapping[str, Any] | None) -> Danger | None:
    if record is None:
        return None
    signals = {key: Signal(**_known(Signal, row)) for key, row in record["signals"].items()}
    return Danger(scenario, signals, _exposure(record["exposure"]))


def _exposure(rows: Sequence[Mapping[str, Any]]) -> Exposure:
    """Give people by district and scenario; unknown counts stay NA."""
    columns = ["district_id", "scenario", *EXPOSURE_COLUMNS]
    table = pd.DataFrame(list(rows), columns=columns).set_index(["district_id", "scenario"])
    return Exposure(table.convert_dtypes())


def _dataset(record: Mapping[str, Any]) -> Any:
    names = ("coords", "data_vars")
    coords, values = ({key: _variable(key, row) for key, row in record[name].items()}
                      for name in names)  # fmt: skip
    return xr.Dataset(values, coords=coords, attrs=record["attrs"])


def _variable(name: str, row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    dims, data, attrs = row["dims"], row["data"], dict(row["attrs"])
    if name in TIMES:
        stamps = np.array([text and text.removesuffix("Z") for text in np.atleast_1d(data)])
        made = stamps.astype("datetime64[ns]")
        return dims, made if dims else made[0], attrs
    if name in SPANS:
        attrs.pop("units", None)
        return dims, _spans(data), attrs
    return dims, _numbers(data), attrs


def _spans(seconds: Any) -> Any:
    return (np.array(seconds, dtype=float) * 1e9).astype("timedelta64[ns]")


def _numbers(data: Any) -> Any:
    """Give numbers with NaN for null and inf for "inf"; names stay names, of digits too."""
    table = np.array(data, dtype=object)
    if any(isinstance(value, str) and value not in INFINITE for value in table.ravel()):
        return np.array(data)
    return table.astype(float)


def _known(kind: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a dataclass that a row tells."""
    return {field.name: row[field.name] for field in fields(kind) if field.name in row}


def _level(value: int | None) -> Level:
    return Level.UNKNOWN if value is None else Level(value)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
