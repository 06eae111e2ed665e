"""Binding a batch to its people without naming them: a salted digest each, one root for all.

A person's digest is sha256(salt + address) with 16 salt bytes of their own; the batch's root, which
stands in the ledger, is the sha256 of all digests in order. All salts come from one secret of the
approval, so a person is shown their own salt and everybody's digests, and can check the root
without learning, or trying out, any other address. See docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from operator import add, methodcaller
from struct import unpack

from sqlalchemy import Connection, select

from alerts.schema import approval, outbox

SALT_BYTES = 16
DIGEST = methodcaller("digest")


@dataclass(frozen=True)
class Proof:
    """What one person needs to check that a batch was meant for them."""

    key: str  # of the batch, as the ledger names it
    position: int
    salt: str = field(repr=False)  # hex
    digests: tuple[str, ...] = field(repr=False)  # of everybody in the batch, hex


def root(secret: bytes, key: str, recipients: Sequence[str]) -> str:
    """Give the root of a batch. [hex sha256]"""
    return sha256(b"".join(_digests(secret, key, recipients))).hexdigest()


def proof(connection: Connection, address: str, approval_id: str) -> list[Proof]:
    """Give what proves that an approval's batches were meant for this address, [] if none was.

    Possible until the batches are pruned.
    """
    rows = connection.execute(
        select(outbox.c.key, outbox.c.recipients, approval.c.secret)
        .join(approval, approval.c.approval_id == outbox.c.approval_id)
        .where(outbox.c.approval_id == approval_id, approval.c.secret.is_not(None))
        .order_by(outbox.c.channel, outbox.c.batch_number)
    )
    return [
        _prove(bytes(row.secret), row.key, row.recipients, row.recipients.index(address))
        for row in rows
        if address in row.recipients
    ]


def proves(given: Proof, address: str, batches: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether a proof binds an address to one of a ledger row's `batches`."""
    own = sha256(bytes.fromhex(given.salt) + address.encode()).hexdigest()
    if not 0 <= given.position < len(given.digests) or given.digests[given.position] != own:
        return False
    computed = sha256(b"".join(map(bytes.fromhex, given.digests))).hexdigest()
    return any(each["key"] == given.key and each["root"] == computed for each in batches)


def _prove(secret: bytes, key: str, recipients: Sequence[str], position: int) -> Proof:
    digests = tuple(digest.hex() for digest in _digests(secret, key, recipients))
    return Proof(key, position, _salts(secret, key, len(recipients))[position].hex(), digests)


def _digests(secret: bytes, key: str, recipients: Sequence[str]) -> list[bytes]:
    salts = _salts(secret, key, len(recipients))
    return list(map(DIGEST, map(sha256, map(add, salts, map(str.encode, recipients)))))


def _salts(secret: bytes, key: str, count: int) -> tuple[bytes, ...]:
    stream = shake_256(secret + key.encode()).digest(SALT_BYTES * count)
    return unpack(f"{SALT_BYTES}s" * count, stream)
