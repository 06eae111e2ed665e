"""From a stored run to frozen batches: previews, approvals, and what forbids them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import select

from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import message, outbox
from kawamori.approval import approve, preview
from kawamori.drafts import drafts, segment_drafts
from kawamori.recipient_list import read_recipients
from kawamori.record import run_json
from kawamori.settings import Settings
from kawamori.store import open_store

NOW = datetime(2026, 6, 30, 15, 5, tzinfo=UTC)  # five minutes after the run
USER = "U{:032x}"
OFFICERS = {"officer": "佐藤", "second": "鈴木", "at": NOW}


def person(number, language="ja", household="general", district="d1", channel="line"):
    address = USER.format(number) if channel == "line" else f"r{number}@mail.example"
    return Person(district, language, household, NOW, "窓口", ((channel, address),))


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, languages=("en",))


@pytest.fixture
def engine(settings):
    engine = open_store(settings.store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(made_run):
    """Give a run whose walkers go to the school and whose cars go to the hall, newly drafted."""
    groups = pd.DataFrame(
        {
            "origin": ["a", "b"],
            "district_id": ["d1", "d1"],
            "block": ["", ""],
            "traveller": ["general", "car"],
            "shelter_id": ["s1", "s2"],
            "people": [100, 50],
            "minutes": [22.0, 9.0],
            "walk_minutes": [22.0, 9.0],
            "reason": ["", ""],
        }
    )
    written = drafts(made_run.city, made_run.advice, made_run.states, drill=True)
    planned = replace(made_run.allocation, groups=groups)
    return replace(made_run, allocation=planned, messages=written)


@pytest.fixture
def record(run):
    return json.loads(run_json(run))


@pytest.fixture
def people(engine):
    """Put four addresses of district d1 and one of d2 into the registry."""
    listed = [
        person(1),
        person(2),
        person(3, household="car"),
        person(4, language="en", channel="email"),
        person(5, district="d2"),
    ]
    with engine.begin() as connection:
        enrol(connection, listed)


def test_preview_has_one_text_per_channel_language_and_kind(engine, record, settings, people):
    found = [
        (each.district_id, each.channel, each.language, each.household, each.people)
        for each in preview(engine, record, settings)
    ]
    # d2 is UNKNOWN: it has no order, so nobody there is told anything
    assert found == [
        ("d1", "email", "en", "general", 1),
        ("d1", "line", "ja", "car", 1),
        ("d1", "line", "ja", "general", 2),
    ]


def test_each_kind_of_household_reads_its_own_shelter(engine, record, settings, people):
    texts = {
        each.household: each.message.body.decode()
        for each in preview(engine, record, settings)
        if each.language == "ja"
    }
    assert "高台小学校" in texts["general"]
    assert "川辺公民館" not in texts["general"]
    assert "・川辺公民館" in texts["car"]
    assert "川辺公民館(" not in texts["car"]  # no minutes by road
    assert "高台小学校" not in texts["car"]


def test_an_approval_freezes_exactly_what_the_preview_showed(engine, record, settings, people):
    shown = preview(engine, record, settings)
    seen = {each.sha256 for each in shown}
    (done,) = approve(engine, record, settings, district_ids=["d1"], seen=seen, **OFFICERS)
    assert (done.district_id, done.people, done.texts) == ("d1", 4, 3)
    with engine.connect() as connection:
        rows = connection.execute(
            select(outbox.c.channel, outbox.c.recipients, message.c.sha256, message.c.household)
            .join(message, message.c.message_id == outbox.c.message_id)
            .order_by(outbox.c.channel, message.c.household)
        ).all()
    assert [(row.channel, len(row.recipients), row.household) for row in rows] == [
        ("email", 1, "general"),
        ("line", 1, "car"),
        ("line", 2, "general"),
    ]
    assert {row.sha256 for row in rows} == seen


def test_a_text_that_was_not_shown_forbids_the_approval(engine, record, settings, people):
    with pytest.raises(ValueError, match="not those that were shown"):
        approve(engine, record, settings, seen={"0" * 64}, **OFFICERS)
    with engine.connect() as connection:
        assert connection.execute(select(outbox.c.key)).all() == []


def test_pages_get_an_approved_text_in_every_language_of_settings_and_registry(
    engine, record, settings, people
):
    with engine.begin() as connection:
        enrol(connection, [person(9, language="vi")])
    approve(engine, record, settings, **OFFICERS)
    with engine.connect() as connection:
        found = connection.execute(
            select(message.c.language).where(message.c.form == "plain")
        ).scalars()
        assert sorted(found) == ["en", "ja", "vi"]


def test_a_district_without_an_order_cannot_be_named(engine, record, settings):
    with pytest.raises(ValueError, match=r"got \['d2'\]"):
        approve(engine, record, settings, district_ids=["d2"], **OFFICERS)


def test_a_csv_of_addresses_takes_the_place_of_the_registry(
    engine, record, settings, people, tmp_path
):
    path = tmp_path / "people.csv"
    path.write_text(f"district_id,channel,address\nd1,line,{USER.format(77)}\n")
    (done,) = approve(engine, record, settings, recipients=read_recipients(path), **OFFICERS)
    assert done.people == 1
    with engine.connect() as connection:
        assert connection.execute(select(outbox.c.recipients)).scalar() == [USER.format(77)]


def test_a_draft_that_was_changed_on_disk_cannot_be_approved(engine, record, settings, people):
    record["messages"][0]["body"] += "!"
    with pytest.raises(ValueError, match="sha256 differs"):
        approve(engine, record, settings, **OFFICERS)


def test_nothing_is_tried_after_line_forgets_its_retry_key(engine, record, settings, people):
    record["advice"][1]["valid_until"] = (NOW + timedelta(days=3)).isoformat()
    approve(engine, record, settings, **OFFICERS)
    with engine.connect() as connection:
        latest = max(connection.execute(select(outbox.c.expires)).scalars())
    assert latest == NOW + timedelta(hours=23)  # a key is good for 24 h


def test_preview_shows_no_address(engine, record, settings, people):
    said = repr(preview(engine, record, settings))
    assert USER.format(1) not in said
    assert "r4@mail.example" not in said


def test_texts_lead_to_the_map_that_the_settings_name_and_to_none_without(
    engine, record, settings, people
):
    linked = settings.model_copy(
        update={"district_map_url": "https://city.example/m/{district_id}"}
    )
    bodies = [each.message.body for each in preview(engine, record, linked)]
    plain = [each.message.body for each in preview(engine, record, settings)]
    assert len(bodies) == len(plain) > 0
    assert all(b"https://city.example/m/d1" in body for body in bodies)
    assert all(b"https://" not in body for body in plain)


def test_a_segment_for_everybody_reads_as_the_draft_of_the_run(run):
    (advice,) = [one for one in run.advice if one.district_id == "d1"]
    unknown = run.city.shelters.assign(status="unknown")  # the drafts of a run know no doors
    run = replace(run, city=replace(run.city, shelters=unknown))
    (written,) = segment_drafts(run, advice, [("line", "ja", "")])
    own = [one for one in run.messages if (one.district_id, one.form) == ("d1", "line")]
    assert [written] == own
