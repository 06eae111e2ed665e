"""Levels that a city's policy tells citizens without an officer: off unless `[automatic]` says so.

What is approved here goes the same way as an officer's approval: frozen batches, the outbox, the
ledger. It stands in the approval's names that nobody pressed a button. A drill is never sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from advisory.policy import Policy
from advisory.types import ORDERS
from alerts.duty.book import take
from alerts.ledger import append
from alerts.schema import approval
from kawamori.approval import approve_in
from kawamori.policies import read_policy
from kawamori.settings import Settings
from kawamori.store import newest_run, opened_store
from kawamori.stored import read_record

BY = "自動送信"


def approve_automatically(
    settings: Settings, city_id: str, *, now: datetime | None = None
) -> Iterator[str]:
    """Approve what the policy switches to automatic in the newest run; say what was approved.

    A district is left to the officers where an approval of this level or a higher one has not
    expired, also one that they withdrew: the switch never repeats and never overrules.

    Raises
    ------
    ValueError
        If something forbids the approval; nothing is written then.
    """
    now = now or datetime.now(UTC)
    policy = read_policy(settings, settings.cities / city_id)
    if not any(policy.automatic.names(int(level)) for level in ORDERS):
        return
    with opened_store(settings.store_url) as engine:
        run = newest_run(engine, city_id=city_id)
        old = timedelta(minutes=policy.staff.old_min)
        if run is None or run.drill or now - run.issued_at > old:
            return
        record = read_record(engine, run.run_id)
        with engine.begin() as connection:
            take(connection, city_id, now)
            done = [
                each
                for level in sorted(map(int, ORDERS), reverse=True)
                for each in _approve(
                    connection, record, settings, policy=policy, level=level, now=now
                )
            ]
    for name, order, people in done:
        yield f"{name}: {order}, {people} recipients, {BY}"


def _approve(
    connection: Connection,
    record: dict[str, Any],
    settings: Settings,
    *,
    policy: Policy,
    level: int,
    now: datetime,
) -> list[tuple[str, str, int]]:
    """Approve the districts of one level in the policy's name, and write it into the ledger."""
    advised = [row["district_id"] for row in record["advice"] if row["level"] == level]
    if not policy.automatic.names(level) or not advised:
        return []
    city_id = record["city"]["city_id"]
    here = or_(approval.c.city_id == city_id, approval.c.city_id.is_(None))
    real = approval.c.level >= level, approval.c.drill.is_(False)
    standing = here, approval.c.expires > now, *real
    decided = set(connection.execute(select(approval.c.district_id).where(*standing)).scalars())
    chosen = [district_id for district_id in advised if district_id not in decided]
    if not chosen:
        return []
    switch = f"policy {policy.version} [automatic] level_{level}"
    done = approve_in(
        connection, record, settings, district_ids=chosen, officer=f"{BY}: {switch}",
        second=f"{BY}: 承認者なし", at=now,
    )  # fmt: skip
    facts = {"run_id": record["run_id"], "level": level, "district_ids": chosen, "switch": switch,
             "approval_ids": [each.approval_id for each in done]}  # fmt: skip
    append(connection, "automatic", facts, by=BY, at=now)
    return [(each.name, ORDERS[each.level], each.people) for each in done]
