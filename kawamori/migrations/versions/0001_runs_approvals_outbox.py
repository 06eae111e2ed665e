"""Runs, approvals, messages, outbox and attempts: the store before there were revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = "('waiting', 'leased', 'accepted', 'dead', 'void')"


def upgrade() -> None:
    """Make the five tables."""
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("city_id", sa.String(), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("input_digest", sa.String()),
        sa.Column("folder", sa.Text()),
        sa.Column("advice", sa.Text()),
    )
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.String(36), primary_key=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("advice_digest", sa.Text(), nullable=False),
        sa.Column("first_officer", sa.Text(), nullable=False),
        sa.Column("second_officer", sa.Text()),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("voided_at", TIME),
        sa.Column("voided_by", sa.Text()),
        sa.CheckConstraint("level BETWEEN 3 AND 5", name="level_has_an_order"),
        sa.CheckConstraint(
            "level = 3 OR (second_officer IS NOT NULL AND second_officer <> first_officer)",
            name="two_officers",
        ),
    )
    op.create_table(
        "message",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column(
            "approval_id", sa.String(36), sa.ForeignKey("approval.approval_id"), nullable=False
        ),
        sa.Column("district_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("message_id", "approval_id"),
        sa.CheckConstraint("form <> 'staff'", name="staff_text_stays_inside"),
    )
    op.create_table("outbox", *outbox_columns(), *outbox_rules())
    op.create_index("outbox_due", "outbox", ["state", "next_try"])
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(36), sa.ForeignKey("outbox.key"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Leave nothing."""
    op.drop_table("attempt")
    op.drop_index("outbox_due", "outbox")
    for name in ("outbox", "message", "approval", "run"):
        op.drop_table(name)


def outbox_columns() -> list[sa.Column[object]]:
    """Give the columns of the outbox."""
    return [
        sa.Column("key", sa.String(36), primary_key=True),
        sa.Column(
            "approval_id", sa.String(36), sa.ForeignKey("approval.approval_id"), nullable=False
        ),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("batch_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", TIME, nullable=False),
        sa.Column("lease_until", TIME),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("pending", sa.JSON()),
        sa.Column("recipients", sa.JSON(), nullable=False),
    ]


def outbox_rules() -> list[sa.Constraint]:
    """Give what the database holds the outbox to."""
    return [
        sa.ForeignKeyConstraint(
            ["message_id", "approval_id"], ["message.message_id", "message.approval_id"]
        ),
        sa.UniqueConstraint("message_id", "channel", "batch_number"),
        sa.CheckConstraint(f"state IN {STATES}", name="known_state"),
    ]
