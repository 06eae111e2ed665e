"""Staff alerts: who was told, who acknowledged, what was looked at last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make and alter 4 tables."""
    _make_staff_alert()
    _make_staff_watch()
    _make_staff_acknowledgement()
    _make_staff_delivery()


def downgrade() -> None:
    """Drop them: what stands in them is lost."""
    op.drop_index("staff_delivery_due", table_name="staff_delivery")
    op.drop_table("staff_delivery")
    op.drop_table("staff_acknowledgement")
    op.drop_table("staff_watch")
    op.drop_index(
        "staff_alert_open",
        table_name="staff_alert",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("staff_alert")


def _make_staff_alert() -> None:
    op.create_table(
        "staff_alert",
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("city_name", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("districts", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("deadline", TIME, nullable=True),
        sa.Column("deadline_of", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_name", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("closed", sa.Text(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("closed IS NULL OR closed IN ('superseded', 'ended')", name="known_end"),
        sa.CheckConstraint(
            "kind IN ('advice', 'likely', 'feed', 'cycle', 'channel', 'test')", name="known_kind"
        ),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index(
        "staff_alert_open",
        "staff_alert",
        ["city_id", "topic"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _make_staff_watch() -> None:
    op.create_table(
        "staff_watch",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("looked_at", TIME, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("city_id"),
    )


def _make_staff_acknowledgement() -> None:
    op.create_table(
        "staff_acknowledgement",
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["staff_alert.alert_id"],
        ),
        sa.PrimaryKeyConstraint("alert_id"),
    )


def _make_staff_delivery() -> None:
    op.create_table(
        "staff_delivery",
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("alert_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("off_shift", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("next_try", TIME, nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'accepted', 'dead', 'void')",
            name="known_delivery_state",
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["staff_alert.alert_id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("staff_delivery_due", "staff_delivery", ["state", "next_try"], unique=False)
