"""The time the mayor names beside decisions and edits; one revision for each shelter report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DATED = ("proposal", "edit")
NUMBERED = (
    "UPDATE ground_shelter SET revision = (SELECT count(*) FROM ground_shelter AS earlier "
    "WHERE earlier.city_id = ground_shelter.city_id "
    "AND earlier.shelter_id = ground_shelter.shelter_id "
    "AND earlier.report_id <= ground_shelter.report_id)"
)


def upgrade() -> None:
    """Older decisions name no time; older reports are numbered as they were appended."""
    for table in DATED:
        op.add_column(table, sa.Column("finish_by", sa.DateTime(timezone=True)))
    op.add_column("ground_shelter", sa.Column("revision", sa.Integer()))
    op.execute(NUMBERED)
    with op.batch_alter_table("ground_shelter") as batch:
        batch.alter_column("revision", existing_type=sa.Integer(), nullable=False)
    names = ["city_id", "shelter_id", "revision"]
    op.create_index("one_revision", "ground_shelter", names, unique=True)


def downgrade() -> None:
    """Drop them: which time was named, and the order of reports but for their number, are lost."""
    op.drop_index("one_revision", "ground_shelter")
    with op.batch_alter_table("ground_shelter") as batch:
        batch.drop_column("revision")
    for table in DATED:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("finish_by")
