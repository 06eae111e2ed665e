"""Reports from the ground: shelters and roads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make and alter 2 tables."""
    _make_ground_road()
    _make_ground_shelter()


def downgrade() -> None:
    """Drop them: what stands in them is lost."""
    op.drop_table("ground_shelter")
    op.drop_table("ground_road")


def _make_ground_road() -> None:
    op.create_table(
        "ground_road",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.String(), nullable=False),
        sa.Column("road", sa.Integer(), nullable=False),
        sa.Column("middle_lon", sa.Float(), nullable=False),
        sa.Column("middle_lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )


def _make_ground_shelter() -> None:
    op.create_table(
        "ground_shelter",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("city_id", sa.String(), nullable=False),
        sa.Column("shelter_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("occupied", sa.Integer(), nullable=True),
        sa.Column("upstairs", sa.Boolean(), nullable=True),
        sa.Column("stock", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
