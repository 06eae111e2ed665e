"""Writing down what became of batches: many in one statement, one line in the log for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, case, insert, or_, select, update

from alerts.outbox import STATUS, status, tell
from alerts.schema import attempt, outbox
from alerts.sending import Outcome, Sending
from alerts.types import Delivery

_KEPT = ("error", "next_try", "pending", "refused", "accepted", "reference", "lease_until")
_SAME_TRY = outbox.c.attempts == bindparam("try_number")
_OURS = or_(outbox.c.state == "leased", outbox.c.state == "void")
_BECOMES = bindparam("becomes", type_=Text)
# A withdrawn batch stays withdrawn and a lost one is the next worker's, but what a service accepted
# stays accepted.
RECORD = (
    update(outbox)
    .where(
        outbox.c.key == bindparam("of"),
        or_(
            and_(_SAME_TRY, _OURS),
            and_(_BECOMES == "accepted", outbox.c.state != "accepted"),
        ),
    )
    .values(
        state=case(
            (and_(outbox.c.state == "void", _BECOMES != "accepted"), "void"),
            else_=_BECOMES,
        ),
        **{name: bindparam(f"new_{name}", type_=outbox.c[name].type) for name in _KEPT},
    )
)
_AMONG = outbox.c.key.in_(bindparam("keys", expanding=True))
# Made once: a round of sending has many statements, and making one costs more than running it.
BEFORE = (
    select(outbox.c.key, outbox.c.state)
    .where(_AMONG)
    .order_by(outbox.c.key)  # two workers never wait for each other crosswise
    .with_for_update()
)
STANDING = select(*STATUS).where(_AMONG)
LOG = insert(attempt)


def record(
    connection: Connection,
    settled: Sequence[tuple[Sending, Outcome]],
    *,
    now: datetime,
    lease_s: float,
) -> dict[str, Delivery]:
    """Write answers down; give how each batch stands now, which another worker may have changed."""
    if not settled:
        return {}
    lease_until = now + timedelta(seconds=lease_s)
    log(
        connection,
        ((each.row.key, out.said, out.error or "") for each, out in settled if out.said),
        now,
    )
    keys = [each.row.key for each, _ in settled]
    before = connection.execute(BEFORE, {"keys": keys})
    states = {row.key: row.state for row in before}
    connection.execute(RECORD, [_values(*each, lease_until) for each in settled])
    stands = _standing(connection, keys)
    ended = (each for each in stands.values() if each.state in {"accepted", "dead"})
    tell(connection, [each for each in ended if each.state != states[each.key]], now)
    return stands


def bury(connection: Connection, faults: Mapping[str, str], now: datetime) -> dict[str, Delivery]:
    """Mark leased batches dead that may not go, each with its fault; give how they stand."""
    if not faults:
        return {}
    for key, fault in faults.items():
        connection.execute(
            update(outbox)
            .where(outbox.c.key == key, outbox.c.state == "leased")
            .values(state="dead", lease_until=None, error=fault)
        )
    log(connection, ((key, "refused", fault) for key, fault in faults.items()), now)
    stands = _standing(connection, faults)
    tell(connection, stands.values(), now)
    return stands


def _standing(connection: Connection, keys: Iterable[str]) -> dict[str, Delivery]:
    rows = connection.execute(STANDING, {"keys": list(keys)})
    return {row.key: status(row) for row in rows}


def log(connection: Connection, lines: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Add lines of key, outcome and detail to the attempt log."""
    rows = [
        {"key": key, "at": now, "outcome": outcome, "detail": detail}
        for key, outcome, detail in lines
    ]
    if rows:
        connection.execute(LOG, rows)


def _values(sending: Sending, outcome: Outcome, lease_until: datetime) -> dict[str, Any]:
    return {
        "of": sending.row.key,
        "try_number": sending.row.attempts,
        "becomes": outcome.state,
        "new_error": outcome.error,
        "new_next_try": outcome.next_try or sending.row.next_try,
        "new_pending": sending.pending,
        "new_refused": sorted(sending.refused),
        "new_accepted": sending.accepted,
        "new_reference": sending.reference or sending.row.reference,
        "new_lease_until": lease_until if outcome.state == "leased" else None,
    }
