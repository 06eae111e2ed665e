"""Floods higher than any in training: is the peak seen, and is the old maximum called passed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from forecasting.features import good_levels
from forecasting.models import MODELS
from forecasting.types import Gauge, LevelForecast, Observations

HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Record:
    """One flood of one gauge, and all that may be learned from."""

    dataset: str
    flood: str
    gauges: tuple[Gauge, ...]
    target: str
    training: Observations
    observed: Observations
    first: np.datetime64
    last: np.datetime64

    @property
    def old_maximum_m(self) -> float:
        """Give the highest level of the training."""
        return float(np.nanmax(good_levels(self.training, self.target)))


def record_rows(records: Sequence[Record], leads: Sequence[timedelta]) -> list[dict[str, Any]]:
    """Give peak error and CSI of every model, per flood and lead.

    The records must share gauges, target and training.
    """
    one = records[0]
    rows = []
    for name, kind in MODELS.items():
        model = kind(gauges=one.gauges, targets=[one.target], leads=leads).fit(one.training)
        for record in records:
            forecast = model.predict_many(record.observed, _issue_times(record, leads))
            rows += _scores(name, forecast, record)
    return rows


def _issue_times(record: Record, leads: Sequence[timedelta]) -> np.ndarray:
    """Give the issue times whose forecasts fall into the flood."""
    times = record.observed["time"].values
    return times[(times >= record.first - np.timedelta64(max(leads), "ns")) & (times < record.last)]


def _scores(model: str, forecast: LevelForecast, record: Record) -> list[dict[str, Any]]:
    level = good_levels(record.observed, record.target)
    times = record.observed["time"].values
    medians = forecast["level_m"].sel(gauge=record.target, quantile=0.5)
    rows = []
    for lead in forecast["lead"].values:
        valid = forecast["issued_at"].values + lead
        inside = (valid >= record.first) & (valid <= record.last) & (valid <= times[-1])
        said = medians.sel(lead=lead).values[inside]
        truth = level[np.searchsorted(times, valid[inside])]
        known = np.isfinite(said) & np.isfinite(truth)
        said, truth, valid = said[known], truth[known], valid[inside][known]
        warned, there = said > record.old_maximum_m, truth > record.old_maximum_m
        either = int((warned | there).sum())
        peak_m = float(truth.max())
        rows.append({
            "dataset": record.dataset, "flood": record.flood, "model": model, "rain": "none",
            "lead_h": round(float(lead / HOUR), 3),
            "peak_m": round(peak_m, 3), "old_maximum_m": round(record.old_maximum_m, 3),
            "peak_error_m": round(float(said.max()) - peak_m, 3),
            "peak_late_h": round(float((valid[said.argmax()] - valid[truth.argmax()]) / HOUR), 3),
            "csi": round(float((warned & there).sum()) / either, 3) if either else None,
            "steps_above": int(there.sum()),
        })  # fmt: skip
    return rows
