"""Recipients: people who asked to be told, and digests of those forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make and alter 4 tables."""
    _make_recipient()
    _make_recipient_forgotten()
    _make_recipient_address()
    _alter_message()


def downgrade() -> None:
    """Drop them: what stands in them is lost."""
    op.drop_column("message", "household")
    op.drop_index(op.f("ix_recipient_address_recipient_id"), table_name="recipient_address")
    op.drop_table("recipient_address")
    op.drop_table("recipient_forgotten")
    op.drop_table("recipient")


def _make_recipient() -> None:
    op.create_table(
        "recipient",
        sa.Column("recipient_id", sa.String(length=36), nullable=False),
        sa.Column("district_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("consent_at", TIME, nullable=False),
        sa.Column("consent_source", sa.Text(), nullable=False),
        sa.CheckConstraint("household IN ('general', 'elderly', 'car')", name="known_household"),
        sa.PrimaryKeyConstraint("recipient_id"),
    )


def _make_recipient_forgotten() -> None:
    op.create_table(
        "recipient_forgotten",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _make_recipient_address() -> None:
    op.create_table(
        "recipient_address",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.String(length=36), nullable=False),
        sa.Column("opted_out_at", TIME, nullable=True),
        sa.CheckConstraint("channel IN ('line', 'email', 'webpush')", name="known_channel"),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipient.recipient_id"],
        ),
        sa.PrimaryKeyConstraint("channel", "address"),
    )
    op.create_index(
        op.f("ix_recipient_address_recipient_id"),
        "recipient_address",
        ["recipient_id"],
        unique=False,
    )


def _alter_message() -> None:
    op.add_column("message", sa.Column("household", sa.Text(), server_default="", nullable=False))
