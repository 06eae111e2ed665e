"""How Alembic runs here: on the connection it is handed, in batches where SQLite needs them."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from alerts.schema import UtcTime
from kawamori.tables import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write a UtcTime as the plain type that the database sees: a revision never changes."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
