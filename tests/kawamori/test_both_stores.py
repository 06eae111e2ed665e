"""The same run on SQLite and on PostgreSQL: the same record, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import select

from kawamori.live import run_once
from kawamori.settings import Settings
from kawamori.store import open_store, runs
from kawamori.stored import read_record


def test_a_run_stored_on_both_is_the_same_digest_for_digest(tiny_home, tiny, tmp_path, postgresql):
    tiny.write_table(tmp_path / "now.csv", storm_mm=60.0)
    found = []
    for url in (f"sqlite:///{tmp_path / 'store.db'}", postgresql.new_url()):
        settings = Settings(home=tiny_home, out=tmp_path / "out", database_url=url)
        folder = run_once("tiny", tmp_path / "now.csv", settings, lambda *_: None)
        engine = open_store(url)
        with engine.connect() as connection:
            row = connection.execute(select(runs)).one()
        record = read_record(engine, row.run_id)
        engine.dispose()
        written = sha256((folder / "run.json").read_bytes()).hexdigest()
        found.append((tuple(row), written, record))
    assert found[0] == found[1]
    assert found[0][0][3].tzinfo is UTC
    assert isinstance(found[0][0][3], datetime)
