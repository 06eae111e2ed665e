"""Tables of the ledger: rows chained by sha256, and its head; the database refuses to rewrite them.

A trigger on SQLite and on PostgreSQL stops every UPDATE and DELETE of a row, and a head that would
go back. Whoever may drop triggers can still rewrite: `alerts.ledger.faults` then finds it.
"""

from __future__ import annotations

from sqlalchemy import DDL, CheckConstraint, Column, Integer, String, Table, Text, event

from alerts.schema import UtcTime, metadata

FIRST = "0" * 64  # what the first row holds as the digest before it
REFUSAL = "rows of the ledger are only ever added"
TURNED_BACK = "the head of the ledger never goes back"

ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("previous", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),  # canonical JSON, hashed as it stands
    Column("digest", String(64), nullable=False, unique=True),
)

head = Table(  # one row: how far the chain goes; writers wait for each other on it
    "ledger_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    CheckConstraint("one = 1", name="one_head"),
)

SEED = f"INSERT INTO ledger_head (one, number, digest) VALUES (1, 0, '{FIRST}')"
ROW_GUARDS = {  # by dialect; the triggers go with their table, the functions are replaced
    "sqlite": (
        "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        "CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    ),
}
HEAD_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER ledger_head_no_delete BEFORE DELETE ON ledger_head "
        f"BEGIN SELECT RAISE(ABORT, '{TURNED_BACK}'); END",
        "CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head "
        f"WHEN NEW.number < OLD.number BEGIN SELECT RAISE(ABORT, '{TURNED_BACK}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION ledger_head_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{TURNED_BACK}'; END $$",
        "CREATE TRIGGER ledger_head_stays BEFORE DELETE OR TRUNCATE ON ledger_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_head_refuse()",
        "CREATE TRIGGER ledger_head_no_return BEFORE UPDATE ON ledger_head FOR EACH ROW "
        "WHEN (NEW.number < OLD.number) EXECUTE FUNCTION ledger_head_refuse()",
    ),
}


def _statement(text: str) -> DDL:
    return DDL(text)  # type: ignore[no-untyped-call]


event.listen(head, "after_create", _statement(SEED))
for _table, _guards in ((ledger, ROW_GUARDS), (head, HEAD_GUARDS)):
    for _dialect, _texts in _guards.items():
        for _text in _texts:
            event.listen(_table, "after_create", _statement(_text).execute_if(dialect=_dialect))
