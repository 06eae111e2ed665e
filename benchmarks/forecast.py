"""The forecaster beside its peers: record floods, skill, time to train, time to forecast.

    python -m benchmarks.forecast --json

Needs KAWAMORI_DATA (the K-water series); `make peers` gives the environment of mlforecast,
skforecast and the LSTM, which are told as not run without it. Test years are 2020 and 2021;
nothing is chosen on them here. Figures go to `benchmarks/` in the folder of results.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.machine import machine, peak_rss_mb
from benchmarks.nation import SIZES
from benchmarks.peers.exchange import HOW, PYTHON
from benchmarks.record_flood import Record, record_rows
from benchmarks.skill import PEERS, Run, published_run, run
from benchmarks.speed import speed
from forecasting.evaluate import only
from forecasting.features import good_levels
from forecasting.quality import flag, good
from forecasting.types import Observations, aware, utc64
from kawamori.cities import open_city
from kawamori.datasets import Dataset, read_dataset
from kawamori.drill import read_series
from kawamori.progress import silent
from kawamori.settings import REPOSITORY, Settings

BASINS = ("kwater-jingwan", "kwater-samrangjin")
SHOWN_H = (1, 3, 6, 12)
FLOOD_LEADS = tuple(timedelta(hours=hours) for hours in (1, 3, 6))
TOWN, TOWN_GAUGE = "drill-town", "honmachi-bashi"
FLOOD_DAYS = np.timedelta64(3, "D")
NOT_RUN = f"{', '.join(PEERS)}, lstm-published: their environment is not here. Run: {HOW}"


def main() -> None:
    """Print the figures for people, then one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    chosen = parser.parse_args()
    settings = Settings()
    read = {name: read_dataset(name, settings.real_data()) for name in BASINS}
    series = {name: (one, good(flag(each, one.gauges))) for name, (one, each) in read.items()}
    with_peers = PYTHON.exists()
    result: dict[str, Any] = {"machine": machine(), "commit": _commit()}
    result["not_run"] = None if with_peers else NOT_RUN
    result["record_flood"] = _record_flood(series[BASINS[0]], settings)
    _show_table("Record floods, no rain forecast", result["record_flood"])
    runs = _runs(series, result, with_peers=with_peers)
    result |= speed(series)
    result["peers_predict"] = [
        {"name": name, **{key: took for key, took in told.items() if key.startswith("predict")}}
        for name, told in runs[BASINS[0]].times.items()
        if any(key.startswith("predict") for key in told)
    ]
    _show_table("Many gauges at once, peers", result["peers_predict"])
    for name, value in result.items():
        if isinstance(value, float):
            print(f"{name:40} {value:10.3f}")
    result["peak_rss_mb"] = peak_rss_mb()
    folder = settings.out / "benchmarks"
    for path in figures.draw(result, runs, series, folder):
        print(f"figure {path}")
    if not with_peers:
        print(f"not run: {NOT_RUN}")
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False))


def _runs(
    series: Mapping[str, tuple[Dataset, Observations]], result: dict[str, Any], *, with_peers: bool
) -> dict[str, Run]:
    """Give the run of each basin, and write its rows and those of the published test."""
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (dataset, observed) in series.items():
            peers = PEERS if with_peers else ()
            many = () if runs else SIZES  # one basin is enough to time many gauges
            runs[name] = run(dataset, observed, Path(folder), peers=peers, many=many)
            shown = [row for row in runs[name].rows if row["lead_h"] in SHOWN_H]
            _show_table(f"{dataset.title}: tested 2020-21", shown)
        published = published_run(*series[BASINS[0]], Path(folder), peers=with_peers)
    result["peers"] = [row for one in runs.values() for row in one.rows]
    result["published"] = list(published.rows)
    _show_table("Bounds of the published LSTM (0.150 m), 1 h ahead", result["published"])
    return runs


def _commit() -> str:
    """Give what was measured; `+` if files differ from the commit."""
    command = ["git", "describe", "--always", "--dirty=+"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    return told.stdout.strip() or "unknown"


def _record_flood(
    jingwan: tuple[Dataset, Observations], settings: Settings
) -> list[dict[str, Any]]:
    dataset, observed = jingwan
    training = only(observed, dataset.folds[0].train)
    target = dataset.targets[0]
    first, last = (utc64(moment) for moment in dataset.folds[0].test)
    tested = good_levels(observed, target)
    tested[(observed["time"].values < first) | (observed["time"].values > last)] = np.nan
    peak_at = observed["time"].values[np.nanargmax(tested)]
    record = Record(
        dataset.name, f"{aware(peak_at):%Y-%m-%d}", dataset.gauges, target, training, observed,
        peak_at - FLOOD_DAYS, peak_at + FLOOD_DAYS,
    )  # fmt: skip
    town = _town_records(settings)
    return [*record_rows([record], FLOOD_LEADS), *record_rows(town, FLOOD_LEADS)]


def _town_records(settings: Settings) -> list[Record]:
    """Give the storms of the fictional town (模擬) that pass all that its rivers did before."""
    city = open_city(TOWN, settings, silent)
    training = good(flag(read_series(city.folder / "observations.nc"), city.gauges))
    records = []
    for path in sorted((city.folder / "storms").glob("*.nc")):
        storm = good(flag(read_series(path), city.gauges))
        first, last = storm["time"].values[[0, -1]]
        one = Record(TOWN, path.stem, city.gauges, TOWN_GAUGE, training, storm, first, last)
        if np.nanmax(good_levels(storm, TOWN_GAUGE)) > one.old_maximum_m:
            records.append(one)
    return records


def _show_table(title: str, rows: list[dict[str, Any]]) -> None:
    print(title, flush=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print(flush=True)


def _text(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
