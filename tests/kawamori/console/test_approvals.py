"""Approving: two officers, once, only what was shown, only while it stands."""

from __future__ import annotations

import dataclasses
import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from advisory.types import Level
from alerts.channels.recording import RecordingChannel
from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import approval, message, outbox
from kawamori.console.approvals import board_of
from kawamori.console.proposals import proposal
from kawamori.drafts import drafts
from kawamori.stored import store_and_report

RUN = "drill-town-live-1500Z"
PAGE = f"/approvals/{RUN}"


def people(district_id: str, *addresses: str) -> list[Person]:
    return [
        Person(
            district_id,
            "ja",
            "general",
            datetime(2026, 1, 1, tzinfo=UTC),
            "test",
            (("email", address),),
        )
        for address in addresses
    ]


@pytest.fixture
def desk(console):
    """Give the console with two people of d1 in the registry."""
    with console.engine.begin() as connection:
        enrol(connection, people("d1", "a@example.jp", "b@example.jp"))
    return console


@pytest.fixture
def first(desk):
    return desk.browser("approver", name="first")


@pytest.fixture
def second(desk):
    return desk.browser("approver", name="second")


def version(browser, district_id: str = "d1") -> str:
    found = re.search(rf'value="({district_id}=[0-9a-f]{{64}})"', browser.get(PAGE).text)
    assert found is not None
    return found[1]


def press(browser, shown: str):
    return browser.post(PAGE, data={"version": shown, "read": "yes"})


def approved(console) -> list:
    with console.engine.connect() as connection:
        return list(connection.execute(select(approval)))


def test_page_shows_exact_texts_people_and_digests(desk, first) -> None:
    text = html.unescape(first.get(PAGE).text)
    mail = _mail(desk)
    whole = html.unescape(first.get(f"{PAGE}/texts/d1").text)
    assert mail.body.decode() in whole
    assert mail.sha256 in whole
    assert mail.sha256[:12] in text
    assert "<dt>宛先(件)</dt><dd>2 <small>email 2</small></dd>" in text


def test_level_4_leaves_after_two_officers_and_not_before(desk, first, second) -> None:
    assert press(first, version(first)).status_code == 303
    assert approved(desk) == []
    assert press(second, version(second)).status_code == 303
    (done,) = approved(desk)
    assert (done.first_officer, done.second_officer, done.level) == ("first", "second", 4)
    with desk.engine.connect() as connection:
        (row,) = connection.execute(select(outbox))
    assert (row.state, sorted(row.recipients)) == ("waiting", ["a@example.jp", "b@example.jp"])


def test_same_officer_cannot_be_the_second(desk, first) -> None:
    press(first, version(first))
    answer = press(first, version(first))
    assert answer.status_code == 422
    assert approved(desk) == []


def test_database_refuses_one_officer_twice_whatever_the_code_does(desk) -> None:
    row = {
        "proposal_id": "p", "run_id": "r", "district_id": "d", "level": 4, "digest": "x",
        "state": "approved", "first_officer": "a", "at": desk.clock(), "expires": desk.clock(),
    }  # fmt: skip
    for seconded in ({"second_officer": "a"}, {"second_officer": None}):
        with pytest.raises(IntegrityError), desk.engine.begin() as connection:
            connection.execute(insert(proposal).values(**row, **seconded))


def test_two_officers_pressing_at_once_approve_once(desk, first) -> None:
    press(first, version(first))
    browsers = [desk.browser("approver", name=f"officer-{number}") for number in range(4)]
    shown = [version(each) for each in browsers]
    gate = Barrier(len(browsers))

    def race(number: int) -> int:
        gate.wait(timeout=60)
        return press(browsers[number], shown[number]).status_code

    with ThreadPoolExecutor(len(browsers)) as pool:
        answers = sorted(pool.map(race, range(len(browsers))))
    assert answers == [303, 409, 409, 409]
    assert len(approved(desk)) == 1


