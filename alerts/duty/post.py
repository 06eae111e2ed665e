"""Sending staff alerts: lease, send, record. One thread a channel, so a dead one holds up nobody.

A worker that dies leaves its deliveries leased; the next one sends them again under the same key.
LINE folds such a repeat; a mail may come twice, with the same Message-ID.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, Row, and_, or_, select, update

from alerts.channels.smtp import Connections, hand_over
from alerts.duty.tables import staff_alert, staff_delivery
from alerts.duty.text import FORMS, Links
from alerts.duty.types import Officer
from alerts.sending import backoff_s
from alerts.types import Batch, Channel, Message, PermanentError, Receipt, RetryableError

LEASE = timedelta(seconds=60)
TRY_MAX_S = 20.0  # an alert is tried again soon: it is little and urgent
IDS = UUID("f5a9d3c7-42c5-5d5e-8f43-6a0f2f1e9b18")  # name space of Message-IDs, our own


class StaffMail:
    """Sends ready MIME entities to one address each, over connections that `connect` opens."""

    name = "email"
    form = "staff"

    def __init__(
        self,
        connect: Callable[[], smtplib.SMTP],
        *,
        sender: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._connections = Connections(connect)
        self._sender = sender
        self._clock = clock

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Send one mail; raise RetryableError or PermanentError, none of which shows an address."""
        (recipient,) = batch.recipients
        domain = self._sender.partition("@")[2]
        head = (
            f"From: {self._sender}\r\nTo: {recipient}\r\n"
            f"Message-ID: <{uuid5(IDS, batch.key)}@{domain}>\r\n"
            f"Date: {format_datetime(self._clock())}\r\n"
        )
        client: smtplib.SMTP | None = None
        try:
            client = self._connections.take()
            hand_over(client, self._sender, recipient, head.encode("ascii") + message.body)
            self._connections.give_back(client)
        except (smtplib.SMTPException, OSError) as error:
            if client is not None:
                client.close()
            code = _code(error, recipient)
            said = f"SMTP broke off: {type(error).__name__} {code or ''}".rstrip()
            raise (PermanentError if code >= 500 else RetryableError)(said) from None
        return Receipt(reference=batch.key, accepted=1)

    def close(self) -> None:
        """End the kept connections."""
        self._connections.close()


def send_due(
    engine: Engine,
    channels: Mapping[str, Channel],
    roster: Sequence[Officer],
    *,
    links: Callable[[Mapping[str, Any], str], Links],
    now: datetime,
) -> list[tuple[str, str, str]]:
    """Send every delivery that is due; give person_id, channel and what became of each.

    Parameters
    ----------
    links
        Gives the links of an alert for a person_id.
    """
    people = {person.person_id: person for person in roster}
    with engine.begin() as connection:
        _expire(connection, now)
        rows = _lease(connection, list(channels), now)
    by_channel = {
        name: [row for row in rows if row.channel == name]
        for name in channels
        if any(row.channel == name for row in rows)
    }
    if not by_channel:
        return []

    def work(name: str) -> list[tuple[str, str, str]]:
        def send(row: Row[Any]) -> tuple[str, str]:
            return _send(channels[name], row, people, links)

        return _send_all(engine, by_channel[name], send, now)

    with ThreadPoolExecutor(len(by_channel), thread_name_prefix="duty") as pool:
        return [told for part in pool.map(work, by_channel) for told in part]


def _send_all(
    engine: Engine,
    rows: Sequence[Row[Any]],
    send: Callable[[Row[Any]], tuple[str, str]],
    now: datetime,
) -> list[tuple[str, str, str]]:
    """Send one after the other; after one that may be retried the rest waits with it."""
    found = []
    broken = ""
    for row in rows:
        state, said = ("waiting", broken) if broken else send(row)
        if state == "waiting":
            broken = said
        with engine.begin() as connection:
            _record(connection, row, state, said, now)
        found.append((row.person_id, row.channel, f"{state} {said}".strip()))
    return found


