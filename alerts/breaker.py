"""One breaker per channel: after failures in a row the channel pauses, then one batch probes it.

What happened stands in the attempt log (`paused`, `resumed`), so that the next worker, on this
host or another, starts from it and the officer can read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, select

from alerts.schema import attempt, outbox

FAILURES_MAX = 5  # retryable failures in a row that accepted nobody
PAUSE = timedelta(seconds=10)


@dataclass
class Breaker:
    """Counts failures in a row; `paused_until` is the time of the next probe, None = in use."""

    failures: int = 0
    paused_until: datetime | None = None

    def room(self, width: int, now: datetime) -> int:
        """Give how many batches may be on their way: all, one as a probe, or none."""
        if self.paused_until is None:
            return width
        return 1 if self.paused_until <= now else 0

    def note(
        self, *, failed: bool, now: datetime, stopped: bool = False
    ) -> Literal["paused", "resumed"] | None:
        """Count an answer; say whether the channel pauses or is back because of it.

        One answer that the channel is stopped (no quota, no access) is enough for a pause.
        """
        if not failed:
            was_paused = self.paused_until is not None
            self.failures, self.paused_until = 0, None
            return "resumed" if was_paused else None
        self.failures += 1
        probing = self.paused_until is not None and self.paused_until <= now
        enough = stopped or self.failures >= FAILURES_MAX
        if probing or (self.paused_until is None and enough):
            self.paused_until = now + PAUSE
            return "paused"
        return None


def read_breakers(connection: Connection, channels: Iterable[str]) -> dict[str, Breaker]:
    """Give each channel's breaker as the attempt log left it."""
    return {name: _last(connection, name) for name in channels}


def _last(connection: Connection, channel: str) -> Breaker:
    row = connection.execute(
        select(attempt.c.outcome, attempt.c.at)
        .join(outbox, outbox.c.key == attempt.c.key)
        .where(outbox.c.channel == channel, attempt.c.outcome.in_(("paused", "resumed")))
        .order_by(attempt.c.attempt_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.outcome == "resumed":
        return Breaker()
    return Breaker(FAILURES_MAX, row.at + PAUSE)