def test_two_first_approvals_at_once_leave_one_pending(desk) -> None:
    browsers = [desk.browser("approver", name=f"officer-{number}") for number in range(2)]
    shown = [version(each) for each in browsers]
    assert [press(*each).status_code for each in zip(browsers, shown, strict=True)] == [303, 409]
    assert approved(desk) == []  # the second one has not seen that it would be the last


def test_replayed_approval_is_refused(desk, first, second) -> None:
    press(first, version(first))
    shown = version(second)
    assert press(second, shown).status_code == 303
    assert press(second, shown).status_code == 409
    assert press(desk.browser("approver", name="third"), shown).status_code == 409
    assert len(approved(desk)) == 1


def test_first_approval_lapses_after_a_quarter_of_an_hour(desk, first, second) -> None:
    press(first, version(first))
    desk.clock.move(minutes=16)
    press(second, version(second))  # is the first one again
    assert approved(desk) == []
    assert press(first, version(first)).status_code == 303
    assert approved(desk)[0].first_officer == "second"


def test_more_people_than_the_first_officer_saw_need_a_new_look(desk, first, second) -> None:
    press(first, version(first))
    with desk.engine.begin() as connection:
        enrol(connection, people("d1", "c@example.jp"))
    assert press(second, version(second)).status_code == 409
    assert approved(desk) == []


def test_unread_texts_are_not_approved(desk, first) -> None:
    assert first.post(PAGE, data={"version": version(first)}).status_code == 422
    assert first.post(PAGE, data={"read": "yes"}).status_code == 422
    assert press(first, "d1=" + "0" * 64).status_code == 409
    assert press(first, "d2=" + "0" * 64).status_code == 404  # UNKNOWN has no order


def test_expired_advice_cannot_be_approved(desk, first) -> None:
    shown = version(first)
    desk.clock.move(hours=6)
    assert press(desk.browser("approver", name="late"), shown).status_code == 422


def test_superseded_run_cannot_be_approved(desk, first) -> None:
    shown = version(first)
    later = dataclasses.replace(
        desk.run, run_id="later", issued_at=desk.run.issued_at + timedelta(minutes=10)
    )
    store_and_report(later, "later", desk.settings)
    assert press(first, shown).status_code == 422
    assert "新しい計算" in first.get(PAGE).text
    assert first.get("/approvals").headers["location"] == "/approvals/later"


def test_officer_may_read_but_not_approve(desk) -> None:
    officer = desk.browser("officer")
    assert officer.get(PAGE).status_code == 200
    assert press(officer, "d1=" + "0" * 64).status_code == 403


def test_level_3_needs_one_approver(build_console, live_run) -> None:
    advice = tuple(
        dataclasses.replace(one, level=Level.ELDERLY) if one.district_id == "d1" else one
        for one in live_run.advice
    )
    texts = drafts(live_run.city, advice, live_run.states, drill=False)
    console = build_console(
        dataclasses.replace(live_run, run_id="level-3", advice=advice, messages=tuple(texts))
    )
    browser = console.browser("approver")
    page = browser.get("/approvals/level-3").text
    shown = re.search(r'value="(d1=[0-9a-f]{64})"', page)[1]
    answer = browser.post("/approvals/level-3", data={"version": shown, "read": "yes"})
    assert answer.status_code == 303
    assert [(row.level, row.second_officer) for row in approved(console)] == [(3, None)]


def test_return_needs_a_reason_and_ends_the_first_approval(desk, first, second) -> None:
    press(first, version(first))
    form = {"version": version(second), "reason": " "}
    assert second.post(f"{PAGE}/return", data=form).status_code == 422
    form["reason"] = "避難先が違う"
    assert second.post(f"{PAGE}/return", data=form).status_code == 303
    assert "避難先が違う" in first.get(PAGE).text
    press(second, version(second))
    assert approved(desk) == []  # a first approval again


def _mail(desk):
    """Give the mail of d1 that goes to somebody."""
    board = board_of(desk.app.state.desk, RUN)
    return next(text.message for text in board.district("d1").texts if text.people)


