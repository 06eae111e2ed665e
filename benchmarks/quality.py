"""The tests of readings: real faults caught, floods left alone, and 15,000 gauges at once.

    python -m benchmarks.quality --json

Needs KAWAMORI_DATA, and `make peers` for ioos_qc and saqc: they do the same beside ours, with our
limits where they have such a test (benchmarks/quality_peers.py).

Real faults are those of the crisis gauges of Iwaki (named below with what shows them) and the
outlier of Tokachi; made faults (模擬) are put into the floods of Tokachi and Oita by a fixed seed.
Beside them the ten biggest floods of every real series (benchmarks/quality_floods.py), and made
rivers that no limit was chosen by (benchmarks/quality_rivers.py).
A hit is a faulty reading that is SUSPECT or BAD, a false flag any other reading that is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import machine, peak_rss_mb, timed
from benchmarks.quality_floods import flood_rates
from benchmarks.quality_peers import CENSORED, WHOLE, Case, peer_rates
from benchmarks.quality_rivers import river_rates
from forecasting.quality import counts, flag, screen
from forecasting.sources.crisis import CrisisGauges, read_crisis_stations
from forecasting.sources.mlit_log import MlitLog, read_siteinfo
from forecasting.types import BAD, SUSPECT, Gauge, Observations, check_observations
from kawamori.settings import Settings

CRISIS = Path("iwaki/river_gauges/iwaki_crisis_gauges_snapshots.jsonl")
SPAN = (datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC))
# What is a fault is seen in the series: 2-4 m above the start level on days when no gauge near it
# moved; 1.6 m above it for two months within 4 cm.
FAULTS = {
    "0700000142": "宮川(新竹ノ内橋): 2.2-4.3 m above its start level on two dry days",
    "0700000212": "入遠野川(曲藤橋): stuck 1.6 m above its start level, 2025-12 to 2026-02",
    "0700000502": "大正橋: one report in a year, 2.5 m above its start level",
    "0700000216": "蛭田川(観音橋): one report in a year, 1.2 m above its start level",
}
LOGS = {
    "tokachi_2016": (datetime(2016, 8, 1, tzinfo=UTC), datetime(2016, 9, 22, tzinfo=UTC)),
    "oita_2017": (datetime(2017, 7, 3, tzinfo=UTC), datetime(2017, 7, 8, 6, tzinfo=UTC)),
}
PER_GAUGE, SEED = 3, 0
COUNTRY, ROWS = 15_000, 145  # gauges, and a day of ten minutes
Fault = Callable[[np.ndarray, int, np.random.Generator], slice]


def main() -> None:
    """Print the figures for people, then one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    chosen = parser.parse_args()
    data = Settings().real_data()
    crisis, case = _crisis(data)
    result: dict[str, Any] = {"machine": machine(), "crisis": crisis}
    logs = {name: _log(data, name) for name in LOGS}
    result["logs"] = {name: _as_found(*log) for name, log in logs.items()}
    result["floods"] = flood_rates(data)
    result["rivers"] = river_rates()
    made = [_made(name, *log) for name, log in logs.items()]
    result["made"] = [row for rows, _ in made for row in rows]
    found = [Case(f"{name} as found", log[0]["time"].values, log[0]["level_m"].values,
                  np.zeros(log[0]["level_m"].shape, dtype=bool),
                  log[0]["level_m"].notnull().values, WHOLE)
             for name, log in logs.items()]  # fmt: skip
    result["peers"] = peer_rates([case, *found, *(one for _, cases in made for one in cases)])
    country, gauges = _country(*logs["oita_2017"])
    result |= timed(lambda: flag(country, gauges), f"flag_{COUNTRY}_gauges", times=3)
    result["peak_rss_mb"] = peak_rss_mb()
    for key, value in result.items():
        print(f"{key}: {json.dumps(value, ensure_ascii=False, indent=1, default=str)}")
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False, default=str))


def _crisis(data: Path) -> tuple[dict[str, Any], Case]:
    gauges = read_crisis_stations(data / CRISIS)
    observed = CrisisGauges(data / CRISIS).read(gauges, *SPAN)
    tests = screen(observed, gauges)
    doubted = np.isin(tests.values, (SUSPECT, BAD)).any(axis=0)
    known = observed["level_m"].notnull().values
    faulty = known & np.isin(observed["gauge"].values, list(FAULTS))
    names = {gauge.gauge_id: gauge.name for gauge in gauges}
    table = counts(tests).assign(name=lambda rows: rows["gauge_id"].map(names))
    case = Case("crisis", observed["time"].values, observed["level_m"].values, faulty,
                known & ~faulty, CENSORED)  # fmt: skip
    rates = case.rates(doubted)
    return {**rates, "by_gauge": table.to_dict("records")}, case


def _log(data: Path, name: str) -> tuple[Observations, tuple[Gauge, ...]]:
    folder = data / "river" / name
    gauges = read_siteinfo(folder / "siteinfo.csv")
    return MlitLog(folder).read(gauges, *LOGS[name]), gauges


