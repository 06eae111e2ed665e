"""Reports of patrols, gates and dams that the desk enters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "field_report",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("district_ids", sa.JSON(), nullable=False),
        sa.Column("gauge_ids", sa.JSON(), nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
        sa.UniqueConstraint("ends", name="one_end"),
    )


def downgrade() -> None:
    """Drop it: what was reported is lost."""
    op.drop_table("field_report")
