"""The registry of people who asked to be told: where they live, their language, their addresses.

A recipient is a person or a household under an opaque id. An address of a channel belongs to one
recipient only; whoever is listed twice under it is one recipient, and the latest consent decides
what is known of them. Nobody is in without consent. An opt-out holds for one address until a later
consent; what is forgotten leaves only a digest, so that an old list does not bring it back. No
`repr` and no error shows an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from alerts.schema import UtcTime, metadata
from alerts.types import HOUSEHOLDS

REGISTRY_CHANNELS = ("line", "email", "webpush")
NEEDS = ("wheelchair", "hearing", "sight", "medical", "pregnant", "infant", "pet")
CHUNK = 5_000  # values in one IN

Address = tuple[str, str]  # channel and address

recipient = Table(
    "recipient",
    metadata,
    Column("recipient_id", String(36), primary_key=True),
    Column("district_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("needs", Text, nullable=False),  # of NEEDS, a space between
    Column("consent_at", UtcTime, nullable=False),
    Column("consent_source", Text, nullable=False),
    CheckConstraint(f"household IN {HOUSEHOLDS}", name="known_household"),
)

recipient_address = Table(
    "recipient_address",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("recipient_id", ForeignKey("recipient.recipient_id"), nullable=False, index=True),
    Column("opted_out_at", UtcTime),
    CheckConstraint(f"channel IN {REGISTRY_CHANNELS}", name="known_channel"),
)

recipient_forgotten = Table(
    "recipient_forgotten",
    metadata,
    Column("digest", String(64), primary_key=True),  # of channel and address
    Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Person:
    """What one row of a list, or one set-up in a chat, says of a person or household."""

    district_id: str
    language: str
    household: str  # of HOUSEHOLDS
    consent_at: datetime
    consent_source: str
    addresses: tuple[Address, ...] = field(repr=False)
    needs: tuple[str, ...] = field(default=(), repr=False)  # of NEEDS


@dataclass(frozen=True)
class Count:
    """How many addresses of one kind can be reached."""

    district_id: str
    language: str
    household: str
    channel: str
    people: int


def find_person(connection: Connection, channel: str, address: str) -> Person | None:
    """Give what is known of the owner of an address that has not opted out, else None."""
    owner = _owner(connection, channel, address)
    if owner is None:
        return None
    row = connection.execute(select(recipient).where(recipient.c.recipient_id == owner)).one()
    known = connection.execute(
        select(recipient_address.c.channel, recipient_address.c.address)
        .where(
            recipient_address.c.recipient_id == owner, recipient_address.c.opted_out_at.is_(None)
        )
        .order_by(recipient_address.c.channel, recipient_address.c.address)
    )
    addresses = tuple((each.channel, each.address) for each in known)
    if (channel, address) not in addresses:
        return None
    return Person(
        district_id=row.district_id,
        language=row.language,
        household=row.household,
        consent_at=row.consent_at,
        consent_source=row.consent_source,
        addresses=addresses,
        needs=tuple(row.needs.split()),
    )


def opt_out(connection: Connection, channel: str, address: str, *, at: datetime) -> bool:
    """Send nothing more to an address until a later consent; tell whether it was in use."""
    stopped = connection.execute(
        update(recipient_address)
        .where(
            recipient_address.c.channel == channel,
            recipient_address.c.address == address,
            recipient_address.c.opted_out_at.is_(None),
        )
        .values(opted_out_at=at)
    )
    return stopped.rowcount > 0


def forget(connection: Connection, channel: str, address: str, *, at: datetime) -> int:
    """Delete the owner of an address with all its addresses; give how many addresses went."""
    owner = _owner(connection, channel, address)
    if owner is None:
        return 0
    gone = connection.execute(
        delete(recipient_address)
        .where(recipient_address.c.recipient_id == owner)
        .returning(recipient_address.c.channel, recipient_address.c.address)
    ).all()
    connection.execute(delete(recipient).where(recipient.c.recipient_id == owner))
    marks = [digest_of((row.channel, row.address)) for row in gone]
    connection.execute(delete(recipient_forgotten).where(recipient_forgotten.c.digest.in_(marks)))
    connection.execute(insert(recipient_forgotten), [{"digest": each, "at": at} for each in marks])
    return len(gone)


def counts(connection: Connection, *, district_ids: Iterable[str] | None = None) -> list[Count]:
    """Give how many addresses each segment can reach, opted-out ones left out."""
    kind = (recipient.c.district_id, recipient.c.language, recipient.c.household)
    query = (
        select(*kind, recipient_address.c.channel, func.count().label("people"))
        .join(recipient, recipient.c.recipient_id == recipient_address.c.recipient_id)
        .where(recipient_address.c.opted_out_at.is_(None))
        .group_by(*kind, recipient_address.c.channel)
        .order_by(*kind, recipient_address.c.channel)
    )
    if district_ids is not None:
        query = query.where(recipient.c.district_id.in_(list(district_ids)))
    return [Count(**row._mapping) for row in connection.execute(query)]


def digest_of(address: Address) -> str:
    """Give what is kept of a forgotten address."""
    return sha256("\n".join(address).encode()).hexdigest()


def in_chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give the values in pieces that one statement can name."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _owner(connection: Connection, channel: str, address: str) -> str | None:
    owner = connection.execute(
        select(recipient_address.c.recipient_id).where(
            recipient_address.c.channel == channel, recipient_address.c.address == address
        )
    ).scalar()
    return None if owner is None else str(owner)
