from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from alerts.deliver import deliver
from alerts.ledger import faults, read, read_head
from alerts.outbox import void
from alerts.receipts import proof, proves, root
from alerts.schema import approval
from alerts.types import Audience, PermanentError, RetryableError

PEOPLE = tuple(f"p{number}@mail.example" for number in range(60))  # 50 + 10


@pytest.fixture
def approved(engine, approve_one):
    with engine.begin() as connection:
        return approve_one(connection, audience=Audience("recording", "plain", PEOPLE))


def rows(engine, kind):
    with engine.connect() as connection:
        assert list(faults(read(connection), read_head(connection))) == []
        return [json.loads(row.facts) for row in read(connection) if row.kind == kind]


def test_an_approval_stands_in_the_ledger_with_its_texts_and_batches(engine, approved, compose_for):
    (told,) = rows(engine, "approval")
    (drafted,) = compose_for()
    assert told["approval_id"] == approved
    assert [text["sha256"] for text in told["messages"]] == [drafted.sha256]
    assert [batch["people"] for batch in told["batches"]] == [50, 10]
    assert "p1@" not in json.dumps(told)


def test_a_citizen_can_check_that_a_batch_was_meant_for_them(engine, approved):
    (told,) = rows(engine, "approval")
    with engine.connect() as connection:
        (given,) = proof(connection, "p55@mail.example", approved)
    assert (given.position, len(given.digests)) == (5, 10)  # 55 = 50 of batch 0 + 5
    assert proves(given, "p55@mail.example", told["batches"])


def test_a_proof_holds_for_nobody_else_and_for_no_other_batch(engine, approved):
    (told,) = rows(engine, "approval")
    with engine.connect() as connection:
        (given,) = proof(connection, "p55@mail.example", approved)
        assert proof(connection, "stranger@mail.example", approved) == []
    assert not proves(given, "p56@mail.example", told["batches"])
    assert not proves(given, "p55@mail.example", told["batches"][:1])
    assert not proves(replace(given, position=10), "p55@mail.example", told["batches"])
    assert not proves(replace(given, digests=given.digests[:-1]), "p55@mail.example",
                      told["batches"])  # fmt: skip


def test_a_proof_tells_nothing_by_which_others_could_be_guessed(engine, approved):
    with engine.connect() as connection:
        (given,) = proof(connection, "p55@mail.example", approved)
    guesses = {sha256(bytes.fromhex(given.salt) + each.encode()).hexdigest() for each in PEOPLE}
    assert len(guesses & set(given.digests)) == 1  # one's own
    assert "salt" not in repr(given)


def test_without_the_secret_no_proof_can_be_made(engine, approved):
    with engine.begin() as connection:
        connection.execute(update(approval).values(secret=None))
        assert proof(connection, PEOPLE[0], approved) == []


def test_two_approvals_of_the_same_people_have_different_roots(engine, approved, approve_one,
                                                               make_advice):  # fmt: skip
    with engine.begin() as connection:
        approve_one(connection, make_advice(district_id="uchigo"),
                    audience=Audience("recording", "plain", PEOPLE))  # fmt: skip
        secrets = connection.execute(select(approval.c.secret)).scalars().all()
    roots = [batch["root"] for told in rows(engine, "approval") for batch in told["batches"]]
    assert (len(set(roots)), len(set(secrets))) == (4, 2)


def test_nobody_has_the_root_of_an_empty_batch():
    assert root(b"s", "key", ()) == sha256(b"").hexdigest()


def test_every_end_of_a_batch_stands_in_the_ledger_once(engine, approved, now, doubles):
    channel = doubles.Scripted([RetryableError("busy"), PermanentError("quota")])
    deliver(engine, {"recording": channel}, now=now)
    deliver(engine, {"recording": channel}, now=now.replace(minute=5))
    ends = sorted((row["state"], row["accepted"], row["attempts"]) for row in rows(engine, "batch"))
    # first batch: busy, then accepted by all 50 at the second try; second batch dead
    assert ends in ([("accepted", 50, 2), ("dead", 0, 1)], [("accepted", 10, 2), ("dead", 0, 1)])


def test_a_withdrawal_stands_in_the_ledger(engine, approved, now):
    with engine.begin() as connection:
        void(connection, approved, by="鈴木", at=now)
    assert rows(engine, "void") == [{"approval_id": approved, "batches_stopped": 2}]
