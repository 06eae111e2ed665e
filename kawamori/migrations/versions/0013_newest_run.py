"""An index that finds the newest run among the runs of years."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it; no row changes."""
    op.create_index("run_newest", "run", ["state", "issued_at", "drill", "city_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("run_newest", "run")
