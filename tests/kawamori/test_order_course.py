"""One order from its first approval to its end, over every channel, on both kinds of store."""

from __future__ import annotations

import json
import smtplib
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from linebot.v3.messaging import Configuration
from sqlalchemy import select

from advisory.types import Level
from alerts.cap.reading import read_document, text_of
from alerts.channels.cap import CapChannel
from alerts.channels.email import EmailChannel
from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.ledger import faults, read, read_head
from alerts.receipts import proof, proves
from alerts.recipients import Person
from alerts.schema import approval, message
from benchmarks.line_service import TOKEN
from kawamori.approval import approve, preview
from kawamori.bot_world import Known, WorldNow
from kawamori.cap_feed import cap_router
from kawamori.drafts import drafts
from kawamori.endings import end_order
from kawamori.record import plain, run_json
from kawamori.settings import Settings
from kawamori.store import complete, opened_store, start
from kawamori.stored import read_record

USER, MAIL = f"U{1:032x}", "resident@mail.example"
OFFICERS = {"officer": "佐藤", "second": "鈴木"}
STEP = timedelta(minutes=10)


class Desk:
    """A store, its channels, and a clock that the test moves."""

    def __init__(self, engine, settings, run, line, smtp):
        self.engine, self.settings, self.run, self.now = engine, settings, run, run.issued_at
        with engine.begin() as connection:
            enrol(connection, [
                Person("d1", "ja", "general", run.issued_at, "窓口", (("line", USER),)),
                Person("d1", "en", "general", run.issued_at, "窓口", (("email", MAIL),)),
            ])  # fmt: skip
        self.channels = {
            "line": LineChannel(Configuration(host=line.host, access_token=TOKEN)),
            "email": EmailChannel(
                lambda: smtplib.SMTP("127.0.0.1", smtp.port, timeout=30),
                sender="bousai@city.example", clock=lambda: self.now,
            ),
            "cap": CapChannel(
                settings.cap_feed, sender=settings.cap_sender, clock=lambda: self.now
            ),
        }  # fmt: skip

    def store(self, number, level):
        """Compute a run anew: the same town ten minutes later, its district at another level."""
        self.now += STEP
        advice = tuple(
            replace(one, issued_at=self.now, digest=f"{number:064x}",
                    level=level if one.district_id == "d1" else one.level)
            for one in self.run.advice
        )  # fmt: skip
        run = replace(self.run, run_id=f"run-{number}", issued_at=self.now, drill=False,
                      advice=advice)  # fmt: skip
        run = replace(run, messages=drafts(run.city, advice, run.states, drill=False))
        folder = self.settings.home / run.run_id
        folder.mkdir()
        (folder / "run.json").write_text(run_json(run), encoding="utf-8")
        start(self.engine, run_id=run.run_id, name=run.run_id, city_id=run.city.city_id,
              issued_at=run.issued_at, drill=False)  # fmt: skip
        complete(self.engine, run.run_id, input_digest="d", folder=folder,
                 advice=[plain(each) for each in advice])  # fmt: skip
        return read_record(self.engine, run.run_id)

    def approve(self, number, level, **given):
        """Store a run, look at its texts, and approve what was shown."""
        record = self.store(number, level)
        shown = preview(self.engine, record, self.settings, **given)
        self.now += STEP
        (made,) = approve(self.engine, record, self.settings, at=self.now, **OFFICERS, **given,
                          seen=[each.sha256 for each in shown])  # fmt: skip
        return made.approval_id

    def send(self):
        return deliver(self.engine, self.channels, now=self.now)

    def order(self):
        """Give what the chat says stands for the district."""
        known = Known("", None, self.run.city)
        return WorldNow(self.settings, self.engine, known, self.now).order("d1", "ja")

    def published(self):
        paths = self.settings.cap_feed.glob("*.xml")
        roots = [read_document(path.read_bytes()) for path in paths]
        return {text_of(root, "msgType"): text_of(root, "references") for root in roots}

    def feed(self):
        app = FastAPI()
        app.include_router(cap_router(self.settings.cap_feed, clock=lambda: self.now))
        return TestClient(app).get("/cap/feed.xml").text


