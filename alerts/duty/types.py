"""What the duty roster is alerted of, and who stands on it.

People's addresses are in the roster only: no `repr` shows one, no table holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Protocol

from advisory.types import Level

KINDS = ("advice", "likely", "feed", "cycle", "channel", "test")


class StaffRules(Protocol):
    """The table `[staff]` of a policy, as far as alerts read it (data/policy.toml says what)."""

    @property
    def level_min(self) -> int: ...

    @property
    def thresholds(self) -> tuple[str, ...]: ...

    @property
    def probability(self) -> float: ...

    @property
    def lead_h(self) -> float: ...

    @property
    def deadline_earlier_min(self) -> float: ...

    @property
    def old_min(self) -> float: ...

    @property
    def silent_level(self) -> int: ...

    @property
    def failure_level(self) -> int: ...

    @property
    def escalate_min(self) -> float: ...

    @property
    def quiet_start(self) -> time: ...

    @property
    def quiet_end(self) -> time: ...

    @property
    def quiet_level_max(self) -> int: ...


@dataclass(frozen=True)
class Told:
    """The advice of one district in one run."""

    district_id: str
    name: str
    level: Level
    issue_by: datetime | None
    reasons: tuple[str, ...] = ()
    must_leave: int | None = None  # people; None = unknown


@dataclass(frozen=True)
class Chance:
    """How likely a gauge reaches one threshold within the lead of the policy; None = unknown.

    `earliest_h` and `median_h` are first passages, inf = beyond the forecast. [h after issue]
    """

    gauge_id: str
    gauge_name: str
    river: str
    threshold: str
    level_m: float  # of the threshold, above gauge zero
    probability: float | None
    reached: bool  # observed at or above it already
    earliest_h: float | None = None
    median_h: float | None = None
    district_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Silence:
    """A gauge or a whole feed that tells nothing new."""

    source: str  # gauge_id, or a name of a feed
    name: str
    since: datetime | None  # last good value; None = never
    district_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFacts:
    """What of a stored run alerts staff."""

    run_id: str
    name: str  # of its report
    city_id: str
    city_name: str
    issued_at: datetime
    drill: bool
    advice: tuple[Told, ...]
    chances: tuple[Chance, ...]
    silences: tuple[Silence, ...]
    notes: tuple[str, ...] = ()  # what is simulated, assumed or a stand-in


@dataclass(frozen=True)
class Health:
    """How the desk itself is, as the store tells it at `at`."""

    at: datetime
    failure: str = ""  # kind of fault that ended the last cycle; "" = it did not fail
    newest: datetime | None = None  # issue time of the newest complete run; None = there is none
    paused: tuple[str, ...] = ()  # channels whose breaker is open
    dead: tuple[tuple[str, int], ...] = ()  # rows by channel that will not be sent


@dataclass(frozen=True)
class Trigger:
    """One thing that staff must know; it stands until a later pass no longer finds it.

    `topic` names the thing, `state` what it is now: the same state is told once. A higher
    `severity`, a new one among `items` or an earlier deadline make it worse. `level` (1 to 5) is
    how urgent it is, for the quiet hours.
    """

    topic: str
    kind: str  # of KINDS
    state: str
    severity: int
    level: int
    title: str
    reasons: tuple[str, ...]
    district_ids: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()  # their names
    deadline: datetime | None = None
    deadline_of: str = "発令期限"  # what the deadline is
    items: tuple[str, ...] = ()
    run_id: str = ""
    drill: bool = False
    any_change: bool = False  # whether a better state is told as well


@dataclass(frozen=True)
class Shift:
    """When a person is on duty: clock times of Japan; an end before the start is the next day."""

    weekdays: tuple[int, ...]  # 0 = Monday, of the day the shift begins
    start: time
    end: time


@dataclass(frozen=True)
class Officer:
    """Somebody on the roster; `order` says who is told first, equal orders together."""

    person_id: str
    order: int
    name: str = field(repr=False)
    shifts: tuple[Shift, ...]
    line_id: str = field(default="", repr=False)
    mail: str = field(default="", repr=False)

    def address(self, channel: str) -> str:
        """Give the address on a channel, "" = none."""
        return {"line": self.line_id, "email": self.mail}.get(channel, "")
