"""Forecasts of very many gauges in one process of its own: time and memory.

    python -m benchmarks.nation MODEL_FOLDER WINDOWS.npz

Started by `benchmarks.forecast`. The gauges are real windows of real gauges, drawn again and
again; each has per-gauge numbers of its own in memory, as a country would.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import peak_rss_mb, timed
from forecasting.global_model import GlobalGbm
from forecasting.registry import load
from forecasting.shared_guard import SharedGuard
from forecasting.window import Window

SIZES = (20, 1_000, 15_000)
CORES = 2
ALONE = 25  # gauges forecast one by one, told for 1,000


def main() -> None:
    """Print one JSON object."""
    folder, windows = (Path(argument) for argument in sys.argv[1:])
    model = load(folder)
    if not isinstance(model, GlobalGbm):
        raise ValueError(f"the kept model must be 'global', got {model.model_id!r}.")
    model.jobs = CORES
    with np.load(windows, allow_pickle=False) as tables:
        told = {name: tables[name] for name in tables.files}
    window = Window(float(told.pop("step_h")), **told)
    settle(model, max(SIZES))
    result: dict[str, Any] = {"base_rss_mb": peak_rss_mb()}
    for size in SIZES:
        some, numbers = _drawn(window, size), np.arange(1, size + 1)
        levels = model.levels(some, numbers)
        assert np.isfinite(levels).all()
        assert (np.diff(levels, axis=-1) >= 0).all()
        work = partial(model.levels, some, numbers)
        result |= timed(work, f"predict_{size}_gauges", times=5)
        result[f"predict_{size}_peak_rss_mb"] = peak_rss_mb()
    result |= _one_by_one(model, window)
    print(json.dumps(result))


def settle(model: GlobalGbm, size: int) -> None:
    """Give the model so many gauges with numbers of their own."""
    of = np.arange(size) % (len(model.scales_m) - 1) + 1
    rows = np.concatenate([[0], of])
    model.scales_m, model.flashiness = model.scales_m[rows], model.flashiness[rows]
    model._guard = SharedGuard(**{name: one[rows] for name, one in model._guard.state().items()})
    leads = []
    for lead in model.learned:
        line = lead.regressor.line
        line = replace(line, weights=line.weights[rows], bias=line.bias[rows])
        leads.append(replace(lead, regressor=replace(lead.regressor, line=line)))
    model.learned = tuple(leads)


def _drawn(window: Window, size: int) -> Window:
    return window.rows(np.random.default_rng(0).integers(0, len(window.level_m), size))


def _one_by_one(model: GlobalGbm, window: Window) -> dict[str, float]:
    """Give the time of 1,000 gauges with one predict each, from those of a few."""
    model.jobs = 1
    some = _drawn(window, ALONE)

    def alone() -> None:
        for row in range(ALONE):
            model.levels(some.rows(slice(row, row + 1)), np.array([row + 1]))

    taken = timed(alone, "one_by_one_1000_gauges", times=2)
    return {name: round(one * 1_000 / ALONE, 2) for name, one in taken.items()}


if __name__ == "__main__":
    main()
