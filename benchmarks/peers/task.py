"""What a peer is given and what it gives back, as files that both environments can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Task:
    """One gauge to forecast: the series, what may be learned from, and when forecasts are issued.

    Times are UTC without zone; both ends of a period are included.
    """

    name: str
    target: str  # the column of the gauge to forecast [m]
    upstream: tuple[str, ...]  # columns of levels [m]
    rain: tuple[str, ...]  # columns of rain [mm per step]
    train: tuple[str, str]
    test: tuple[str, str]
    leads_h: tuple[int, ...]
    peers: tuple[str, ...]
    gauges: tuple[int, ...] = ()  # how many at once a peer's forecast is timed with

    @property
    def columns(self) -> list[str]:
        """Give all columns, the target first."""
        return [self.target, *self.upstream, *self.rain]

    def write(self, folder: Path, series: pd.DataFrame) -> None:
        """Write the task and its series (time × column, NaN = missing)."""
        folder.mkdir(parents=True, exist_ok=True)
        series[self.columns].to_parquet(folder / "series.parquet")
        (folder / "task.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> tuple[Task, pd.DataFrame]:
        """Give a task and its series."""
        told = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        lists = {name: tuple(one) for name, one in told.items() if isinstance(one, list)}
        return cls(**{**told, **lists}), pd.read_parquet(folder / "series.parquet")


@dataclass(frozen=True)
class Answer:
    """What one peer forecast: levels (issued_at × lead_h) [m], and how long it took."""

    name: str
    levels: pd.DataFrame
    times: dict[str, Any]  # fit_s, fit_cpu_s, and what else it measured

    def write(self, folder: Path) -> None:
        """Write levels and times beside the task."""
        levels = self.levels.rename(columns=str)
        levels.to_parquet(folder / f"{self.name}.parquet")
        (folder / f"{self.name}.json").write_text(json.dumps(self.times), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> Answer:
        """Give the answer of one peer."""
        times = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        levels = pd.read_parquet(folder / f"{name}.parquet")
        return cls(name, levels.rename(columns=int), times)