def _as_found(observed: Observations, gauges: tuple[Gauge, ...]) -> dict[str, Any]:
    """Give what is flagged in a real flood, most of it the flood itself."""
    tests = screen(observed, gauges)
    known = int(observed["level_m"].notnull().sum())
    refused = (tests == BAD).any("test").values
    doubted = (tests == SUSPECT).any("test").values & ~refused
    return {
        "readings": known,
        "bad": int(refused.sum()),
        "suspect": int(doubted.sum()),
        "flag_rate": float((refused | doubted).sum() / known),
        "by_gauge": counts(tests).to_dict("records"),
    }


def _outlier(level: np.ndarray, row: int, random: np.random.Generator) -> slice:
    level[row] += random.choice([-1, 1]) * random.uniform(9, 50)
    return slice(row, row + 1)


def _spike(level: np.ndarray, row: int, random: np.random.Generator) -> slice:
    level[row] += random.uniform(3.5, 8)
    return slice(row, row + 1)


def _zero(level: np.ndarray, row: int, _random: np.random.Generator) -> slice:
    level[row : row + 3] = 0.0
    return slice(row, row + 3)


def _moved(level: np.ndarray, row: int, random: np.random.Generator) -> slice:
    level[row:] += random.choice([-1, 1]) * random.uniform(4, 9)
    return slice(row, row + 1)  # the jump is the fault; what follows is the new zero


MADE: dict[str, Fault] = {
    "outlier": _outlier, "spike": _spike, "zero": _zero, "moved zero": _moved,
}  # fmt: skip


def _made(name: str, observed: Observations, gauges: tuple[Gauge, ...]
          ) -> tuple[list[dict[str, Any]], list[Case]]:  # fmt: skip
    """Give hit and false-flag rates of faults put in, at the desk and in hindsight (模擬)."""
    before = flag(observed, gauges)["level_flag"].values
    rows, cases = [], []
    for kind, fault in MADE.items():
        level, faulty = _faulted(observed["level_m"].values, kind, fault)
        clean = ~faulty & np.isfinite(level) & ~np.isin(before, (SUSPECT, BAD))
        case = Case(f"{name} {kind}", observed["time"].values, level, faulty, clean, WHOLE)
        cases.append(case)
        for hindsight in (False, True):
            made = observed.copy()
            made["level_m"] = observed["level_m"].copy(data=level)
            found = flag(check_observations(made), gauges, hindsight=hindsight)["level_flag"].values
            rows.append({
                "log": name, "fault": kind, "hindsight": hindsight,
                **case.rates(np.isin(found, (SUSPECT, BAD))),
                "refused_rate": float((found[faulty] == BAD).mean()),
            })  # fmt: skip
    return rows, cases


def _faulted(levels: np.ndarray, kind: str, fault: Fault) -> tuple[np.ndarray, np.ndarray]:
    """Give levels with faults put in, and where they are, (time, gauge)."""
    random = np.random.default_rng(SEED)
    level, faulty = levels.copy(), np.zeros(levels.shape, dtype=bool)
    for column in range(level.shape[1]):
        seen = np.flatnonzero(np.isfinite(level[:, column]))
        if len(seen) > 2 * PER_GAUGE + 24:
            for row in random.choice(seen[12:-12], PER_GAUGE if kind != "moved zero" else 1):
                faulty[fault(level[:, column], int(row), random), column] = True
    return level, faulty & np.isfinite(level)


def _country(observed: Observations, gauges: tuple[Gauge, ...]
             ) -> tuple[Observations, list[Gauge]]:  # fmt: skip
    """Give a day of 15,000 gauges: real series drawn again and again, at 10-minute stamps."""
    random = np.random.default_rng(SEED)
    columns = random.integers(0, observed.sizes["gauge"], COUNTRY)
    start = random.integers(0, max(1, observed.sizes["time"] - ROWS), COUNTRY)
    rows = np.minimum(start + np.arange(ROWS)[:, None], observed.sizes["time"] - 1)
    level = observed["level_m"].values[rows, columns]
    names = [f"g{number}" for number in range(COUNTRY)]
    drawn = observed.isel(time=[0, 1], gauge=[0]).drop_dims("dam", errors="ignore")
    time = pd.date_range("2026-01-01", periods=ROWS, freq="10min", unit="ns")
    made = drawn.drop_dims(["gauge", "time"]).assign_coords(time=time, gauge=names)
    made["level_m"] = (("time", "gauge"), level)
    made["level_flag"] = (("time", "gauge"), np.zeros(level.shape, dtype="int8"))
    rain = (ROWS, made.sizes.get("rain_gauge", 0))
    made["rain_mm"] = (("time", "rain_gauge"), np.full(rain, np.nan))
    made["rain_flag"] = (("time", "rain_gauge"), np.zeros(rain, dtype="int8"))
    many = [
        Gauge(name, "", "", float(lon), float(lat))
        for name, lon, lat in zip(
            names, random.uniform(130, 145, COUNTRY), random.uniform(31, 45, COUNTRY), strict=True
        )
    ]
    return check_observations(made), many


if __name__ == "__main__":
    main()
