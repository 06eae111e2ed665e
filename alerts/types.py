"""Messages, batches, receipts and the two ways a channel may fail.

Recipients are mail addresses or LINE user ids: no `repr` and no error of this package shows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol

from advisory.types import Level

DeliveryState = Literal["waiting", "leased", "accepted", "dead", "void"]
Hazard = Literal["flood", "inland", "landslide"]
Happening = Literal["new", "raised", "lowered", "changed", "corrected", "lifted", "withdrawn"]
Change = Literal["shelters", "deadline"]

PUBLIC_FORMS = ("line", "mail", "plain", "spoken", "urgent")
STAFF_FORM = "staff"
CAP_FORM = "cap"  # one document in all languages, approved like the texts
HOUSEHOLDS = ("general", "elderly", "car")  # kinds that go to shelters of their own
EVERYBODY = ""  # the kind of a message that is not for one kind of household


@dataclass(frozen=True)
class Message:
    """Rendered text of one district in one form and language, exactly as it will be sent."""

    message_id: str
    district_id: str
    language: str
    form: str  # of PUBLIC_FORMS, cap, or staff
    subject: str
    body: bytes
    household: str = EVERYBODY  # or of HOUSEHOLDS

    @property
    def sha256(self) -> str:
        """Give the digest an officer approves."""
        return sha256(self.subject.encode() + b"\n" + self.body).hexdigest()


@dataclass(frozen=True)
class Occasion:
    """Why a message goes out: a first order, or what becomes of one that people were told.

    The advice told with it is the order in force from now on; with `lifted` and `withdrawn` it is
    the order that ends, `issued_at` the time of its end.
    """

    kind: Happening = "new"
    before: Level | None = None  # raised, lowered: the level people were told before
    earlier: datetime | None = None  # changed, corrected, withdrawn: when that was told
    changed: tuple[Change, ...] = ()  # changed: what is no longer as it was told
    stays: bool = False  # level 5 was told before an earlier change: water may still stand

    @property
    def ends(self) -> bool:
        """Tell whether the order no longer stands."""
        return self.kind in ("lifted", "withdrawn")

    @property
    def after_water(self) -> bool:
        """Tell whether water may stand in the streets: nobody is sent through it to a shelter."""
        lowered = self.kind == "lowered" and self.before == Level.EMERGENCY
        return self.stays or lowered or self.kind == "lifted"


NEW = Occasion()


@dataclass(frozen=True)
class Observed:
    """A level that a gauge measured, and the highest official level it has reached.

    The only water level a public text may carry: it has no place for a forecast.
    """

    river: str
    gauge_name: str
    at: datetime
    level_m: float  # above gauge zero
    rising: bool
    reached: str | None = None  # a name of forecasting.types.THRESHOLDS
    reached_m: float | None = None


@dataclass(frozen=True)
class Audience:
    """Who gets one form of a message over one channel."""

    channel: str
    form: str
    recipients: tuple[str, ...] = field(repr=False)
    language: str = "ja"
    household: str = EVERYBODY


@dataclass(frozen=True)
class Batch:
    """A frozen list of recipients of one message on one channel; `key` never changes.

    `pending` are positions in `recipients` still to be sent, None = all. Only a channel whose
    service knows no idempotency key (mail) looks at it; LINE must get the same list every time.
    """

    key: str  # uuid5 of run, message, channel and batch number: the idempotency key
    message_id: str
    channel: str
    recipients: tuple[str, ...] = field(repr=False)
    pending: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Receipt:
    """What a channel answered: accepted by the service, not read by a person.

    `refused` are positions in the batch's recipients that the service will never accept.
    """

    reference: str
    accepted: int
    refused: tuple[int, ...] = ()


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
    accepted: int = 0
    refused: int = 0


class RetryableError(Exception):
    """The channel may accept the same batch later; `retry_after_s` when it said so.

    `pending` are the positions to try again (None = all), `refused` those never accepted.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        pending: Sequence[int] | None = None,
        refused: Sequence[int] = (),
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.pending = None if pending is None else tuple(pending)
        self.refused = tuple(refused)


class PermanentError(Exception):
    """The channel will never accept this batch; a person must look."""


class StoppedError(PermanentError):
    """The whole channel takes nothing until a person acts; its batches wait for that."""


@dataclass(frozen=True)
class Preflight:
    """What a service said before a round of sending; it forbids nothing, an officer reads it."""

    channel: str
    needed: int  # messages that wait
    left: int | None = None  # messages that its plan still allows this month; None = no limit known
    refused: tuple[tuple[str, str], ...] = ()  # message_id and fault
    unanswered: str = ""  # why it could not be asked

    @property
    def enough(self) -> bool:
        """Tell whether the plan allows all that waits, as far as is known."""
        return self.left is None or self.needed <= self.left


class Channel(Protocol):
    """A way to people.

    A class may also name its `width`, how many threads may send at a time (1 if not named; more
    need a channel that threads may share), and a `slice_size`, how many recipients it is given at
    a time (the whole batch if not named).
    """

    name: str
    form: str  # which form of the message it sends

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Send once; raise RetryableError or PermanentError."""

    def close(self) -> None:
        """Give back kept connections."""
