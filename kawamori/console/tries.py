"""How often an address of the net came lately: what anybody may send is taken within a limit.

Kept in memory, for each process by itself: it spares the desk a flood of requests and guards no
secret. Tries to sign in are counted in the store (`kawamori.console.attempts`).
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from threading import Lock

TRIES, WINDOW, HOSTS_MAX = 30, timedelta(minutes=15), 10_000


class Tries:
    """Counts the tries of each address within `WINDOW`; the oldest addresses are forgotten."""

    def __init__(self) -> None:
        self._at: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._lock = Lock()

    def allow(self, host: str, now: datetime) -> bool:
        """Note a try; tell whether it is within the limit."""
        with self._lock:
            seen = self._at.pop(host, deque())
            while seen and seen[0] <= now - WINDOW:
                seen.popleft()
            allowed = len(seen) < TRIES
            if allowed:
                seen.append(now)
            self._at[host] = seen
            while len(self._at) > HOSTS_MAX:
                del self._at[next(iter(self._at))]
        return allowed
