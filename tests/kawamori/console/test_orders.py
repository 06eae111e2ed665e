"""What an officer is told of a cancelled order: nothing stands, nothing comes back by itself."""

from __future__ import annotations

import dataclasses
import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import approval, message
from kawamori.drafts import drafts
from kawamori.store import runs
from kawamori.stored import store_and_report

FIRST = "drill-town-live-1500Z"
MAIL = ("mail", "ja")


@pytest.fixture
def desk(console):
    """Give the console with one mail address in d1."""
    person = Person("d1", "ja", "general", datetime(2026, 1, 1, tzinfo=UTC), "test",
                    (("email", "a@example.jp"),))  # fmt: skip
    with console.engine.begin() as connection:
        enrol(connection, [person])
    return console


def newer(desk, name: str = "newer", minutes: int = 10):
    """Store a run of the same city ten minutes on, with advice and texts of its own time."""
    at = desk.run.issued_at + timedelta(minutes=minutes)
    advice = tuple(
        dataclasses.replace(one, issued_at=at, digest="c" * 64) for one in desk.run.advice
    )
    texts = tuple(drafts(desk.run.city, advice, desk.run.states, drill=False))
    made = dataclasses.replace(desk.run, run_id=name, issued_at=at, advice=advice, messages=texts)
    store_and_report(made, name, desk.settings)
    with desk.engine.begin() as connection:
        folder = str(desk.settings.out / name)
        connection.execute(update(runs).where(runs.c.run_id == name).values(folder=folder))
    desk.clock.move(minutes=minutes)


def approve(desk, run_id: str = FIRST):
    """Approve d1 by two officers; give the approval."""
    for name in ("first", "second"):
        browser = desk.browser("approver", name=name)
        shown = re.search(r'value="(d1=[0-9a-f]{64})"', page(browser, run_id))[1]
        form = {"version": shown, "read": "yes"}
        assert browser.post(f"/approvals/{run_id}", data=form).status_code == 303
    with desk.engine.connect() as connection:
        query = select(approval).where(approval.c.run_id == run_id)
        return connection.execute(query.order_by(approval.c.at.desc())).first()


def page(browser, run_id: str = FIRST) -> str:
    return html.unescape(browser.get(f"/approvals/{run_id}").text)


def send(desk) -> None:
    deliver(desk.engine, {"email": RecordingChannel("email", "mail")}, now=desk.clock())


def cancel(desk, done, reason: str = "誤り"):
    form = {"approval_id": done.approval_id, "reason": reason}
    browser = desk.browser("approver", name="first")
    return browser.post(f"/approvals/{done.run_id}/cancel", data=form)


def test_cancelled_newer_order_does_not_revive_the_one_it_ended(desk) -> None:
    earlier = approve(desk)  # at 00:05
    newer(desk)
    later = approve(desk, "newer")
    assert cancel(desk, later).status_code == 303
    with desk.engine.connect() as connection:
        ended = connection.execute(select(approval.c.voided_at)).scalars().all()
    assert None not in ended  # neither stands
    text = page(desk.browser("viewer"), "newer")
    assert "いま有効な避難情報はありません。" in text
    assert "その前の 7/1 00:05 の 避難指示 は戻りません" in text
    assert earlier.approval_id != later.approval_id
    desk.clock.move(minutes=1)
    approve(desk, "newer")  # said again by two officers, then it stands
    text = page(desk.browser("viewer"), "newer")
    assert "いま有効:" in text
    assert "ありません。" not in text.split('id="d1"')[1].split("<h3>")[0]


def test_only_order_cancelled_leaves_none_and_speaks_of_no_earlier_one(desk) -> None:
    cancel(desk, approve(desk))
    text = page(desk.browser("viewer"))
    assert "いま有効な避難情報はありません。" in text
    assert "誰にも届いていません" in text
    assert "戻りません" not in text


def test_order_of_an_earlier_run_is_shown_and_reached_from_the_newest(desk) -> None:
    approve(desk)
    newer(desk)
    text = page(desk.browser("viewer"), "newer")
    assert f'href="/approvals/{FIRST}#d1"' in text
    old = page(desk.browser("approver", name="first"))
    assert f'action="/approvals/{FIRST}/cancel"' in old  # still to be cancelled there


def test_text_after_a_cancelled_one_that_was_told_is_its_correction(desk) -> None:
    done = approve(desk)
    send(desk)
    assert cancel(desk, done).status_code == 303
    browser = desk.browser("approver", name="first")
    text = page(browser)
    assert "1件に届きました" in text
    assert "【訂正】" in text
    desk.clock.move(minutes=1)
    again = approve(desk)
    assert again.occasion == "corrected"
    with desk.engine.connect() as connection:
        query = select(message).where(message.c.approval_id == again.approval_id)
        mails = [row for row in connection.execute(query) if (row.form, row.language) == MAIL]
    for mail in mails:  # for every kind of household
        assert "訂正" in mail.subject
        assert "0時00分のお知らせに誤りがありました" in bytes(mail.body).decode()
    shown = page(browser)  # goes on showing what was approved
    assert any(mail.sha256[:12] in shown for mail in mails)


def test_correction_may_come_from_a_newer_run(desk) -> None:
    done = approve(desk)
    send(desk)
    cancel(desk, done)
    newer(desk)
    again = approve(desk, "newer")
    assert again.occasion == "corrected"
    later = newer(desk, "third", 20)
    assert later is None
    third = approve(desk, "third")  # what stands now is the correction: this one is new or changed
    assert third.occasion != "corrected"


def test_cancelled_text_that_reached_nobody_is_no_correction(desk) -> None:
    cancel(desk, approve(desk))
    desk.clock.move(minutes=1)
    assert approve(desk).occasion == "new"


def test_stale_approval_after_a_cancel_is_refused(desk) -> None:
    browser = desk.browser("approver", name="third")
    shown = re.search(r'value="(d1=[0-9a-f]{64})"', page(browser))[1]
    cancel(desk, approve(desk))
    answer = browser.post(f"/approvals/{FIRST}", data={"version": shown, "read": "yes"})
    assert answer.status_code == 409
