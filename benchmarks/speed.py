"""How long it takes to train one gauge, and to forecast one, 20, 1,000 and 15,000."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import timed
from forecasting.gbm import Gbm
from forecasting.global_model import GlobalGbm
from forecasting.model_card import CardFacts
from forecasting.registry import save
from forecasting.types import Observations, aware
from forecasting.window import joined, window_of
from kawamori.datasets import Dataset

HOURS = tuple(timedelta(hours=hours) for hours in range(1, 13))
SAMPLE = 4_000  # real windows that the many gauges are drawn from
Series = Mapping[str, tuple[Dataset, Observations]]


def speed(series: Series) -> dict[str, Any]:
    """Give the times and sizes; the many gauges run in a process of their own."""
    dataset, observed = next(iter(series.values()))
    gauge = Gbm(gauges=dataset.gauges, targets=dataset.targets, leads=HOURS)
    told: dict[str, Any] = timed(lambda: gauge.fit(observed), "fit_gauge")
    alone = partial(gauge.predict, observed, issued_at=aware(observed["time"].values[-1]))
    told |= timed(alone, "predict_gauge_alone", times=5)
    targets = [gauge.gauge_id for gauge in dataset.gauges]
    shared = GlobalGbm(gauges=dataset.gauges, targets=targets, leads=HOURS)
    told |= timed(lambda: shared.fit(observed), "fit_global")
    with tempfile.TemporaryDirectory() as folder:
        kept = save(shared, Path(folder), facts=CardFacts("benchmark", "none", ()))
        windows = Path(folder) / "windows.npz"
        _write_windows(series, windows)
        command = [sys.executable, "-m", "benchmarks.nation", str(kept), str(windows)]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    nation: dict[str, Any] = json.loads(said.stdout)
    return told | nation


def _write_windows(series: Series, path: Path) -> None:
    """Write windows of all gauges at random times with a level of their own."""
    draw = np.random.default_rng(0)
    windows = []
    gauges = sum(len(dataset.gauges) for dataset, _ in series.values())
    for dataset, observed in series.values():
        for gauge in dataset.gauges:
            window = window_of(observed, gauge.gauge_id, dataset.gauges)
            known = np.flatnonzero(np.isfinite(window.last()[0]))
            windows.append(window.rows(draw.choice(known, SAMPLE // gauges)))
    np.savez(path, **asdict(joined(windows)))
