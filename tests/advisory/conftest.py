"""A small river and the common policy for the tests of the decision."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from shapely.geometry import box

from advisory.decide import decide
from advisory.policy import Policy
from advisory.types import Advice, GaugeState, Warnings
from forecasting.types import THRESHOLDS, Gauge, Thresholds
from shelters.types import Allocation

JST = timezone(timedelta(hours=9))
NOON = datetime(2023, 9, 8, 3, tzinfo=UTC)  # 12:00 in Japan; sunset in Iwaki is 17:55
KAMATA = Gauge(
    "kamata", "鎌田", "夏井川", 140.9, 37.05, Thresholds(3.7, 4.5, 6.35, 7.0, 8.0), "notified"
)


@pytest.fixture(scope="session")
def raw_policy() -> Mapping[str, Any]:
    """Give the parsed common policy."""
    path = Path(__file__).parents[2] / "data" / "policy.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def policy(raw_policy: Mapping[str, Any]) -> Policy:
    """Give the common policy."""
    return Policy.from_mapping(raw_policy)


def _town(*gauge_ids: Sequence[str]) -> Any:
    """Give districts D0, D1, ... at Iwaki, one per list of gauges."""
    rows = [
        {"name": f"地区{n}", "population": 1000, "households": 400, "assisted": 0.0,
         "gauge_ids": tuple(ids), "geometry": box(140.8, 37.0, 141.0, 37.1)}
        for n, ids in enumerate(gauge_ids)
    ]  # fmt: skip
    columns = ["name", "population", "households", "assisted", "gauge_ids", "geometry"]
    index = pd.Index([f"D{n}" for n in range(len(rows))], name="district_id")
    return gpd.GeoDataFrame(rows, columns=columns, index=index, geometry="geometry", crs=6668)


def _likely(
    chances: Mapping[str, Mapping[str, float]],
    *,
    passages: Mapping[tuple[str, str], float] | None = None,
    leads: int = 6,
) -> Any:
    """Give an Exceedance with one chance per gauge and threshold at every hour; default 0."""
    gauges = list(chances)
    values = np.zeros((len(gauges), len(THRESHOLDS), leads))
    passage = np.full((len(gauges), len(THRESHOLDS), 3), np.inf)
    for n, gauge in enumerate(gauges):
        for m, name in enumerate(THRESHOLDS):
            values[n, m, :] = chances[gauge].get(name, 0.0)
            passage[n, m, 0] = (passages or {}).get((gauge, name), np.inf)
    return xr.Dataset(
        {
            "probability": (("gauge", "threshold", "lead"), values),
            "first_passage_h": (("gauge", "threshold", "quantile"), passage),
        },
        coords={
            "gauge": gauges,
            "threshold": list(THRESHOLDS),
            "lead": np.arange(1, leads + 1).astype("timedelta64[h]").astype("timedelta64[ns]"),
            "quantile": [0.1, 0.5, 0.9],
        },
    )


def _walk(district_id: str = "D0", *, people: int = 100, minutes: float = 30.0) -> Allocation:
    """Give an allocation that sends all people of one district to shelter S1."""
    row = {"district_id": district_id, "shelter_id": "S1", "people": people, "minutes": minutes}
    return Allocation(
        pd.DataFrame([{**row, "mode": "walk"}]),
        pd.DataFrame({"district_id": [], "people": [], "reason": []}),
        pd.DataFrame({"shelter_id": [], "reason": []}),
        ("S1",),
    )


@pytest.fixture(scope="session")
def desk(policy: Policy) -> Callable[..., Advice]:
    """Give a decision for one district with the gauge 鎌田; say only what differs from calm."""

    def advise(level_m: float | None = 1.0, rise: float | None = 0.0, **changes: Any) -> Advice:
        issued_at = changes.pop("issued_at", NOON)
        given: dict[str, Any] = {
            "exceedance": _likely({"kamata": {}}),
            "exposure": None,
            "allocation": None,
            "warnings": Warnings(),
            "policy": policy,
            "districts": _town(["kamata"]),
            "gauges": [KAMATA],
            "states": [GaugeState("kamata", level_m, changes.pop("at", issued_at), rise)],
            "issued_at": issued_at,
        }
        return decide(**given | changes)[0]

    return advise


@pytest.fixture(scope="session")
def town() -> Callable[..., Any]:
    """Give `_town`."""
    return _town


@pytest.fixture(scope="session")
def likely() -> Callable[..., Any]:
    """Give `_likely`."""
    return _likely


@pytest.fixture(scope="session")
def walk() -> Callable[..., Allocation]:
    """Give `_walk`."""
    return _walk


@pytest.fixture(scope="session")
def kamata() -> Gauge:
    """Give the gauge 鎌田 with its five official levels."""
    return KAMATA
