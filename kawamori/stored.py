"""Storing a run (begun in the database, its report on disk, then complete) and reading it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from forecasting.types import Observations
from kawamori import store
from kawamori.record import plain
from kawamori.report import Step, write_report
from kawamori.run import Run
from kawamori.settings import Settings


def store_and_report(
    run: Run,
    name: str,
    settings: Settings,
    *,
    history: Sequence[Step] = (),
    truth: Observations | None = None,
) -> Path:
    """Write the report into `out/name` and record the run; give the report's folder."""
    folder = settings.out / name
    with store.opened_store(settings.store_url) as engine:
        store.start(engine, run_id=run.run_id, name=name, city_id=run.city.city_id,
                    issued_at=run.issued_at, drill=run.drill)  # fmt: skip
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_report(run, folder, assets=settings.assets, history=history, truth=truth)
        advice = [plain(each) for each in run.advice]
        store.complete(engine, run.run_id, input_digest=run.input_digest, folder=folder,
                       advice=advice)  # fmt: skip
    return folder


def read_record(engine: Engine, run_id: str) -> dict[str, Any]:
    """Give run.json of a complete run, or raise ValueError naming the newest ones."""
    run = store.find_run(engine, run_id)
    if run is not None and run.folder is not None:
        record: dict[str, Any] = json.loads((run.folder / "run.json").read_text("utf-8"))
        if record["run_id"] == run_id:
            return record
    known = [run.run_id for run in store.stored_runs(engine, state="complete")][:5]
    raise ValueError(f"run must be a stored, complete one, got {run_id!r}. The newest: {known}")
