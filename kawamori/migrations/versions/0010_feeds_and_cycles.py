"""How each feed is and what became of each ten-minute cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "feed_state",
        sa.Column("feed_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("last_try", TIME, nullable=False),
        sa.Column("last_good", TIME, nullable=True),
        sa.Column("newest", TIME, nullable=True),
        sa.Column("fault_at", TIME, nullable=True),
        sa.Column("last_fault", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id"),
    )
    op.create_table(
        "cycle_log",
        sa.Column("city_id", sa.String(), nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started", TIME, nullable=True),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "due"),
    )


def downgrade() -> None:
    """Drop them: conditions of polls and the account of cycles are lost."""
    op.drop_table("cycle_log")
    op.drop_table("feed_state")
