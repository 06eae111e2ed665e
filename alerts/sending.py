"""A batch in a worker's hands: what is still to send, and what became of what was sent.

A channel that names a `slice_size` gets a batch in slices, each recorded before the next goes, so
that a kill leaves only the slices on their way in doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from alerts.types import (
    Batch,
    Channel,
    DeliveryState,
    Message,
    PermanentError,
    Receipt,
    RetryableError,
    StoppedError,
)

BACKOFF_S = 2.0
BACKOFF_MAX_S = 60.0

Answer = Receipt | RetryableError | PermanentError


class ExpiredError(PermanentError):
    """The batch was too late; it says nothing about the channel."""


@dataclass(frozen=True)
class Outcome:
    """How a batch stands after an answer; `said` is its line in the attempt log, '' = none."""

    state: DeliveryState
    said: str = ""
    error: str | None = None
    next_try: datetime | None = None
    failed: bool | None = None  # for the breaker; None says nothing about the channel
    stopped: bool = False  # the whole channel takes nothing until a person acts


@dataclass
class Sending:
    """One leased batch and the positions it still has to reach."""

    row: Row[Any]
    message: Message
    channel: Channel
    todo: list[int] | None  # None = the whole batch at once
    now: Callable[[], datetime]
    tried: list[int] = field(default_factory=list)  # the slice on its way
    later: list[int] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    accepted: int = 0
    reference: str | None = None

    @classmethod
    def start(
        cls, row: Row[Any], text: Message, channel: Channel, now: Callable[[], datetime]
    ) -> Sending:
        """Begin where the last try ended."""
        every = None if row.pending is None else list(row.pending)
        if every is None and _slice_size(channel) is not None:
            every = list(range(len(row.recipients)))
        return cls(
            row, text, channel, every, now, refused=set(row.refused), accepted=int(row.accepted)
        )

    @property
    def pending(self) -> list[int] | None:
        """Give the positions to send next time: those never tried first."""
        return None if self.todo is None else [*self.todo, *self.later]

    def send(self) -> Answer:
        """Send the next slice (in a thread); nothing goes after `expires`."""
        if self.row.expires <= self.now():
            return ExpiredError("expired before it was sent")
        if self.todo is not None:
            size = _slice_size(self.channel) or len(self.todo)
            self.tried, self.todo = self.todo[:size], self.todo[size:]
        batch = Batch(
            key=self.row.key,
            message_id=self.row.message_id,
            channel=self.row.channel,
            recipients=tuple(self.row.recipients),
            pending=None if self.todo is None else tuple(self.tried),
        )
        try:
            return self.channel.send(batch, self.message)
        except (RetryableError, PermanentError) as error:
            return error

    def settle(self, answer: Answer, now: datetime) -> Outcome:
        """Take in an answer; `leased` means that the next slice may go."""
        if isinstance(answer, ExpiredError):
            return Outcome("dead", "refused", str(answer))
        if isinstance(answer, StoppedError):
            self._put_back(self.tried)
            return replace(self._wait(answer, now, failed=True), stopped=True)
        if isinstance(answer, PermanentError):
            self._put_back(self.tried)
            return Outcome("dead", "dead", str(answer), failed=False)
        self.refused |= set(answer.refused)
        if isinstance(answer, RetryableError):
            return self._put_off(answer, now)
        self.accepted += answer.accepted
        self.reference = answer.reference
        return self._go_on(failed=False, now=now)

    def _put_off(self, error: RetryableError, now: datetime) -> Outcome:
        if error.pending is None:
            self._put_back(self.tried)
            return self._wait(error, now, failed=True)
        if self.todo is None:
            self.todo, self.tried = [], list(range(len(self.row.recipients)))
        got = len(self.tried) - len(error.pending) - len(error.refused)
        self.accepted += got
        self.later += error.pending
        if got > 0 and self.todo:
            return self._go_on(failed=False, now=now)
        return self._wait(error, now, failed=got == 0)

    def _go_on(self, *, failed: bool, now: datetime) -> Outcome:
        if self.todo:
            return Outcome("leased", failed=failed)
        if self.later:
            put_off = RetryableError(f"{len(self.later)} recipients were put off")
            return self._wait(put_off, now, failed=failed)
        self.todo = []
        if self.accepted == 0 and self.row.recipients:
            return Outcome("dead", "dead", "every recipient was refused", failed=failed)
        return Outcome("accepted", "accepted", failed=failed)

    def _wait(
        self, error: RetryableError | StoppedError, now: datetime, *, failed: bool
    ) -> Outcome:
        asked_s = error.retry_after_s if isinstance(error, RetryableError) else None
        wait_s = max(asked_s or 0.0, backoff_s(self.row.key, self.row.attempts))
        next_try = now + timedelta(seconds=wait_s)
        return Outcome("waiting", "retry", str(error), next_try, failed)

    def _put_back(self, positions: list[int]) -> None:
        if self.todo is not None:
            self.later += positions


def backoff_s(key: str, attempts: int) -> float:
    """Give the wait after a failed try: doubling to a minute, spread by the key. [s]"""
    wait_s = min(BACKOFF_S * 2.0 ** min(max(attempts - 1, 0), 16), BACKOFF_MAX_S)
    spread = int(sha256(f"{key}/{attempts}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return wait_s * (0.5 + 0.5 * spread)


def width(channel: Channel) -> int:
    """Give how many batches a channel takes at a time; one that names no number takes one."""
    return int(getattr(channel, "width", 1))


def _slice_size(channel: Channel) -> int | None:
    size = getattr(channel, "slice_size", None)
    return None if size is None else int(size)
