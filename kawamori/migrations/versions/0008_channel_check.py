"""What services said before a round of sending."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "channel_check",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=True),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("unanswered", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )


def downgrade() -> None:
    """Drop it: what stands in it is lost."""
    op.drop_table("channel_check")
