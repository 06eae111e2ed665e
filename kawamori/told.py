"""Where people were told to go, from the store: a later plan keeps them there if it can."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, select

from alerts.schema import approval
from alerts.standing import in_force
from kawamori.store import StoredRun, newest_run, runs
from shelters.types import GROUP_COLUMNS, Allocation


def read_told(engine: Engine, city_id: str, *, at: datetime) -> Allocation | None:
    """Give the places of the districts whose order stands at a time; None = nobody was told.

    An order stands if officers approved it for a run of this city, nobody voided it and it has not
    expired. The places are those of the newest stored run: each plan keeps what was told before.
    """
    districts = _ordered(engine, city_id, at)
    newest = newest_run(engine, city_id=city_id, drill=False, until=at) if districts else None
    record = None if newest is None else _record(newest)
    if record is None or record.get("allocation") is None:
        return None
    groups = _groups(record["allocation"].get("groups", []))
    told = groups[groups["district_id"].isin(districts)]
    nothing = pd.DataFrame()
    return Allocation(nothing, nothing, nothing, (), told) if len(told) else None


def _ordered(engine: Engine, city_id: str, at: datetime) -> set[str]:
    """Give the districts of the orders that stand: few, so the past runs are not looked through."""
    standing = select(approval.c.run_id, approval.c.district_id).where(
        approval.c.drill.is_(False), in_force(at)
    )
    with engine.connect() as connection:
        ordered = connection.execute(standing).all()
        ours = select(runs.c.run_id).where(
            runs.c.run_id.in_({row.run_id for row in ordered}),
            runs.c.city_id == city_id,
            runs.c.state == "complete",
            runs.c.drill.is_(False),
            runs.c.issued_at <= at,
        )
        known = set(connection.scalars(ours)) if ordered else set[str]()
    return {str(row.district_id) for row in ordered if row.run_id in known}


def _record(run: StoredRun) -> dict[str, Any] | None:
    """Give run.json of a run; None where a later run of that name has replaced it."""
    path = None if run.folder is None else run.folder / "run.json"
    if path is None or not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record if record["run_id"] == run.run_id else None


def _groups(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(GROUP_COLUMNS))
    numbers = {"people": "int64", "minutes": "float64", "walk_minutes": "float64"}
    return table.replace({None: np.nan}).astype(numbers)
