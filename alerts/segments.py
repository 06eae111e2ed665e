"""Who gets one text: the people of a district who share language, kind of household and channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from alerts.recipients import recipient, recipient_address


@dataclass(frozen=True, order=True)
class Segment:
    """One text's people on one channel."""

    district_id: str
    language: str
    household: str  # of HOUSEHOLDS, or EVERYBODY
    channel: str
    recipients: tuple[str, ...] = field(repr=False)


def read_segments(connection: Connection, district_ids: Iterable[str]) -> list[Segment]:
    """Give the segments of some districts, opted-out addresses left out, in a fixed order."""
    kind = (recipient.c.district_id, recipient.c.language, recipient.c.household)
    rows = connection.execute(
        select(*kind, recipient_address.c.channel, recipient_address.c.address)
        .join(recipient, recipient.c.recipient_id == recipient_address.c.recipient_id)
        .where(
            recipient_address.c.opted_out_at.is_(None),
            recipient.c.district_id.in_(list(district_ids)),
        )
    )
    found: defaultdict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for district_id, language, household, channel, address in rows:
        found[district_id, language, household, channel].append(address)
    return [Segment(*key, tuple(sorted(people))) for key, people in sorted(found.items())]
