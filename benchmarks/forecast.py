"""The forecaster beside its peers: record floods, skill, time to train, time to forecast.

    python -m benchmarks.forecast --json            # all
    python -m benchmarks.forecast --json --quick    # without the peers that take minutes

Needs KAWAMORI_DATA (the K-water series) for all but the fictional town. Test years are 2020 and
2021; nothing is chosen on them here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine, peak_rss_mb, seconds
from benchmarks.peers import Peer, crossing_share, quantile_lightgbm, raw_stage
from benchmarks.record_flood import Record, record_rows
from forecasting.evaluate import only, scorecard
from forecasting.features import good_levels
from forecasting.gbm import Gbm
from forecasting.global_model import GlobalGbm
from forecasting.model_card import CardFacts
from forecasting.models import MODELS
from forecasting.quality import flag, good
from forecasting.registry import save
from forecasting.types import Observations, aware
from forecasting.window import joined, window_of
from kawamori.cities import open_city
from kawamori.datasets import Dataset, read_dataset
from kawamori.drill import read_series
from kawamori.progress import silent
from kawamori.settings import Settings

BASINS = ("kwater-jingwan", "kwater-samrangjin")
HOURS = tuple(timedelta(hours=hours) for hours in range(1, 13))
SHOWN = tuple(timedelta(hours=hours) for hours in (1, 3, 6))
TOWN, TOWN_GAUGE = "drill-town", "honmachi-bashi"
FLOOD_DAYS = np.timedelta64(3, "D")
SAMPLE = 4_000  # real windows that the many gauges are drawn from
NOT_RUN = (
    "mlforecast, skforecast: need pandas < 3, so an environment of their own, which is not part "
    "of this run"
)


def main() -> None:
    """Print the figures for people, then one JSON object with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="leave out the slow peers")
    chosen = parser.parse_args()
    settings = Settings()
    read = {name: read_dataset(name, settings.real_data()) for name in BASINS}
    series = {name: (one, good(flag(each, one.gauges))) for name, (one, each) in read.items()}
    jingwan = series[BASINS[0]]
    result: dict[str, Any] = {"machine": machine(), "not_run": NOT_RUN}
    result["record_flood"] = _record_flood(jingwan, settings)
    _show_table("Record floods, no rain forecast", result["record_flood"])
    result["peers"] = _peers(*jingwan, quick=chosen.quick)
    _show_table("Peers, Jingwan 2020-21", result["peers"])
    result |= _speed(series)
    for name, value in result.items():
        if isinstance(value, float):
            print(f"{name:40} {value:10.3f}")
    print(f"not run: {NOT_RUN}")
    result["peak_rss_mb"] = peak_rss_mb()
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False))


def _record_flood(
    jingwan: tuple[Dataset, Observations], settings: Settings
) -> list[dict[str, Any]]:
    dataset, observed = jingwan
    training = only(observed, dataset.folds[0].train)
    target = dataset.targets[0]
    first, last = (np.datetime64(moment.replace(tzinfo=None)) for moment in dataset.folds[0].test)
    tested = good_levels(observed, target)
    tested[(observed["time"].values < first) | (observed["time"].values > last)] = np.nan
    peak_at = observed["time"].values[np.nanargmax(tested)]
    record = Record(
        dataset.name, f"{aware(peak_at):%Y-%m-%d}", dataset.gauges, target, training, observed,
        peak_at - FLOOD_DAYS, peak_at + FLOOD_DAYS,
    )  # fmt: skip
    return [*record_rows([record], SHOWN), *record_rows(_town_records(settings), SHOWN)]


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


def _peers(dataset: Dataset, observed: Observations, *, quick: bool) -> list[dict[str, Any]]:
    """Give the skill of each model and peer on the test years, and how long it trained."""
    fold = dataset.folds[0]
    training = only(observed, fold.train)
    forecasts, fits = [], {}
    for name, kind in MODELS.items():
        start = time.perf_counter()
        model = kind(gauges=dataset.gauges, targets=dataset.targets, leads=SHOWN).fit(training)
        fits[name] = round(time.perf_counter() - start, 2)
        times = observed["time"].values
        first, last = (np.datetime64(moment.replace(tzinfo=None)) for moment in fold.test)
        forecasts.append(model.predict_many(observed, times[(times >= first) & (times <= last)]))
    makers = (raw_stage,) if quick else (raw_stage, quantile_lightgbm)
    crossings: dict[str, float] = {}
    for maker in makers:
        peer: Peer = maker(dataset.gauges, dataset.targets[0], SHOWN).fit(training)
        fits[peer.name] = peer.fit_s
        forecasts.append(peer.forecast(observed, forecasts[0]))
        if peer.quantiles is not None:
            crossings[peer.name] = crossing_share(forecasts[-1])
    table = scorecard(forecasts, observed, dataset.gauges)
    rows = []
    for row in table.to_dict("records"):
        name = row["model"]
        sharp = name != "lightgbm-raw-stage"  # which has no distribution
        rows.append({
            "name": name, "lead_h": row["lead_h"], "skill": round(row["skill"], 4),
            "rmse_m": round(row["rmse_m"], 4),
            "crps_m": round(row["crps_m"], 5) if sharp else None,
            "crossing_share": crossings.get(name, 0.0) if sharp else None, "fit_s": fits[name],
        })  # fmt: skip
    return rows


def _speed(series: Mapping[str, tuple[Dataset, Observations]]) -> dict[str, Any]:
    """Give the times of training one gauge and of forecasting one, 20, 1,000 and 15,000."""
    dataset, observed = series[BASINS[0]]
    gauge = Gbm(gauges=dataset.gauges, targets=dataset.targets, leads=HOURS)
    start = time.perf_counter()
    gauge.fit(observed)
    fit_s = round(time.perf_counter() - start, 2)
    issued_at = aware(observed["time"].values[-1])
    one_s = seconds(lambda: gauge.predict(observed, issued_at=issued_at))
    start = time.perf_counter()
    shared = _shared(series)
    shared_s = round(time.perf_counter() - start, 2)
    with tempfile.TemporaryDirectory() as folder:
        facts = CardFacts("benchmark", "none", ())
        kept = save(shared, Path(folder), facts=facts)
        windows = Path(folder) / "windows.npz"
        _write_windows(series, windows)
        command = [sys.executable, "-m", "benchmarks.nation", str(kept), str(windows)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
    nation: dict[str, Any] = json.loads(told.stdout)
    return {
        "fit_gauge_s": fit_s,
        "predict_gauge_alone_s": one_s,
        "fit_global_s": shared_s,
        **nation,
    }


def _shared(series: Mapping[str, tuple[Dataset, Observations]]) -> GlobalGbm:
    """Give the model of all gauges, trained on the basin with most gauges."""
    dataset, observed = series[BASINS[0]]
    targets = [gauge.gauge_id for gauge in dataset.gauges]
    return GlobalGbm(gauges=dataset.gauges, targets=targets, leads=HOURS).fit(observed)


def _write_windows(series: Mapping[str, tuple[Dataset, Observations]], path: Path) -> None:
    """Write windows of all gauges at random times with a level of their own."""
    draw = np.random.default_rng(0)
    windows = []
    for dataset, observed in series.values():
        for gauge in dataset.gauges:
            window = window_of(observed, gauge.gauge_id, dataset.gauges)
            known = np.flatnonzero(np.isfinite(window.last()[0]))
            windows.append(window.rows(draw.choice(known, SAMPLE // 8)))
    np.savez(path, **asdict(joined(windows)))


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
