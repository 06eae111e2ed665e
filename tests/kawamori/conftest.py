"""A small run made by hand: two gauges, two districts, one of each UNKNOWN."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cryptography.hazmat.primitives.asymmetric import ec
from shapely.geometry import Point, box
from sqlalchemy import Engine

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
from forecasting.types import (
    THRESHOLDS,
    Exceedance,
    Gauge,
    LevelForecast,
    Observations,
    RainGauge,
    Thresholds,
    check_observations,
)
from hazard.types import JGD2011, check_districts, check_layer
from kawamori.city import City
from kawamori.drafts import drafts
from kawamori.record import plain, run_json
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import complete, open_store, start
from shelters.types import Allocation, check_shelters

# 2026-06-30 15:00 UTC is midnight JST, the first minute of July.
ISSUED_AT = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)
QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
HOSTILE = '</script><img src=x onerror="window.ran=1">${window.ran=1}'


@pytest.fixture
def made_run(tmp_path: Path) -> Run:
    """Give the run: gauge up rises 0.5 m/h through 避難判断水位, gauge down is silent."""
    return make_run(tmp_path)


@pytest.fixture
def stored(made_run: Run, settings: Settings) -> Iterator[tuple[Engine, Run]]:
    """Put the run, newly drafted, into the store of the test's own `settings`."""
    engine = open_store(settings.store_url)
    written = drafts(made_run.city, made_run.advice, made_run.states, drill=True)
    run = dataclasses.replace(made_run, messages=written)
    folder = settings.home / "run"
    folder.mkdir()
    (folder / "run.json").write_text(run_json(run), encoding="utf-8")
    named: dict[str, Any] = {"name": "run", "city_id": run.city.city_id}
    start(engine, run_id=run.run_id, issued_at=run.issued_at, drill=True, **named)
    advice = [plain(each) for each in run.advice]
    complete(engine, run.run_id, input_digest=run.input_digest, folder=folder, advice=advice)
    yield engine, run
    engine.dispose()


@pytest.fixture
def hostile_run(tmp_path: Path) -> Run:
    """Give the same run with names that try to run as scripts."""
    return make_run(tmp_path, name=lambda text: text + HOSTILE)


@pytest.fixture
def bare_run(made_run: Run) -> Run:
    """Give the same run as a desk with nothing but gauges would see it."""
    city = dataclasses.replace(made_run.city, layers=None, shelters=None)
    return dataclasses.replace(
        made_run, city=city, layer=None, exposure=None, allocation=None, advice=(), messages=()
    )


@pytest.fixture
def later() -> Observations:
    """Give the series as it came six hours later, still rising by 0.1 m/h."""
    return make_observations(ISSUED_AT + timedelta(hours=6))


@pytest.fixture
def vapid_key() -> str:
    """Give the private half of a new VAPID key. [base64url of 32 bytes]"""
    made = ec.generate_private_key(ec.SECP256R1())
    number = made.private_numbers().private_value.to_bytes(32, "big")
    return base64.urlsafe_b64encode(number).decode().rstrip("=")


@pytest.fixture
def chart_assets(tmp_path: Path) -> Path:
    """Give empty chart and map scripts, enough for a report that nobody opens."""
    folder = tmp_path / "assets"
    folder.mkdir()
    for name in ("uPlot.iife.min.js", "uPlot.min.css", "leaflet.js", "leaflet.css"):
        (folder / name).write_text("")
    return folder


def make_run(folder: Path, *, name: Callable[[str], str] = str) -> Run:
    """Build the run; every name from data passes through `name`."""
    city = _city(folder, name)
    return Run(
        run_id="drill-town-20260630T1500Z",
        issued_at=ISSUED_AT,
        input_digest="0" * 64,
        drill=True,
        city=city,
        observations=make_observations(ISSUED_AT),
        forecast=_forecast(),
        exceedance=_exceedance(),
        states=(
            GaugeState("up", 3.6, ISSUED_AT - timedelta(minutes=10), 0.5),
            GaugeState("down", None, None),
        ),
        layer=city.layers,
        exposure=None,
        allocation=_allocation(),
        warnings=Warnings(),
        advice=(_unknown(name), _evacuate(name)),
        messages=_messages(name),
    )


