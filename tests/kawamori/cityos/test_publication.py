"""What of a stored run is published: orders that stand, none that ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert

from alerts.schema import approval
from kawamori.cityos.publication import orders
from kawamori.run import Run
from kawamori.store import open_store


@pytest.mark.parametrize(("occasion", "shown"), [("new", 1), ("lifted", 0), ("withdrawn", 0)])
def test_the_end_of_an_order_is_no_order_in_a_drill_either(
    made_run: Run, tmp_path: Path, occasion: str, shown: int
) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    at = made_run.issued_at
    with engine.begin() as connection:
        connection.execute(insert(approval).values(
            approval_id="a", run_id=made_run.run_id, district_id="d1", level=3, advice_digest="d",
            first_officer="x", at=at, expires=at + timedelta(hours=1), drill=True,
            occasion=occasion))  # fmt: skip
    desk: Any = SimpleNamespace(engine=engine, now=lambda: at)
    record: Any = SimpleNamespace(run=made_run)
    assert made_run.drill
    assert len(orders(desk, record)) == shown
