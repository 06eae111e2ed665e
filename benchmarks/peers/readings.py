"""Tests of readings by ioos_qc and saqc: `python -m benchmarks.peers.readings FOLDER`.

Reads FOLDER/cases.npz (levels by case, time and gauge; NaN = missing) and FOLDER/settings.json,
writes FOLDER/ioos_qc.npz and FOLDER/saqc.npz: what each doubts. Both are given the readings that
there are, gauge by gauge, with their times; both look one reading ahead, as at an archive.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Doubts = Callable[[pd.Series, Mapping[str, Any]], np.ndarray]
LEAST = 5  # readings of a gauge: fewer say nothing to a test of a series
LEAST_LOF = 40  # twice its neighbours
SUSPECT, FAIL = 3, 4  # QARTOD


def ioos_doubts(level: pd.Series, limits: Mapping[str, Any]) -> np.ndarray:
    """Give what QARTOD's gross range, spike, rate of change and flat line doubt."""
    from ioos_qc import qartod

    at, values = level.index.to_numpy(), level.to_numpy()
    found = [
        qartod.gross_range_test(values, fail_span=_span(level, limits)),
        qartod.spike_test(values, *limits["spike_m"]),
        qartod.rate_of_change_test(
            values, at, *(rate / 3600 for rate in limits["rate_m_per_h"])
        ),
        qartod.flat_line_test(values, at, round(limits["flat_h"] * 3600), 10**9,
                              tolerance=limits["flat_m"]),
    ]  # fmt: skip
    return np.any([np.isin(np.ma.filled(flags, 9), (SUSPECT, FAIL)) for flags in found], axis=0)


def saqc_doubts(level: pd.Series, limits: Mapping[str, Any]) -> np.ndarray:
    """Give what saqc's range, constants and outliers (flagUniLOF, its own cut-off) doubt."""
    from saqc import SaQC

    low, high = _span(level, limits)
    qc = SaQC(level.to_frame("level"))
    qc = qc.flagRange("level", min=low, max=high)
    qc = qc.flagConstants("level", thresh=limits["flat_m"] + 1e-9, window=f"{limits['flat_h']}h")
    if len(level) >= LEAST_LOF:
        qc = qc.flagUniLOF("level", thresh="auto", min_offset=limits["spike_m"][0])
    return np.asarray(qc.flags["level"].to_numpy(), float) > 0


def _span(level: pd.Series, limits: Mapping[str, Any]) -> tuple[float, float]:
    """Give the range of a gauge: around the median of all its readings."""
    middle = float(level.median())
    return middle - limits["from_median_m"], middle + limits["from_median_m"]


PEERS: dict[str, Doubts] = {"ioos_qc": ioos_doubts, "saqc": saqc_doubts}


def doubted(doubts: Doubts, at: np.ndarray, level: np.ndarray, limits: Any) -> np.ndarray:
    """Give what is doubted of all gauges, (time, gauge)."""
    found = np.zeros(level.shape, dtype=bool)
    for column in range(level.shape[1]):
        seen = np.flatnonzero(np.isfinite(level[:, column]))
        if len(seen) >= LEAST:
            series = pd.Series(level[seen, column], index=pd.DatetimeIndex(at[seen]))
            found[seen, column] = doubts(series, limits)
    return found


def main() -> None:
    """Write what each peer doubts, and how long it took."""
    warnings.simplefilter("ignore")  # of short series
    folder = Path(sys.argv[1])
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    with np.load(folder / "cases.npz") as cases:
        for name, doubts in PEERS.items():
            found, begun = {}, time.process_time()
            for case, limits in settings.items():
                at = cases[f"{case} times"]
                found[case] = doubted(doubts, at, cases[case], limits)
            np.savez_compressed(folder / f"{name}.npz", **found)
            print(json.dumps({"peer": name, "cpu_s": time.process_time() - begun}), flush=True)


if __name__ == "__main__":
    main()