def make_observations(end: datetime) -> Observations:
    """Give 25 hours to `end`; gauge up rises by 0.1 m/h to 3.6 m at issue time, down is silent."""
    hours = pd.date_range(end=end.replace(tzinfo=None), periods=25, freq="h")
    lag_h = np.array((hours - ISSUED_AT.replace(tzinfo=None)) / np.timedelta64(1, "h"))
    level = np.stack([3.6 + 0.1 * lag_h, np.full(25, np.nan)], axis=1)
    return check_observations(
        xr.Dataset(
            {
                "level_m": (("time", "gauge"), level),
                "level_flag": (("time", "gauge"), np.where(np.isnan(level), 9, 1).astype("int8")),
                "rain_mm": (("time", "rain_gauge"), np.full((25, 1), 4.0)),
                "rain_flag": (("time", "rain_gauge"), np.ones((25, 1), "int8")),
            },
            coords={"time": hours, "gauge": ["up", "down"], "rain_gauge": ["r1"]},
        )
    )


def _city(folder: Path, name: Callable[[str], str]) -> City:
    districts = gpd.GeoDataFrame(
        {
            "name": [name("上町"), name("下町")],
            "population": [1200, 800],
            "households": [500, 350],
            "assisted": [60, 40],
            "gauge_ids": [("up",), ("down",)],
        },
        index=pd.Index(["d1", "d2"], name="district_id"),
        geometry=[box(140.0, 37.0, 140.02, 37.02), box(140.02, 37.0, 140.04, 37.02)],
        crs=JGD2011,
    )
    layer = gpd.GeoDataFrame(
        {
            "scenario": ["maximum"],
            "river": [name("川守川")],
            "depth_min_m": [0.5],
            "depth_max_m": [3.0],
            "duration_rank": [1],
            "collapse_zone": [None],
            "stand_in": [True],
        },
        geometry=[box(140.005, 37.005, 140.03, 37.01)],
        crs=JGD2011,
    )
    return City(
        city_id="drill-town",
        name=name("川守町"),
        code="00000",
        crs="EPSG:6677",
        notes=(name("水位は模擬(降雨流出モデル)"),),
        credits=(name("川守町は架空の町"),),
        gauges=(
            Gauge("up", name("上橋"), name("川守川"), 140.01, 37.01,
                  Thresholds(2.0, 2.8, 3.5, 4.0, 5.2), "notified"),
            Gauge("down", name("下橋"), name("川守川"), 140.03, 37.01,
                  Thresholds(caution=2.5, danger=3.8), "notified"),
        ),
        rain_gauges=(RainGauge("r1", name("山"), 140.0, 37.05),),
        districts=check_districts(districts),
        buildings=None,
        roads=None,
        layers=check_layer(layer),
        shelters=_shelters(name),
        folder=folder,
    )  # fmt: skip


def _shelters(name: Callable[[str], str]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {
            "name": [name("高台小学校"), name("川辺公民館")],
            "address": [name("上町1"), name("下町2")],
            "kinds": [frozenset({"emergency", "evacuation"}), frozenset({"emergency"})],
            "hazard_ok": [frozenset({"flood", "earthquake"}), frozenset({"earthquake"})],
            "area_m2": [500.0, np.nan],
            "capacity": pd.array([150, None], dtype="Int64"),
            "capacity_source": ["listed", "unknown"],
            "occupied": [0, 0],
            "status": ["open", "unknown"],
            "features": [frozenset({"pets"}), frozenset()],
        },
        index=pd.Index(["s1", "s2"], name="shelter_id"),
        geometry=[Point(140.01, 37.018), Point(140.03, 37.006)],
        crs=JGD2011,
    )
    return check_shelters(frame)


def _forecast() -> LevelForecast:
    """Give leads 1-6 h: up has median 3.6 + 0.2 per hour, +-0.1 and +-0.3 m; down is unknown."""
    leads = np.arange(1, 7)
    spread = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
    up = 3.6 + 0.2 * leads[:, None] + spread[None, :]
    level = np.stack([up, np.full_like(up, np.nan)])
    return LevelForecast(
        xr.Dataset(
            {
                "level_m": (("gauge", "lead", "quantile"), level),
                "model_used": ("gauge", ["gbm", "none"]),
            },
            coords={
                "gauge": ["up", "down"],
                "lead": leads.astype("timedelta64[h]").astype("timedelta64[ns]"),
                "quantile": QUANTILES,
                "issued_at": np.datetime64("2026-06-30T15:00", "ns"),
                "model_id": "gbm-test",
            },
        )
    )