def test_edit_shows_its_diff_and_is_what_leaves(desk, first, second) -> None:
    officer = desk.browser("officer")
    mail = _mail(desk)
    path, words, base = f"{PAGE}/edit/{mail.message_id}", mail.body.decode(), mail.sha256
    new = words + "\n橋は渡らないでください。"
    form = {"subject": mail.subject, "words": new, "base": base}
    shown = officer.post(path, data=form)
    assert shown.status_code == 200
    assert "<ins>\n橋は渡らないでください。</ins>" in shown.text
    assert officer.post(path, data={**form, "confirmed": "yes"}).status_code == 303
    press(first, version(first))
    press(second, version(second))
    with desk.engine.connect() as connection:
        sent = select(message).join(outbox, outbox.c.message_id == message.c.message_id)
        (row,) = connection.execute(sent)
    assert row.body.decode() == new.strip()
    assert row.sha256 != base


@pytest.mark.parametrize(
    ("added", "word"),
    [
        ("水位は4.8mになります。", "figure"),
        ("あふれる確率は90%です。", "figure"),
        ("水位は八メートルになる。", "figure"),
        ("2時間後に越える見込みです。", "forecast"),
        ("川守町大洪水警報を出しました。", "warning"),
        ("\u202e逆さ", "invisible"),
    ],
)
def test_edit_cannot_add_a_forecast_or_coin_a_warning(desk, added: str, word: str) -> None:
    officer = desk.browser("officer")
    mail = _mail(desk)
    path, words, base = f"{PAGE}/edit/{mail.message_id}", mail.body.decode(), mail.sha256
    form = {"subject": mail.subject, "words": f"{words}\n{added}", "base": base, "confirmed": "yes"}
    answer = officer.post(path, data=form)
    assert answer.status_code == 422
    assert word in answer.text


def test_edit_ends_a_first_approval_and_a_stale_edit_is_refused(desk, first, second) -> None:
    press(first, version(first))
    officer = desk.browser("officer")
    mail = _mail(desk)
    path, words, base = f"{PAGE}/edit/{mail.message_id}", mail.body.decode(), mail.sha256
    form = {"subject": mail.subject, "words": words + "\nあ", "base": base, "confirmed": "yes"}
    assert officer.post(path, data=form).status_code == 303
    assert officer.post(path, data=form).status_code in {404, 409}
    press(second, version(second))
    assert approved(desk) == []


def test_cancel_stops_what_has_not_left_and_a_corrected_text_can_follow(
    desk, first, second
) -> None:
    press(first, version(first))
    press(second, version(second))
    (done,) = approved(desk)
    form = {"approval_id": done.approval_id, "reason": "誤り"}
    assert first.post(f"{PAGE}/cancel", data=form).status_code == 303
    assert first.post(f"{PAGE}/cancel", data=form).status_code == 409
    with desk.engine.connect() as connection:
        assert [row.state for row in connection.execute(select(outbox))] == ["void"]
    desk.clock.move(minutes=1)
    press(first, version(first))
    assert press(second, version(second)).status_code == 303
    with desk.engine.connect() as connection:
        states = sorted(row.state for row in connection.execute(select(outbox)))
    assert states == ["void", "waiting"]


def test_progress_follows_the_delivery(desk, first, second) -> None:
    assert "送信処理はまだ動いていません" in first.get(PAGE).text
    press(first, version(first))
    press(second, version(second))
    assert "送信待ち" in first.get(f"{PAGE}/progress").text
    deliver(desk.engine, {"email": RecordingChannel("email", "mail")}, now=desk.clock())
    told = first.get(f"{PAGE}/progress").text
    assert "受け付けられた" in told
    assert "every 3s" not in told  # nothing is left to wait for


@pytest.mark.parametrize("path", ["/approvals/nothing", f"{PAGE}/texts/d2", f"{PAGE}/edit/x"])
def test_what_is_not_stored_is_not_found(desk, path: str) -> None:
    assert desk.browser("approver").get(path).status_code == 404
