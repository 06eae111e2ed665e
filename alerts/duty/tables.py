"""Tables of staff alerts: alert, delivery, acknowledgement, what was looked at last.

Apart from the citizens' outbox: no approval is asked, and no message here can reach a citizen,
because a delivery names a person of the roster, never an address.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from alerts.duty.types import KINDS
from alerts.schema import UtcTime, metadata

DELIVERY_STATES = ("waiting", "leased", "accepted", "dead", "void")
CLOSED = ("superseded", "ended")

staff_alert = Table(
    "staff_alert",
    metadata,
    Column("alert_id", String(36), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("city_name", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("level", Integer, nullable=False),  # how urgent, 1 to 5
    Column("title", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("districts", JSON, nullable=False),  # names
    Column("items", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("deadline", UtcTime),
    Column("deadline_of", Text, nullable=False),
    Column("run_id", Text, nullable=False),  # "" = of no run
    Column("run_name", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("step", Integer, nullable=False),  # how many times somebody was told
    Column("next_at", UtcTime),  # when the next person is told; NULL = nobody needs to be
    Column("closed_at", UtcTime),
    Column("closed", Text),
    Column("picture", LargeBinary),  # shelter map of the district, PNG
    CheckConstraint(f"kind IN {KINDS}", name="known_kind"),
    CheckConstraint(f"closed IS NULL OR closed IN {CLOSED}", name="known_end"),
)
Index(
    "staff_alert_open",
    staff_alert.c.city_id,
    staff_alert.c.topic,
    unique=True,
    sqlite_where=staff_alert.c.closed_at.is_(None),
    postgresql_where=staff_alert.c.closed_at.is_(None),
)

staff_delivery = Table(
    "staff_delivery",
    metadata,
    Column("key", String(36), primary_key=True),  # also LINE's retry key
    Column("alert_id", ForeignKey("staff_alert.alert_id"), nullable=False),
    Column("person_id", Text, nullable=False),  # of the roster; addresses stay there
    Column("channel", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("off_shift", Boolean, nullable=False),  # told because nobody was on shift
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("next_try", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("expires", UtcTime, nullable=False),
    Column("reference", Text),
    Column("error", Text),
    CheckConstraint(f"state IN {DELIVERY_STATES}", name="known_delivery_state"),
    Index("staff_delivery_due", "state", "next_try"),
)

staff_acknowledgement = Table(
    "staff_acknowledgement",
    metadata,
    Column("alert_id", ForeignKey("staff_alert.alert_id"), primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("how", Text, nullable=False),  # link | line | console
    Column("at", UtcTime, nullable=False),
)

staff_watch = Table(  # one row a city; its update is also the lock that serialises passes
    "staff_watch",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("looked_at", UtcTime, nullable=False),
    Column("run_id", Text),
    Column("facts", JSON(none_as_null=True)),  # levels by district of the run looked at last
    Column("failure", Text, nullable=False),  # kind of fault of the last cycle, "" = none
)
