"""Ten-minute cycles of a country's gauges in one process of its own: time by part, and memory.

    python -m benchmarks.country MODEL_FOLDER SERIES.npz GAUGES

Started by `benchmarks.scale`. The series are real ones, drawn again and again, moved in time and
level; every 200th reading is lost and every 20,000th is far off (Tokachi: one of 34,850).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.machine import peak_rss_mb
from benchmarks.nation import settle
from forecasting.exceedance import exceedance
from forecasting.global_model import GlobalGbm
from forecasting.intervals import QUANTILES
from forecasting.latest import Network, latest_window
from forecasting.quality import flag
from forecasting.registry import load
from forecasting.types import Gauge, LevelForecast, Observations, Thresholds, check_observations
from kawamori.archive import Archive

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(hours=1)
HOURS = 14 * 24
RAIN_SHARE = 10  # gauges to one rain gauge
CYCLES = 3
CORES = 2
ALONE = 25


class Country:
    """Gauges, their rolling series, and what a cycle does with them."""

    def __init__(self, model: GlobalGbm, series: Path, size: int, archive: Archive) -> None:
        draw = np.random.default_rng(0)
        with np.load(series, allow_pickle=False) as tables:
            level, rain = tables["level_m"], tables["rain_mm"]
        rains = max(1, size // RAIN_SHARE)
        self.level = _drawn(level, size, draw) + draw.uniform(0, 300, size)
        self.rain = _drawn(rain, rains, draw)
        self.rain_ids = [f"r{number}" for number in range(rains)]
        place = draw.uniform((130, 31), (145, 45), (size, 2))
        top = np.nan_to_num(np.nanquantile(self.level, 0.99, axis=0))
        self.gauges = [
            Gauge(
                f"g{number}", "", f"川{number // 5}", lon, lat,
                Thresholds(danger=float(top[number])),
                upstream=(f"g{number + 1}",) if number % 5 < 4 and number + 1 < size else (),
                rain_gauges=(self.rain_ids[number % rains],),
            )
            for number, (lon, lat) in enumerate(place.tolist())
        ]  # fmt: skip
        self.ids = [gauge.gauge_id for gauge in self.gauges]
        self.network = Network.of(self.gauges, self.rain_ids)
        self.model, self.numbers = model, np.arange(1, size + 1)
        self.archive, self.end = archive, HOURS

    def feed(self) -> str:
        """Give what a feed says of the newest hour, as JSON text."""
        at = (START + self.end * STEP).isoformat()
        told = [
            {"station_id": name, "kind": "level_m", "at": at, "value": value}
            for name, value in zip(self.ids, self.level[self.end].tolist(), strict=True)
        ]
        told += [
            {"station_id": name, "kind": "rain_mm", "at": at, "value": value}
            for name, value in zip(self.rain_ids, self.rain[self.end].tolist(), strict=True)
        ]
        return json.dumps(told)

    def ingest(self, text: str) -> Observations:
        """Keep what came in the archive and give the last 14 days."""
        self.archive.append(_readings(text), received_at=START + self.end * STEP)
        self.end += 1
        rows = slice(self.end - HOURS, self.end)
        hours = pd.date_range(START.replace(tzinfo=None), periods=self.end, freq=STEP, unit="ns")
        data = {}
        for name, dim, values in (
            ("level", "gauge", self.level[rows]), ("rain", "rain_gauge", self.rain[rows]),
        ):  # fmt: skip
            data[f"{name}_m" if name == "level" else "rain_mm"] = (("time", dim), values)
            data[f"{name}_flag"] = (("time", dim), np.zeros(values.shape, dtype="int8"))
        coords = {"time": hours[rows], "gauge": self.ids, "rain_gauge": self.rain_ids}
        return check_observations(xr.Dataset(data, coords=coords))

    def forecast(self, observations: Observations) -> LevelForecast:
        """Give 12 leads × 9 quantiles of every gauge."""
        window = latest_window(observations, self.network)
        levels = self.model.levels(window, self.numbers)
        assert np.isfinite(levels).mean() > 0.9
        return LevelForecast(
            xr.Dataset(
                {
                    "level_m": (("gauge", "lead", "quantile"), levels),
                    "last_level_m": (("gauge",), window.last()[0]),
                },
                coords={
                    "gauge": self.ids,
                    "lead": [np.timedelta64(lead) for lead in self.model.leads],
                    "quantile": list(QUANTILES),
                    "issued_at": observations["time"].values[-1],
                },
            )
        )

    def alone(self, observations: Observations) -> float:
        """Give the seconds of one gauge's window and forecast, gauge by gauge."""
        window = latest_window(observations, self.network)
        start = time.perf_counter()
        for row in range(ALONE):
            self.model.levels(window.rows(slice(row, row + 1)), self.numbers[row : row + 1])
        return (time.perf_counter() - start) / ALONE


def main() -> None:
    """Print one JSON object: seconds by part (the median of three cycles) and peak memory."""
    folder, series, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    model = load(folder)
    if not isinstance(model, GlobalGbm):
        raise ValueError(f"the kept model must be 'global', got {model.model_id!r}.")
    model.jobs = CORES
    settle(model, size)
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as archive:
        country = Country(model, series, size, Archive(Path(archive)))
        for _ in range(CYCLES):
            text = country.feed()
            with _timed(taken, "cycle"):
                with _timed(taken, "ingest"):
                    observed = country.ingest(text)
                with _timed(taken, "qc"):
                    flagged = flag(observed, country.gauges)
                with _timed(taken, "forecast"):
                    foreseen = country.forecast(flagged)
                with _timed(taken, "chances"):
                    exceedance(foreseen, country.gauges)
        told = {name: round(float(np.median(one)), 4) for name, one in taken.items()}
        told |= {"gauges": size, "peak_rss_mb": peak_rss_mb()}
        told["alone_s"] = round(country.alone(flagged) * size, 2)
    print(json.dumps(told))


def _readings(text: str) -> pd.DataFrame:
    rows = json.loads(text)
    frame = pd.DataFrame.from_records(rows, columns=["station_id", "kind", "at", "value"])
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True, format="ISO8601"))


def _drawn(values: np.ndarray, size: int, draw: np.random.Generator) -> np.ndarray:
    """Give columns of real hours, from a column and a start drawn for each."""
    hours = HOURS + CYCLES
    column = draw.integers(0, values.shape[1], size)
    start = draw.integers(0, len(values) - hours, size)
    drawn = values[start + np.arange(hours)[:, None], column].astype(float)
    drawn[draw.random(drawn.shape) < 1 / 200] = np.nan
    drawn[draw.random(drawn.shape) < 1 / 20_000] += 20.0
    return drawn


@contextmanager
def _timed(taken: dict[str, list[float]], name: str) -> Iterator[None]:
    starts = time.perf_counter(), time.process_time()
    yield
    taken.setdefault(f"{name}_s", []).append(time.perf_counter() - starts[0])
    taken.setdefault(f"{name}_cpu_s", []).append(time.process_time() - starts[1])


if __name__ == "__main__":
    main()
