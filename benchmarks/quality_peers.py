"""The peers of our tests of readings: ioos_qc (QARTOD) and saqc, in their own environment.

They get our own limits wherever they have such a test, and both may look one reading ahead, as ours
in hindsight do. Neither knows neighbours, rain or the official levels of a gauge.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.exchange import HOW, PYTHON
from forecasting.screening.jumps import BAD_JUMP_M, SUSPECT_RISE_M
from forecasting.screening.limits import FROM_MEDIAN_M
from forecasting.screening.spikes import SPIKE_BAD_M, SPIKE_SUSPECT_M
from forecasting.screening.stillness import FLAT_SUSPECT_H, STUCK_H, STUCK_M
from kawamori.settings import REPOSITORY

NAMES = ("ioos_qc", "saqc")
WHOLE = {  # a gauge that always reports
    "from_median_m": FROM_MEDIAN_M,  # a range a gauge: some zeros are at the sea
    "spike_m": (SPIKE_SUSPECT_M, SPIKE_BAD_M),
    "rate_m_per_h": (sum(SUSPECT_RISE_M), sum(BAD_JUMP_M)),
    "flat_h": FLAT_SUSPECT_H,
    "flat_m": 0.0,
}
CENSORED = {**WHOLE, "flat_h": STUCK_H, "flat_m": STUCK_M}  # one that reports above a level only


@dataclass(frozen=True)
class Case:
    """Levels (time, gauge), which of them are faulty and which are certainly not."""

    name: str
    times: np.ndarray
    level_m: np.ndarray
    faulty: np.ndarray
    clean: np.ndarray
    limits: Mapping[str, Any]

    def rates(self, doubted: np.ndarray) -> dict[str, Any]:
        """Give the share of the faulty and of the clean readings that is doubted."""
        hit = float(doubted[self.faulty].mean()) if self.faulty.any() else None
        return {
            "readings": int(np.isfinite(self.level_m).sum()),
            "faulty": int(self.faulty.sum()),
            "hit_rate": hit,
            "false_flag_rate": float(doubted[self.clean].mean()),
        }


def peer_rates(cases: Sequence[Case]) -> dict[str, Any]:
    """Give the rates of each peer by case, and its CPU time; {"missing": …} without the peers."""
    if not PYTHON.exists():
        return {"missing": f"no environment of the peers. Run: {HOW}"}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        arrays = {case.name: case.level_m for case in cases}
        times = {f"{case.name} times": case.times for case in cases}
        np.savez_compressed(folder / "cases.npz", **arrays, **times)
        limits = {case.name: case.limits for case in cases}
        (folder / "settings.json").write_text(json.dumps(limits), encoding="utf-8")
        told = subprocess.run(
            [str(PYTHON), "-m", "benchmarks.peers.readings", str(folder)], check=False,
            capture_output=True, text=True, cwd=REPOSITORY, env={**os.environ},
        )  # fmt: skip
        if told.returncode:
            return {"missing": f"{told.stderr[-400:]} Run: {HOW}"}
        lines = [json.loads(line) for line in told.stdout.splitlines()]
        result: dict[str, Any] = {line["peer"]: {"cpu_s": line["cpu_s"]} for line in lines}
        for name in NAMES:
            with np.load(folder / f"{name}.npz") as found:
                result[name] |= {case.name: case.rates(found[case.name]) for case in cases}
    return result
