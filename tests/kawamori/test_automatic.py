from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from alerts.enrolment import enrol
from alerts.ledger import read
from alerts.recipients import Person
from alerts.schema import approval, outbox
from kawamori import store
from kawamori.automatic import approve_automatically
from kawamori.drafts import drafts
from kawamori.record import run_json
from kawamori.settings import REPOSITORY, Settings

CITY = "drill-town"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path):
    """Give settings whose policy the test may switch."""
    (tmp_path / "data").mkdir()
    return Settings(home=tmp_path / "home", out=tmp_path / "out", bundles=tmp_path / "data")


@pytest.fixture
def switch(desk):
    def write(*levels):
        text = (REPOSITORY / "data" / "policy.toml").read_text(encoding="utf-8")
        for level in levels:
            assert f"level_{level} = false" in text
            text = text.replace(f"level_{level} = false", f"level_{level} = true")
        (desk.bundles / "policy.toml").write_text(text, encoding="utf-8")

    write()
    return write


@pytest.fixture
def keep(desk, made_run):
    """Store the run: d1 is advised level 4, d2 is UNKNOWN; one person of d1 is in the registry."""

    def write(*, drill=False):
        run = dataclasses.replace(made_run, drill=drill)
        run = dataclasses.replace(
            run, messages=drafts(run.city, run.advice, run.states, drill=drill)
        )
        engine = store.open_store(desk.store_url)
        folder = desk.out / CITY
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(run_json(run), encoding="utf-8")
        store.start(engine, run_id=run.run_id, name=CITY, city_id=CITY, issued_at=run.issued_at,
                    drill=drill)  # fmt: skip
        store.complete(engine, run.run_id, input_digest="d", folder=folder, advice=[])
        person = Person("d1", "ja", "general", run.issued_at, "窓口", (("line", "U" + "a" * 32),))
        with engine.begin() as connection:
            enrol(connection, [person])
        return engine, run.issued_at

    return write


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def test_by_default_nothing_is_sent_without_an_officer(desk, switch, keep):
    engine, at = keep()
    assert list(approve_automatically(desk, CITY, now=at + MINUTE)) == []
    assert count(engine, approval) == 0


def test_only_the_level_that_the_policy_names_is_automatic(desk, switch, keep):
    engine, at = keep()
    switch(3, 5)
    assert list(approve_automatically(desk, CITY, now=at + MINUTE)) == []
    assert count(engine, approval) == 0


def test_a_named_level_is_approved_shown_as_such_and_written_into_the_ledger(desk, switch, keep):
    engine, at = keep()
    switch(4)
    (line,) = approve_automatically(desk, CITY, now=at + MINUTE)
    assert "1 recipients, 自動送信" in line
    with engine.connect() as connection:
        row = connection.execute(select(approval)).one()
        entries = [entry.kind for entry in read(connection)]
    assert (row.district_id, row.level) == ("d1", 4)
    assert "[automatic] level_4" in row.first_officer
    assert row.second_officer == "自動送信: 承認者なし"
    assert entries[-1] == "automatic"
    assert count(engine, outbox) == 1


def test_it_is_never_repeated_while_it_stands(desk, switch, keep):
    engine, at = keep()
    switch(4)
    list(approve_automatically(desk, CITY, now=at + MINUTE))
    assert list(approve_automatically(desk, CITY, now=at + 2 * MINUTE)) == []
    assert count(engine, approval) == 1


def test_what_officers_withdrew_is_not_sent_behind_their_back(desk, switch, keep):
    engine, at = keep()
    switch(4)
    list(approve_automatically(desk, CITY, now=at + MINUTE))
    with engine.begin() as connection:
        connection.execute(update(approval).values(voided_at=at + MINUTE, voided_by="佐藤"))
    assert list(approve_automatically(desk, CITY, now=at + 2 * MINUTE)) == []


def test_a_drill_and_an_old_run_are_never_sent(desk, switch, keep):
    engine, at = keep()
    switch(3, 4, 5)
    assert list(approve_automatically(desk, CITY, now=at + 91 * MINUTE)) == []
    with engine.begin() as connection:
        connection.execute(update(store.runs).values(drill=True))
    assert list(approve_automatically(desk, CITY, now=at + MINUTE)) == []
    assert count(engine, approval) == 0