def _send(
    channel: Channel,
    row: Row[Any],
    people: Mapping[str, Officer],
    links: Callable[[Mapping[str, Any], str], Links],
) -> tuple[str, str]:
    """Give the new state of a delivery, and the reference or the fault."""
    person = people.get(row.person_id)
    address = "" if person is None else person.address(row.channel)
    if not address:
        return "dead", "the roster no longer has an address for this person"
    alert = dict(row._mapping)
    message = FORMS[row.channel](alert, alert, links(alert, row.person_id))
    try:
        receipt = channel.send(Batch(row.key, row.key, row.channel, (address,)), message)
    except RetryableError as error:
        return "waiting", str(error)
    except PermanentError as error:
        return "dead", str(error)
    return "accepted", receipt.reference


def _expire(connection: Connection, now: datetime) -> None:
    connection.execute(
        update(staff_delivery)
        .where(staff_delivery.c.expires <= now, staff_delivery.c.state.in_(("waiting", "leased")))
        .values(state="dead", lease_until=None, error="expired before it was sent")
    )


def _lease(connection: Connection, channels: Sequence[str], now: datetime) -> list[Row[Any]]:
    due = or_(
        and_(staff_delivery.c.state == "waiting", staff_delivery.c.next_try <= now),
        and_(staff_delivery.c.state == "leased", staff_delivery.c.lease_until <= now),
    )
    free = (
        select(staff_delivery.c.key)
        .where(due, staff_delivery.c.channel.in_(channels))
        .with_for_update(skip_locked=True)
    )
    taken = connection.execute(
        update(staff_delivery)
        .where(staff_delivery.c.key.in_(free))
        .values(
            state="leased",
            lease_until=now + LEASE,
            attempts=staff_delivery.c.attempts + 1,
        )
        .returning(staff_delivery.c.key)
    ).scalars()
    keys = list(taken)
    delivery = (
        staff_delivery.c.key, staff_delivery.c.person_id, staff_delivery.c.channel,
        staff_delivery.c.attempts, staff_delivery.c.off_shift, staff_delivery.c.step,
    )  # fmt: skip
    rest = [column for column in staff_alert.c if column.name != "step"]
    rows = connection.execute(
        select(*delivery, *rest)
        .join(staff_alert, staff_alert.c.alert_id == staff_delivery.c.alert_id)
        .where(staff_delivery.c.key.in_(keys))
        .order_by(staff_alert.c.level.desc(), staff_alert.c.topic, staff_delivery.c.key)
    )
    return list(rows)


def _record(connection: Connection, row: Row[Any], state: str, said: str, now: datetime) -> None:
    """Write an answer down; a delivery that nobody needs any more stays void unless it went."""
    accepted = state == "accepted"
    values: dict[str, Any] = {"state": state, "lease_until": None}
    values["reference" if accepted else "error"] = said
    if state == "waiting":
        wait_s = min(backoff_s(row.key, row.attempts), TRY_MAX_S)
        values["next_try"] = now + timedelta(seconds=wait_s)
    from_states = ("leased", "void", "waiting") if accepted else ("leased",)
    connection.execute(
        update(staff_delivery)
        .where(staff_delivery.c.key == row.key, staff_delivery.c.state.in_(from_states))
        .values(values)
    )
    if state == "dead" and not _reaches(connection, row.alert_id):
        connection.execute(
            update(staff_alert)
            .where(staff_alert.c.alert_id == row.alert_id, staff_alert.c.next_at.isnot(None))
            .values(next_at=now)
        )


def _reaches(connection: Connection, alert_id: str) -> bool:
    """Tell whether the last step told, or may still tell, anybody."""
    last = select(staff_alert.c.step).where(staff_alert.c.alert_id == alert_id).scalar_subquery()
    query = select(staff_delivery.c.key).where(
        staff_delivery.c.alert_id == alert_id,
        staff_delivery.c.step == last,
        staff_delivery.c.state.in_(("waiting", "leased", "accepted")),
    )
    return connection.execute(query.limit(1)).first() is not None


def _code(error: Exception, recipient: str) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return int(error.recipients[recipient][0])
    code = getattr(error, "smtp_code", 0)
    return int(code) if isinstance(code, int) and code > 0 else 0
