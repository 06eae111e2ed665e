"""Taking people into the registry: rows that share an address are one recipient.

The latest consent decides district, language, household and needs; a row as old as what is known
replaces it, so that a corrected list can be read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from alerts.recipients import (
    Address,
    Person,
    digest_of,
    in_chunks,
    recipient,
    recipient_address,
    recipient_forgotten,
)


@dataclass(frozen=True)
class Enrolled:
    """What became of a list."""

    added: int  # recipients
    changed: int
    merged: int  # rows beyond the first of a recipient
    silent: int  # addresses opted out or forgotten after the consent that was read


@dataclass
class _Known:
    """The part of the registry that a list touches."""

    owner: dict[Address, str] = field(default_factory=dict)
    opted_out: dict[Address, datetime] = field(default_factory=dict)
    consent: dict[str, datetime] = field(default_factory=dict)  # by recipient_id
    forgotten: dict[str, datetime] = field(default_factory=dict)  # by digest


@dataclass
class _Change:
    """What is to be written."""

    fresh: list[dict[str, Any]] = field(default_factory=list)  # rows of `recipient`
    changed: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, str]] = field(default_factory=list)  # recipient to recipient
    addresses: list[dict[str, Any]] = field(default_factory=list)
    lifted: list[dict[str, str]] = field(default_factory=list)  # opt-outs ended by consent
    silent: int = 0

    def take(self, rows: Sequence[Person], known: _Known) -> None:
        """Note what the rows of one recipient change; the latest consent stands last."""
        given = {address: row.consent_at for row in rows for address in row.addresses}
        willing = [each for each, at in given.items() if _heard(known, each, at)]
        self.silent += len(given) - len(willing)
        owners = {known.owner[each]: None for each in given if each in known.owner}
        new = [each for each in willing if each not in known.owner]
        if not owners and not new:
            return
        keep = max(owners, key=lambda each: known.consent[each], default=None)
        self.moved += [{"old": each, "new": str(keep)} for each in owners if each != keep]
        latest = rows[-1]
        if keep is None:
            keep = str(uuid4())
            self.fresh.append(_row(latest, keep))
        elif latest.consent_at >= known.consent[keep]:
            self.changed.append(_row(latest, keep))
        self.addresses += [
            {"channel": channel, "address": address, "recipient_id": keep, "opted_out_at": None}
            for channel, address in new
        ]
        self.lifted += [
            {"of_channel": channel, "of_address": address}
            for channel, address in willing
            if (channel, address) in known.opted_out
        ]


def enrol(connection: Connection, people: Sequence[Person]) -> Enrolled:
    """Take people into the registry; call inside one transaction."""
    known = _read(connection, sorted({each for one in people for each in one.addresses}))
    groups = _groups(sorted(people, key=lambda one: one.consent_at), known)
    change = _Change()
    for rows in groups:
        change.take(rows, known)
    _write(connection, change)
    return Enrolled(
        added=len(change.fresh),
        changed=len(change.changed),
        merged=len(people) - len(groups),
        silent=change.silent,
    )


def _heard(known: _Known, address: Address, consent_at: datetime) -> bool:
    """Tell whether a consent is newer than an opt-out or a wish to be forgotten."""
    ended = (known.opted_out.get(address), known.forgotten.get(digest_of(address)))
    return all(at is None or consent_at > at for at in ended)


def _groups(people: Sequence[Person], known: _Known) -> list[list[Person]]:
    """Give rows by recipient: those linked by an address, or by its owner in the registry."""
    first: dict[Address, int] = {}
    parent = list(range(len(people)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number, one in enumerate(people):
        owners = [("", known.owner[each]) for each in one.addresses if each in known.owner]
        for key in (*one.addresses, *owners):
            parent[root(number)] = root(first.setdefault(key, number))
    groups: defaultdict[int, list[Person]] = defaultdict(list)
    for number, one in enumerate(people):
        groups[root(number)].append(one)
    return list(groups.values())


def _read(connection: Connection, addresses: Sequence[Address]) -> _Known:
    known = _Known()
    wanted = set(addresses)
    for chunk in in_chunks([address for _, address in addresses]):
        rows = connection.execute(
            select(recipient_address, recipient.c.consent_at)
            .join(recipient, recipient.c.recipient_id == recipient_address.c.recipient_id)
            .where(recipient_address.c.address.in_(chunk))
        )
        for row in rows:
            address = (row.channel, row.address)
            if address in wanted:
                known.owner[address] = row.recipient_id
                known.consent[row.recipient_id] = row.consent_at
                if row.opted_out_at is not None:
                    known.opted_out[address] = row.opted_out_at
    for chunk in in_chunks([digest_of(each) for each in addresses]):
        query = select(recipient_forgotten).where(recipient_forgotten.c.digest.in_(chunk))
        known.forgotten |= {row.digest: row.at for row in connection.execute(query)}
    return known


def _row(person: Person, recipient_id: str) -> dict[str, Any]:
    return {
        "recipient_id": recipient_id,
        "district_id": person.district_id,
        "language": person.language,
        "household": person.household,
        "needs": " ".join(person.needs),
        "consent_at": person.consent_at,
        "consent_source": person.consent_source,
    }


def _write(connection: Connection, change: _Change) -> None:
    address = recipient_address.c
    if change.fresh:
        connection.execute(insert(recipient), change.fresh)
    if change.changed:
        rows = [{**row, "of": row["recipient_id"]} for row in change.changed]
        connection.execute(
            update(recipient).where(recipient.c.recipient_id == bindparam("of")), rows
        )
    if change.moved:
        moves = update(recipient_address).where(address.recipient_id == bindparam("old"))
        connection.execute(moves.values(recipient_id=bindparam("new")), change.moved)
        left = delete(recipient).where(recipient.c.recipient_id == bindparam("old"))
        connection.execute(left, change.moved)
    if change.addresses:
        connection.execute(insert(recipient_address), change.addresses)
    if change.lifted:
        lift = update(recipient_address).where(
            address.channel == bindparam("of_channel"), address.address == bindparam("of_address")
        )
        connection.execute(lift.values(opted_out_at=None), change.lifted)
