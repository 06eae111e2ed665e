"""`kawamori outbox` and `verify-ledger`, as officers use them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from alerts.deliver import deliver
from alerts.ledger import append, read, read_head
from alerts.ledger_file import file_faults, lines
from alerts.outbox import approve
from alerts.schema import approval, outbox
from alerts.types import Audience, PermanentError
from benchmarks.alerts import order, write
from kawamori.cli import app
from kawamori.outbox_list import rows
from kawamori.store import open_store

AT = datetime.now(UTC).replace(microsecond=0)
PEOPLE = ("secret1@mail.example", "secret2@mail.example")


@pytest.fixture
def store(store_url, monkeypatch, tmp_path):
    """Give a store with two districts approved, on the way by mail and LINE."""
    monkeypatch.setenv("KAWAMORI_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    engine = open_store(store_url)
    with engine.begin() as connection:
        for number in range(2):
            approve(
                connection, run_id="r1", advice=order(number, AT), messages=write(number, AT)[:2],
                audiences=[Audience("email", "mail", PEOPLE),
                           Audience("line", "line", ("U" + "0" * 32,))],
                first="佐藤", second="鈴木", at=AT, expires=AT + timedelta(hours=2), drill=False,
            )  # fmt: skip
    yield engine
    engine.dispose()


@pytest.fixture
def killed(store, doubles):
    """Let the mail of the first district be refused for good, and that of the second arrive."""
    channel = doubles.Scripted([PermanentError("quota used up")], name="email", form="mail")
    deliver(store, {"email": channel}, now=AT)
    return channel


def say(*arguments, code=0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def dead_key(store):
    with store.connect() as connection:
        (row,) = rows(connection, state="dead")
    return row.key


def test_the_list_counts_people_and_tells_why_a_batch_is_dead(store, killed):
    told = say("outbox", "list")
    assert "email  dead: 1 batches, 2 people" in told
    assert "line  waiting: 1 batches, 1 people" in told
    assert told.count("quota used up") == 1
    assert "secret" not in told


def test_the_list_can_be_narrowed(store, killed):
    with store.connect() as connection:
        assert len(rows(connection)) == 4  # 2 districts x 2 channels
        assert len(rows(connection, channel="line", district_id="district-1")) == 1
        with pytest.raises(ValueError, match=r"state must be one of .*'dead'"):
            rows(connection, state="lost")
    assert say("outbox", "list", "--state", "void") == "no batch\n"
    assert say("outbox", "list", "--state", "accepted", "--each").count("2/2 people") == 1


def test_a_dead_batch_is_replayed_under_its_key(store, killed):
    key = dead_key(store)
    assert "1 batches wait again" in say("outbox", "replay", key, "--by", "鈴木")
    done = deliver(store, {"email": killed}, now=datetime.now(UTC))
    assert [(each.key, each.state) for each in done] == [(key, "accepted")]
    with store.connect() as connection:
        assert [row.by for row in read(connection) if row.kind == "replay"] == ["鈴木"]


def test_only_dead_batches_in_time_are_replayed(store, killed):
    with store.connect() as connection:
        waiting = next(row.key for row in rows(connection, channel="line"))
    result = CliRunner().invoke(app, ["outbox", "replay", waiting, "x", "--by", "鈴木"])
    assert "is waiting; x is not in the outbox" in str(result.exception)
    with store.begin() as connection:
        connection.execute(update(outbox).values(expires=AT - timedelta(minutes=1)))
    result = CliRunner().invoke(app, ["outbox", "replay", dead_key(store), "--by", "鈴木"])
    assert "expired" in str(result.exception)


def test_a_district_is_cancelled_before_it_goes(store):
    assert "2 batches stopped" in say("outbox", "cancel", "r1/district-0", "--by", "鈴木")
    with store.connect() as connection:
        states = {(row.district_id, row.state) for row in rows(connection)}
    assert states == {("district-0", "void"), ("district-1", "waiting")}
    result = CliRunner().invoke(app, ["outbox", "cancel", "r1/district-0", "--by", "鈴木"])
    assert "an approval that stands, got 'r1/district-0'" in str(result.exception)


def test_the_ledger_is_verified_exported_and_verified_from_the_file(store, killed, tmp_path):
    file = tmp_path / "ledger.jsonl"
    assert "holds: 4 rows" in say("verify-ledger", "--export", str(file))  # 2 approvals, 2 ends
    assert "holds" in say("verify-ledger", "--from", str(file))
    text = file.read_text("utf-8")
    assert "secret" not in text
    file.write_text(text.replace("佐藤", "高橋", 1), "utf-8")
    told = say("verify-ledger", "--from", str(file), code=1)
    assert "row 1 was changed" in told
    assert "BROKEN" in told


def exported(store):
    with store.connect() as connection:
        return list(lines(read(connection), read_head(connection)))


def test_a_line_is_verified_by_what_the_documentation_says(store):
    *rows, _head = exported(store)
    assert rows
    for line in rows:
        row = json.loads(line)
        digest = row.pop("digest")
        plain = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert sha256(plain.encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:1] + text[2:], "row 2 is missing"),
        (lambda text: [text[1], text[0], *text[2:]], "row 1 was put in or moved"),
        (lambda text: [*text[:2], text[1], *text[2:]], "row 2 was put in or moved"),
        (lambda text: [*text[:1], "{}\n", *text[2:]], "line 2 is no row of the ledger"),
        (lambda text: text[:-1], "the head is missing"),
        (lambda text: [*text[:-2], text[-1]], "rows 3 to 3 are missing at the end"),
        (lambda text: [*text, text[0]], "line 5 stands after the head"),
        (lambda text: [], "the head is missing"),
    ],
)
def test_a_file_that_was_changed_is_named(tmp_path, change, told):
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.begin() as connection:
        for number in range(3):
            append(connection, "login", {"n": number}, by="佐藤", at=AT)
    found = list(file_faults(change(exported(engine))))
    engine.dispose()
    assert any(told in fault for fault in found), found


def test_both_stores_hold_the_same_batches_of_the_same_run(tmp_path, request):
    found = []
    for url in (f"sqlite:///{tmp_path / 's.db'}", request.getfixturevalue("postgresql").new_url()):
        engine = open_store(url)
        with engine.begin() as connection:
            approve(
                connection, run_id="r1", advice=order(0, AT), messages=write(0, AT)[:2],
                audiences=[Audience("email", "mail", PEOPLE)], first="佐藤", second="鈴木", at=AT,
                expires=AT + timedelta(hours=2), drill=False,
            )  # fmt: skip
            columns = [column for column in approval.c if column.name != "secret"]  # random
            queries = (select(outbox), select(*columns))
            found.append([connection.execute(query).all() for query in queries])
        engine.dispose()
    assert found[0] == found[1]
