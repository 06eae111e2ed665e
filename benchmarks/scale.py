"""From 100 to 15,000 gauges every ten minutes on one machine: time by part, memory, growth.

    python -m benchmarks.scale --json

Needs KAWAMORI_DATA (the K-water series that teach and that the gauges are drawn from). Each size
runs in a process of its own (`benchmarks.country`): a feed's JSON into the archive, the tests of
readings over 14 days, 12 leads × 9 quantiles, the chance of each official level.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.speed import HOURS
from forecasting.global_model import GlobalGbm
from forecasting.model_card import CardFacts
from forecasting.quality import flag, good
from forecasting.registry import save
from kawamori.datasets import read_dataset
from kawamori.settings import Settings

SIZES = (100, 1_000, 5_000, 15_000)
DATASET = "kwater-jingwan"


def main() -> None:
    """Print the figures for people, then one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    chosen = parser.parse_args()
    dataset, observed = read_dataset(DATASET, Settings().real_data())
    known = good(flag(observed, dataset.gauges))
    targets = [gauge.gauge_id for gauge in dataset.gauges]
    model = GlobalGbm(gauges=dataset.gauges, targets=targets, leads=HOURS).fit(known)
    with tempfile.TemporaryDirectory() as folder:
        kept = save(model, Path(folder), facts=CardFacts("benchmark", "none", ()))
        series = Path(folder) / "series.npz"
        np.savez(series, level_m=known["level_m"].values, rain_mm=known["rain_mm"].values)
        sizes = [_country(kept, series, size) for size in SIZES]
    largest = sizes[-1]
    result: dict[str, Any] = {"machine": machine(), **largest, "sizes": sizes}
    result["exponent"] = _exponent(sizes)
    result["per_gauge_ratio"] = round(largest["alone_s"] / largest["forecast_s"], 1)
    for row in sizes:
        print("  ".join(f"{name} {value:g}" for name, value in row.items()))
    print(f"exponent {result['exponent']:g}  per_gauge_ratio {result['per_gauge_ratio']:g}")
    if chosen.json:
        print(json.dumps(result))


def _country(kept: Path, series: Path, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.country", str(kept), str(series), str(size)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return told


def _exponent(sizes: list[dict[str, Any]]) -> float:
    """Give b of cycle_s = a * gauges ** b over all sizes; 1 = linear, less = fixed cost shows."""
    gauges, cycle = (np.log([row[name] for row in sizes]) for name in ("gauges", "cycle_s"))
    return round(float(np.polyfit(gauges, cycle, 1)[0]), 3)


if __name__ == "__main__":
    main()
