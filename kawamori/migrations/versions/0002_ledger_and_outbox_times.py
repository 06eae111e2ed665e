"""The ledger with its guards; a secret per approval, the latest known time per batch."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ROWS = "rows of the ledger are only ever added"
HEAD = "the head of the ledger never goes back"
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger "
        f"BEGIN SELECT RAISE(ABORT, '{ROWS}'); END",
        "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger "
        f"BEGIN SELECT RAISE(ABORT, '{ROWS}'); END",
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head "
        f"BEGIN SELECT RAISE(ABORT, '{HEAD}'); END",
        "CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head "
        f"WHEN NEW.number < OLD.number BEGIN SELECT RAISE(ABORT, '{HEAD}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{ROWS}'; END $$",
        "CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
        "CREATE OR REPLACE FUNCTION ledger_head_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{HEAD}'; END $$",
        "CREATE TRIGGER ledger_head_stays BEFORE DELETE OR TRUNCATE ON ledger_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_head_refuse()",
        "CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head FOR EACH ROW "
        "WHEN (NEW.number < OLD.number) EXECUTE FUNCTION ledger_head_refuse()",
    ),
}


def upgrade() -> None:
    """A batch was last touched, as far as is known, when it was to be tried."""
    op.add_column("approval", sa.Column("secret", sa.LargeBinary()))
    op.add_column("outbox", sa.Column("touched_at", TIME))
    op.execute("UPDATE outbox SET touched_at = next_try")
    with op.batch_alter_table("outbox", copy_from=_outbox(sa.Column("touched_at", TIME))) as batch:
        batch.alter_column("touched_at", existing_type=TIME, nullable=False)
    _make_ledger()


def downgrade() -> None:
    """The ledger and every proof by it are lost."""
    with op.batch_alter_table("outbox", copy_from=_outbox(sa.Column("touched_at", TIME))) as batch:
        batch.drop_column("touched_at")
    op.drop_column("approval", "secret")
    op.drop_table("ledger_head")
    op.drop_table("ledger")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_refuse()")
        op.execute("DROP FUNCTION ledger_head_refuse()")


def _make_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
    )
    op.create_table(
        "ledger_head",
        sa.Column("one", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.CheckConstraint("one = 1", name="one_head"),
    )
    op.execute(f"INSERT INTO ledger_head (one, number, digest) VALUES (1, 0, '{'0' * 64}')")
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def _outbox(*more: sa.Column[object]) -> sa.Table:
    """Give the outbox as 0001 made it, for SQLite to copy; further columns after `expires`."""
    first = import_module("kawamori.migrations.versions.0001_runs_approvals_outbox")
    columns = first.outbox_columns()
    place = [column.name for column in columns].index("expires") + 1
    columns[place:place] = more
    index = sa.Index("outbox_due", "state", "next_try")
    return sa.Table("outbox", sa.MetaData(), *columns, *first.outbox_rules(), index)
