"""The console: accounts, sessions, sign-ins, tokens of programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make and alter 6 tables."""
    _make_account()
    _make_api_token()
    _make_edit()
    _make_proposal()
    _make_sign_in_attempt()
    _make_session()


def downgrade() -> None:
    """Drop them: what stands in them is lost."""
    op.drop_table("session")
    op.drop_index("sign_in_attempt_at", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("proposal")
    op.drop_table("edit")
    op.drop_table("api_token")
    op.drop_table("account")


def _make_account() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("shelters", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _make_api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("token_sha256"),
        sa.UniqueConstraint("name"),
    )


def _make_edit() -> None:
    op.create_table(
        "edit",
        sa.Column("edit_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("edit_id"),
    )


def _make_proposal() -> None:
    op.create_table(
        "proposal",
        sa.Column("proposal_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("open_key", sa.Text(), nullable=True),
        sa.Column("first_officer", sa.Text(), nullable=False),
        sa.Column("second_officer", sa.Text(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "state <> 'approved' OR level = 3 OR second_officer IS NOT NULL", name="two_who_decided"
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'returned', 'lapsed', 'cancelled')",
            name="known_decision",
        ),
        sa.CheckConstraint(
            "second_officer IS NULL OR second_officer <> first_officer", name="another_officer"
        ),
        sa.PrimaryKeyConstraint("proposal_id"),
        sa.UniqueConstraint("open_key"),
    )


def _make_sign_in_attempt() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    op.create_index("sign_in_attempt_at", "sign_in_attempt", ["at"], unique=False)


def _make_session() -> None:
    op.create_table(
        "session",
        sa.Column("session_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.account_id"],
        ),
        sa.PrimaryKeyConstraint("session_sha256"),
    )