def _exceedance() -> Exceedance:
    """Give up 0.9 for 氾濫危険水位, median passage after 2 h, overflow never; down unknown."""
    leads = np.arange(1, 7)
    probability = np.full((2, 5, 6), np.nan)
    probability[0] = [[1] * 6, [1] * 6, [1] * 6, [0.2, 0.5, 0.7, 0.8, 0.85, 0.9], [0] * 6]
    passage = np.full((2, 5, 3), np.nan)
    passage[0] = [[0] * 3, [0] * 3, [0] * 3, [1.0, 2.0, 4.0], [np.inf] * 3]
    return Exceedance(
        xr.Dataset(
            {
                "probability": (("gauge", "threshold", "lead"), probability),
                "first_passage_h": (("gauge", "threshold", "quantile"), passage),
            },
            coords={
                "gauge": ["up", "down"],
                "threshold": list(THRESHOLDS),
                "lead": leads.astype("timedelta64[h]").astype("timedelta64[ns]"),
                "quantile": [0.1, 0.5, 0.9],
            },
        )
    )


def _allocation() -> Allocation:
    """Give 200 people who must leave: 150 placed in the only safe shelter, 50 not."""
    return Allocation(
        assigned=pd.DataFrame(
            {"district_id": ["d1"], "shelter_id": ["s1"], "people": [150], "minutes": [22.0],
             "mode": ["walk"]}
        ),
        unplaced=pd.DataFrame({"district_id": ["d1"], "people": [50], "reason": ["満員"]}),
        rejected=pd.DataFrame({"shelter_id": ["s2"], "reason": ["浸水する"]}),
        openings=("s1",),
    )  # fmt: skip


def _evacuate(name: Callable[[str], str]) -> Advice:
    return Advice(
        district_id="d1",
        name=name("上町"),
        level=Level.EVACUATE,
        issued_at=ISSUED_AT,
        issue_by=ISSUED_AT + timedelta(minutes=40),
        valid_until=ISSUED_AT + timedelta(hours=6),
        reasons=(
            Reason("danger-likely", name("上橋が氾濫危険水位に達する見込み"), True, Level.EVACUATE,
                   0.9, 0.7, "", "up", at=ISSUED_AT + timedelta(hours=2), source="policy.toml",
                   verified=False),
        ),
        counter_evidence=(
            Reason("overflow", name("氾濫発生水位には達しない見込み"), False, Level.EMERGENCY,
                   4.8, 5.2, "m", "up"),
        ),
        people=People(inside=320, must_leave=200, may_stay=90, unknown=30),
        clearance=Clearance(80.0, 130.0, "仮定: 徒歩"),
        shelters=(Destination("s1", name("高台小学校"), 150, 22.0),),
        digest="a" * 64,
        action=name("危険な場所から全員避難"),
    )  # fmt: skip


def _unknown(name: Callable[[str], str]) -> Advice:
    return Advice(
        district_id="d2",
        name=name("下町"),
        level=Level.UNKNOWN,
        issued_at=ISSUED_AT,
        issue_by=None,
        valid_until=ISSUED_AT + timedelta(hours=1),
        reasons=(Reason("silent", name("下橋の水位がない"), True, Level.UNKNOWN),),
        counter_evidence=(),
        people=People(),
        clearance=None,
        shelters=(),
        digest="b" * 64,
    )


def _messages(name: Callable[[str], str]) -> tuple[Message, ...]:
    text = name("【訓練】警戒レベル4 避難指示。上町の皆さん、高台小学校へ。")
    line = json.dumps([{"type": "text", "text": text}], ensure_ascii=False)
    return (
        Message("m1", "d1", "ja", "line", "", line.encode()),
        Message("m2", "d1", "ja", "mail", name("【訓練】避難指示(上町)"), text.encode()),
    )
