"""How the forecasts of stored runs came out, and the kept models: values for the page of health.

A run's forecast is held against what later stored runs of the same city observed. Persistence (the
level at issue time stays) always stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kawamori.console.situation_records import Record, Records
from kawamori.run import Run

RUNS = 12  # newest runs of the city that are held against each other
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
CARD, METRICS = "card.md", "metrics.json"
NAMED = 64  # characters of a model's folder: a sha256


@dataclass(frozen=True)
class LeadSkill:
    """One lead over all gauges and runs; None = persistence made no error at all."""

    lead_h: float
    cases: int
    error_m: float  # mean absolute error of the median
    persistence_m: float
    skill: float | None  # 1 - error / persistence's error
    coverage: float  # share of levels inside the 90 % band


@dataclass(frozen=True)
class KeptModel:
    """One kept model: its title, when it was trained, its figures if it has some."""

    name: str
    title: str
    made_at: datetime
    rows: tuple[dict[str, Any], ...]
    place: str  # models | champions


def skill_by_lead(records: Sequence[Record]) -> list[LeadSkill]:
    """Give how forecasts came out at each lead, from levels that any of the runs observed."""
    seen = _observed([record.run for record in records])
    cases: dict[float, list[tuple[float, float, bool]]] = {}
    for record in records:
        for lead_h, *case in _cases(record.run, seen):
            cases.setdefault(lead_h, []).append((case[0], case[1], case[2]))
    return [_lead(lead_h, rows) for lead_h, rows in sorted(cases.items())]


def band_factors(run: Run) -> dict[str, float]:
    """Give how much wider (>1) or narrower recent errors made each gauge's band; {} = not told."""
    if "band_factor" not in run.forecast.variables:
        return {}
    factor = run.forecast["band_factor"]
    mean = factor.mean([dim for dim in factor.dims if dim != "gauge"])
    values = zip(mean["gauge"].values, mean.values, strict=True)
    return {str(gauge): float(value) for gauge, value in values if np.isfinite(value)}


def same_city(stored: Records, record: Record) -> list[Record]:
    """Give the newest runs of the city of a record and of its kind, itself first."""
    found, before = [record], stored.before(record)
    while before is not None and len(found) < RUNS:
        found.append(before)
        before = stored.before(before)
    return found


def kept_models(places: dict[str, Path]) -> list[KeptModel]:
    """Give the models in each place, newest first; a folder without a card is none."""
    found = []
    for place, folder in places.items():
        for path in folder.glob(f"*/{CARD}"):
            if len(path.parent.name) != NAMED:
                continue
            text = path.read_text(encoding="utf-8")
            title = text.partition("\n")[0].lstrip("# ").strip()
            made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found.append(KeptModel(path.parent.name, title, made_at, _rows(path), place))
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def decisions(champions: Path) -> list[dict[str, Any]]:
    """Give the decisions on champion and challenger, newest first, as they were written."""
    found = []
    for path in sorted(champions.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [json.loads(line) for line in lines[-5:][::-1] if line.strip()]
    return found


def _observed(runs: Sequence[Run]) -> dict[tuple[str, np.datetime64], float]:
    """Give level by gauge and time, of the newest run where several tell it."""
    seen: dict[tuple[str, np.datetime64], float] = {}
    for run in reversed(runs):
        levels = run.observations["level_m"].transpose("time", "gauge")
        times = levels["time"].values.astype("datetime64[s]")
        for column, gauge in enumerate(map(str, levels["gauge"].values)):
            pairs = zip(times, levels.values[:, column], strict=True)
            seen |= {(gauge, time): float(value) for time, value in pairs if np.isfinite(value)}
    return seen


def _cases(run: Run, seen: dict[tuple[str, np.datetime64], float]) -> Any:
    """Give lead [h], error and persistence's error [m], and whether the band held, case by case."""
    level = run.forecast["level_m"]
    if not {LOW, MIDDLE, HIGH} <= {round(float(q), 3) for q in level["quantile"].values}:
        return
    issued = np.datetime64(run.issued_at.astimezone(UTC).replace(tzinfo=None), "s")
    for gauge in map(str, level["gauge"].values):
        start = seen.get((gauge, issued))
        for lead in level["lead"].values:
            came = seen.get((gauge, issued + lead.astype("timedelta64[s]")))
            band = level.sel(gauge=gauge, lead=lead)
            low, middle, high = (
                float(band.sel(quantile=q, method="nearest")) for q in (LOW, MIDDLE, HIGH)
            )
            if came is None or start is None or not np.isfinite(middle):
                continue
            lead_h = float(lead / np.timedelta64(1, "s")) / 3600
            yield lead_h, abs(middle - came), abs(start - came), low <= came <= high


def _lead(lead_h: float, rows: Sequence[tuple[float, float, bool]]) -> LeadSkill:
    error, persistence, inside = (float(np.mean(column)) for column in zip(*rows, strict=True))
    skill = 1 - error / persistence if persistence > 0 else None
    return LeadSkill(lead_h, len(rows), error, persistence, skill, inside)


def _rows(card: Path) -> tuple[dict[str, Any], ...]:
    path = card.with_name(METRICS)
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return tuple(row for row in told if isinstance(row, dict))