@pytest.fixture
def desk(store_url, tmp_path, made_run, line_double, smtp_double):
    settings = Settings(home=tmp_path / "home", database_url=store_url,
                        cap_sender="kawamori@city.example")  # fmt: skip
    settings.home.mkdir()
    with opened_store(store_url) as engine:
        desk = Desk(engine, settings, made_run, line_double, smtp_double)
        yield desk
        for channel in desk.channels.values():
            channel.close()


def mails(smtp_double):
    return [mail["Subject"] for _, mail in smtp_double.mails]


def test_an_order_is_told_raised_and_lifted_and_everybody_can_prove_it(
    desk, line_double, smtp_double
):
    line_double.fail(500)  # LINE does not get the first order before the second is approved
    first = desk.approve(1, Level.ELDERLY)
    assert sorted(one.state for one in desk.send()) == ["accepted", "accepted", "waiting"]
    assert (desk.order().level, list(desk.published())) == (3, ["Alert"])

    second = desk.approve(2, Level.EVACUATE, finish_by=desk.now + timedelta(hours=2))
    assert {one.state for one in desk.send()} == {"accepted"}
    told = json.dumps(line_double.inboxes[USER], ensure_ascii=False)
    assert len(line_double.inboxes[USER]) == 1  # the older order never left
    assert "高齢者等避難から引き上げました" in told.replace("\\n", "")
    assert (desk.order().level, desk.feed().count("<entry>")) == (4, 1)
    assert desk.published()["Update"].startswith("kawamori@city.example,")

    desk.now += STEP
    third = end_order(second, desk.settings, kind="lifted", at=desk.now, **OFFICERS)
    assert desk.order() is None
    assert {one.state for one in desk.send()} == {"accepted"}
    assert sorted(desk.published()) == ["Alert", "Cancel", "Update"]
    assert [len(line_double.inboxes[USER]), len(mails(smtp_double))] == [2, 3]
    assert "lifted" in mails(smtp_double)[-1]

    with desk.engine.connect() as connection:
        entries = list(read(connection))
        assert list(faults(entries, read_head(connection))) == []
        facts = [json.loads(each.facts) for each in entries if each.kind == "approval"]
        batches = [batch for each in facts for batch in each["batches"]]
        for address, approvals in ((USER, [first, second, third]), (MAIL, [first, second, third])):
            for approval_id in approvals:
                (given,) = proof(connection, address, approval_id)
                assert proves(given, address, batches)
                assert not proves(given, f"x{address}", batches)


def test_what_pages_and_radio_say_is_shown_and_approved_as_a_change_too(desk):
    desk.approve(1, Level.EMERGENCY)
    record = desk.store(2, Level.ELDERLY)
    shown = {one.message.form: one for one in preview(desk.engine, record, desk.settings)}
    assert {"line", "mail", "spoken", "urgent"} <= set(shown)
    assert (shown["spoken"].channel, shown["spoken"].people) == (None, 0)
    desk.now += STEP
    (made,) = approve(desk.engine, record, desk.settings, at=desk.now, **OFFICERS)
    with desk.engine.connect() as connection:
        rows = connection.execute(
            select(message.c.form, message.c.sha256, message.c.body)
            .where(message.c.approval_id == made.approval_id, message.c.language == "ja")
        ).all()  # fmt: skip
    bodies = {row.form: row.body.decode() for row in rows}
    assert shown["spoken"].message.sha256 in {row.sha256 for row in rows}
    # after level 5 water may stand in the streets: nobody is sent to the school
    assert all("高台小学校" not in body for body in bodies.values())


def test_the_deadline_that_the_mayor_names_is_said_and_kept(desk):
    until = desk.now + timedelta(hours=3)  # 15:00 UTC + 3 h is 3:00 in Japan
    made = desk.approve(1, Level.EVACUATE, finish_by=until)
    with desk.engine.connect() as connection:
        kept = connection.execute(select(approval.c.finish_by)).scalar_one()
        bodies = connection.execute(
            select(message.c.body).where(
                message.c.approval_id == made, message.c.language == "ja",
                message.c.form.in_(["line", "plain", "spoken"]),
            )
        ).scalars().all()  # fmt: skip
    assert kept == until
    assert all("3時" in body.decode() for body in bodies)


def test_a_deadline_in_the_past_is_refused(desk):
    record = desk.store(1, Level.EVACUATE)
    with pytest.raises(ValueError, match="finish_by must lie after"):
        approve(desk.engine, record, desk.settings, at=desk.now, finish_by=desk.now, **OFFICERS)
