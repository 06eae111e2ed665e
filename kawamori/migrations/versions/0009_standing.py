"""Whose order an approval is and what it told; one stands per city, district and kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("city_id", sa.Text()),
    sa.Column("occasion", sa.Text(), nullable=False, server_default="new"),
    sa.Column("stays", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("finish_by", sa.DateTime(timezone=True)),
    sa.Column("shelters", sa.JSON()),
    sa.Column("superseded_by", sa.String(36)),
)


def upgrade() -> None:
    """Older approvals name no city: nothing supersedes them."""
    for column in COLUMNS:
        op.add_column("approval", column._copy())
    standing = sa.text("voided_at IS NULL")
    op.create_index(
        "one_stands",
        "approval",
        ["city_id", "district_id", "drill"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    """Which city an order was for is lost."""
    op.drop_index("one_stands", "approval")
    for column in reversed(COLUMNS):
        op.drop_column("approval", column.name)
