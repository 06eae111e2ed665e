"""What the store knows of feeds and cycles: one row a feed, one row a ten-minute cycle."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from alerts.schema import UtcTime, metadata

feed_state = Table(
    "feed_state",
    metadata,
    Column("feed_id", String, primary_key=True),  # CITY/NAME; jma-xml is one for all cities
    Column("kind", String, nullable=False),
    Column("last_try", UtcTime, nullable=False),
    Column("last_good", UtcTime),
    Column("newest", UtcTime),  # of its readings
    Column("fault_at", UtcTime),
    Column("last_fault", Text, nullable=False),  # "" = none ever
    Column("failures", Integer, nullable=False),  # in a row, 0 = the last poll was good
    Column("memory", JSON, nullable=False),  # ETags and the like, of the last good poll
)

cycle_log = Table(
    "cycle_log",
    metadata,
    Column("city_id", String, primary_key=True),
    Column("due", UtcTime, primary_key=True),  # whole ten minutes
    Column("state", String, nullable=False),  # started | complete | failed | killed | missed
    Column("started", UtcTime),
    Column("ended", UtcTime),
    Column("run_id", String),
    Column("note", Text, nullable=False),
)
