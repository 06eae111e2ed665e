"""The store's schema: revisions make what the program expects, on SQLite and PostgreSQL."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from kawamori import tables
from kawamori.cli import app
from kawamori.database import (
    FIRST,
    HEAD,
    MIGRATIONS,
    connect,
    downgrade,
    ready,
    revision,
    shown,
    upgrade,
)
from kawamori.settings import Settings
from kawamori.store import open_store

REPOSITORY = Path(__file__).parents[2]
AT = datetime(2026, 9, 8, 12, tzinfo=UTC)
RULES = {  # what a comparison of columns does not see
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace UNION ALL "
        "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE NOT tgisinternal ORDER BY 1, 2"
    ),
}
OLD_ROWS = (
    "INSERT INTO approval (approval_id, run_id, district_id, level, advice_digest, first_officer, "
    "at, expires, drill) VALUES ('a', 'r', 'd', 3, '', '佐藤', '2026-09-08 12:00', "
    "'2026-09-08 14:00', false)",
    "INSERT INTO message (message_id, approval_id, district_id, language, form, subject, body, "
    "sha256) VALUES ('m', 'a', 'd', 'ja', 'mail', '', '', '')",
    "INSERT INTO outbox (key, approval_id, message_id, channel, batch_number, state, attempts, "
    "next_try, expires, accepted, refused, recipients) VALUES ('k', 'a', 'm', 'email', 0, "
    "'waiting', 0, '2026-09-08 12:00', '2026-09-08 14:00', 0, '[]', '[\"x\"]')",
    "INSERT INTO attempt (key, at, outcome, detail) VALUES ('k', '2026-09-08 12:00', 'retry', '')",
)


@pytest.fixture
def empty(store_url):
    engine = connect(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def first(empty):
    """Give a store of the first revision with one batch in it, older than revisions."""
    upgrade(empty, "0001")
    with empty.begin() as connection:
        for statement in OLD_ROWS:
            connection.execute(text(statement.replace(":", "\\:")))
        connection.execute(text("DROP TABLE alembic_version"))
    return empty


def rules(engine):
    with engine.connect() as connection:
        return connection.execute(text(RULES[engine.dialect.name])).all()


def differences(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, tables.metadata)


def test_the_revision_of_this_program_is_the_last_one():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_every_table_of_the_sources_is_among_the_tables():
    sources = [*REPOSITORY.glob("alerts/**/*.py"), *REPOSITORY.glob("kawamori/**/*.py")]
    found = {
        name
        for path in sources
        if "migrations" not in path.parts
        for name in re.findall(r'= Table\((?:\s*#[^\n]*)?\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert found == set(tables.metadata.tables)


def test_an_empty_database_gets_every_table_and_the_last_revision(empty):
    ready(empty)
    assert (revision(empty), differences(empty)) == (HEAD, [])
    ready(empty)  # again: nothing to do


def test_the_revisions_make_what_the_program_expects(empty, tmp_path, request):
    upgrade(empty)
    assert differences(empty) == []
    made = rules(empty)
    other = (
        f"sqlite:///{tmp_path / 'other.db'}"
        if empty.dialect.name == "sqlite"
        else request.getfixturevalue("postgresql").new_url()
    )
    whole = open_store(other)
    assert made == rules(whole)
    whole.dispose()


def test_up_down_and_up_again_keeps_what_the_first_revision_knew(first):
    assert upgrade(first) == HEAD
    assert downgrade(first, "0001") == "0001"
    assert upgrade(first) == HEAD
    with first.connect() as connection:
        row = connection.execute(text("SELECT key, recipients, touched_at FROM outbox")).one()
        tries = connection.execute(text("SELECT outcome FROM attempt")).scalars().all()
        head = connection.execute(text("SELECT number FROM ledger_head")).scalar()
    assert (row.key, "12:00" in str(row.touched_at), tries, head) == ("k", True, ["retry"], 0)
    assert differences(first) == []


def test_down_to_the_base_leaves_nothing(empty):
    upgrade(empty)
    assert downgrade(empty, "base") is None
    assert set(inspect(empty).get_table_names()) == {"alembic_version"}


def test_keys_are_enforced_again_after_a_revision(first):
    upgrade(first)
    with pytest.raises(Exception, match=r"(?i)foreign key"), first.begin() as connection:
        connection.execute(text("DELETE FROM outbox"))


def test_an_older_store_says_what_to_do(first):
    with pytest.raises(ValueError, match=rf"revision {HEAD}, got one older .* database upgrade"):
        ready(first)
    upgrade(first, "0002")
    with pytest.raises(ValueError, match=rf"revision {HEAD}, got 0002\..* database upgrade"):
        ready(first)


def test_a_store_of_a_newer_program_says_which_program_can_take_it_back(first):
    upgrade(first)
    with first.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for move in (ready, upgrade, lambda engine: downgrade(engine, "0001")):
        with pytest.raises(ValueError, match=f"newer program.*database downgrade {HEAD}"):
            move(first)
    assert revision(first) == "9999"


def test_a_revision_that_does_not_exist_is_one_message(first):
    with pytest.raises(ValueError, match=f"one of 0001 to {HEAD}, or base"):
        downgrade(first, "yesterday")


def test_a_store_of_unknown_make_is_left_alone(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (key INTEGER)"))
    with pytest.raises(ValueError, match="must have a revision"):
        upgrade(empty)
    assert set(inspect(empty).get_table_names()) == {"outbox"}
    assert {"outbox"} < FIRST


def test_a_revision_that_fails_changes_nothing(first):
    with first.begin() as connection:  # in the way of 0006
        connection.execute(text("CREATE TABLE session (x INTEGER)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(first)
    assert (revision(first), inspect(first).has_table("ledger")) == ("0001", False)


def test_processes_that_open_an_empty_store_at_once_make_it_once(store_url):
    found, faults = [], []

    def work():
        try:
            engine = open_store(store_url)
            found.append(revision(engine))
            engine.dispose()
        except Exception as error:  # noqa: BLE001 - told below
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, faults) == ([HEAD] * 4, [])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "got no URL"),
        ("postgres://u:secret@h/db", "got postgres://h/db"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/db", "got postgresql+psycopg://127.0.0.1:1/db"),
        ("postgresql+psycopg://u:secret@h:port/db", "got postgresql+psycopg://h:port/db"),
        ("postgresql+psycopg://u:sec@secret@127.0.0.1:1/db", "127.0.0.1:1/db"),
        ("postgresql+psycopg:///db?host=127.0.0.1&port=1&password=secret", "psycopg:///db"),
        ("sqlite:////proc/nowhere/store.db", "got sqlite:////proc/nowhere/store.db"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(url, told):
    with pytest.raises(ValueError, match="KAWAMORI_DATABASE_URL") as caught:
        open_store(url)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_commands_move_a_store_up_and_down(first, store_url, monkeypatch):
    monkeypatch.setenv("KAWAMORI_DATABASE_URL", store_url)

    def say(*arguments):
        result = CliRunner().invoke(app, ["database", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert say("current") == f"store: none, this program: {HEAD}\n"
    assert say("upgrade") == f"store: {HEAD}\n"
    assert say("downgrade", "0002") == "store: 0002\n"
    assert say("current") == f"store: 0002, this program: {HEAD}\n"


def test_settings_show_no_password():
    settings = Settings(database_url="postgresql+psycopg://u:hush@h/db")
    assert "hush" not in repr(settings) + str(settings)
    assert settings.store_url == "postgresql+psycopg://u:hush@h/db"


@given(st.text("ab1@:/?#%&= ", min_size=1).map(lambda some: f"hush{some}hush"))
def test_no_password_however_odd_is_shown(password):
    assert "hush" not in shown(f"postgresql+psycopg://u:{password}@h/db")
