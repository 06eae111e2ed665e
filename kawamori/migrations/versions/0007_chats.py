"""Chats of the LINE bot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make and alter 1 tables."""
    _make_bot_event()


def downgrade() -> None:
    """Drop them: what stands in them is lost."""
    op.drop_index(op.f("ix_bot_event_at"), table_name="bot_event")
    op.drop_table("bot_event")


def _make_bot_event() -> None:
    op.create_table(
        "bot_event",
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("claimed_until", TIME, nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index(op.f("ix_bot_event_at"), "bot_event", ["at"], unique=False)
