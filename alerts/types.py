"""Messages, batches, receipts and the two ways a channel may fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol

DeliveryState = Literal["waiting", "leased", "accepted", "dead", "void"]


@dataclass(frozen=True)
class Message:
    """Rendered text of one district in one form and language, exactly as it will be sent."""

    message_id: str
    district_id: str
    language: str
    form: str  # line | mail | plain
    subject: str
    body: bytes

    @property
    def sha256(self) -> str:
        """Give the digest an officer approves."""
        return sha256(self.subject.encode() + b"\n" + self.body).hexdigest()


@dataclass(frozen=True)
class Batch:
    """A frozen list of recipients of one message on one channel; `key` never changes."""

    key: str  # uuid5 of run, message, channel and batch number: the idempotency key
    message_id: str
    channel: str
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What a channel answered: accepted by the service, not read by a person."""

    reference: str
    accepted: int


@dataclass(frozen=True)
class Delivery:
    """One batch on its way."""

    key: str
    channel: str
    state: DeliveryState
    attempts: int
    expires: datetime
    reference: str | None = None
    error: str | None = None


class RetryableError(Exception):
    """The channel may accept the same batch later; `retry_after_s` when it said so."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PermanentError(Exception):
    """The channel will never accept this batch; a person must look."""


class Channel(Protocol):
    """A way to people."""

    name: str
    form: str  # which form of the message it sends

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Send once; raise RetryableError or PermanentError."""
