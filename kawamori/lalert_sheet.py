"""What the clerk types into L-Alert for a run: its approved orders, as XML and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, select

from advisory.types import Advice, Level
from alerts.facts import hazard_of
from alerts.lalert import Order, Sheet, lalert_csv, lalert_xml
from alerts.schema import approval, message
from alerts.standing import ENDINGS
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored import read_record
from kawamori.stored_run import run_of

WHY = "【理由】"


def export_lalert(
    run_id: str, settings: Settings, folder: Path, *, disaster: str
) -> Iterator[Path]:
    """Write lalert-RUN.xml and lalert-RUN.csv for the orders approved in a run; give their paths.

    Raises
    ------
    ValueError
        If no complete run has that id, or nothing of it is approved: advice is no order.
    """
    with opened_store(settings.store_url) as engine:
        run = run_of(read_record(engine, run_id))
        with engine.connect() as connection:
            orders = tuple(_orders(connection, run))
    if not orders:
        raise ValueError(f"run {run_id} must have an approved order, got none. Approve it first.")
    sheet = Sheet(run.city.name, run.city.code, disaster, run.drill, orders)
    folder.mkdir(parents=True, exist_ok=True)
    files = {".xml": lalert_xml(sheet), ".csv": lalert_csv(sheet).encode("utf-8-sig")}
    for ending, data in files.items():
        path = folder / f"lalert-{run_id}{ending}"
        path.write_bytes(data)
        yield path


def _orders(connection: Connection, run: Run) -> Iterator[Order]:
    advice = {one.district_id: one for one in run.advice}
    rows = connection.execute(
        select(approval)
        .where(
            approval.c.run_id == run.run_id,
            approval.c.voided_at.is_(None),
            approval.c.occasion.not_in(ENDINGS),
        )
        .order_by(approval.c.level.desc(), approval.c.district_id, approval.c.at)
    )
    newest = {row.district_id: row for row in rows}
    for row in newest.values():
        yield _order(connection, row, advice[row.district_id], run)


def _order(connection: Connection, row: Row[Any], advice: Advice, run: Run) -> Order:
    facts = run.city.districts.loc[advice.district_id]
    sent = row.level < Level.EMERGENCY  # at level 5 nobody is sent to a shelter
    return Order(
        area=advice.name,
        level=Level(row.level),
        lifted=False,
        at=row.at,
        hazard=hazard_of(advice),
        households=_count(facts.get("households")),
        people=_count(facts.get("population")),
        reason=_reason(connection, row.approval_id),
        shelters=tuple(place.name for place in advice.shelters) if sent else (),
    )


def _reason(connection: Connection, approval_id: str) -> str:
    """Give the reason as citizens were told it: the approved text itself, no forecast."""
    body = connection.execute(
        select(message.c.body).where(
            message.c.approval_id == approval_id,
            message.c.form == "plain",
            message.c.language == "ja",
        )
    ).scalars().first()  # fmt: skip
    lines = [] if body is None else body.decode().split("\n")
    return next((line.removeprefix(WHY) for line in lines if line.startswith(WHY)), "")


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
