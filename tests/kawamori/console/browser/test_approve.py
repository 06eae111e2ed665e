"""The whole way in Chromium: sign in, read, approve twice, deliver on the doubles, audit."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.deliver import deliver
from alerts.enrolment import enrol
from alerts.recipients import Person
from kawamori.console.accounts import add_account
from kawamori.dispatch import open_channels

pytestmark = pytest.mark.browser
RUN = "drill-town-live-1500Z"
PASSWORD = "a long phrase for the night shift"
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none
CONSENT = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESSES = [("email", "a@example.jp"), ("line", "U" + "1" * 32)]


@pytest.fixture
def desk(served, live_run):
    """Give the served console with a mail address and a LINE user in d1, and its address."""
    console, address = served(live_run)
    with console.engine.begin() as connection:
        people = [Person("d1", "ja", "general", CONSENT, "test", (each,)) for each in ADDRESSES]
        enrol(connection, people)
    return console, address


def secret_of(console, name: str) -> str:
    """Add an approver; give the one-time secret."""
    with console.engine.begin() as connection:
        return add_account(
            connection, name, name=f"当直 {name}", roles=["approver"], by="test", at=console.clock()
        )


def sign_in(visitor, name: str, secret: str) -> None:
    """Sign in with the one-time secret and choose a password."""
    page = visitor.page
    visitor.go("/approvals")
    page.get_by_label("利用者名").fill(name)
    page.get_by_label("パスワード", exact=True).fill(secret)
    page.get_by_role("button", name="サインイン").click()
    page.get_by_label("今のパスワード").fill(secret)
    page.get_by_label("新しいパスワード", exact=True).fill(PASSWORD)
    page.get_by_label("新しいパスワード(もう一度)").fill(PASSWORD)
    page.get_by_role("button", name="パスワードを変える").click()
    page.wait_for_url(re.compile(r"/(approvals.*)?$"))


def approve(visitor) -> None:
    """Approve what is chosen: two clicks after the page is open."""
    visitor.go(f"/approvals/{RUN}")
    visitor.page.get_by_label("本文・宛先の人数を読みました").check()
    visitor.page.get_by_role("button", name="選んだ地区を承認").click()
    visitor.page.wait_for_load_state()


def test_two_officers_approve_and_the_doubles_receive(
    desk, visit, doubles, smtp_double, line_double
) -> None:
    console, address = desk
    first, second = visit(address), visit(address)
    sign_in(first, "sato", secret_of(console, "sato"))
    sign_in(second, "ito", secret_of(console, "ito"))

    approve(first)
    first.page.get_by_text("1人目 sato が承認しました").wait_for()
    assert smtp_double.received() == []
    approve(second)
    second.page.get_by_text("承認済み: 1人目 sato、2人目 ito").wait_for()
    second.page.get_by_role("cell", name="送信待ち").first.wait_for()

    sending = {
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_double.port,
        "line_host": line_double.host,
        "line_token": doubles.TOKEN,
    }
    settings = type(console.settings)(**{**console.settings.model_dump(), **sending})
    channels = open_channels(settings)
    done = deliver(console.engine, channels, now=console.clock())
    for channel in channels.values():
        channel.close()
    assert sorted(each.state for each in done) == ["accepted", "accepted"]
    assert len(smtp_double.received()) == 1
    assert len(line_double.inboxes) == 1
    second.page.get_by_role("cell", name="受け付けられた").first.wait_for()  # without a reload

    second.go("/audit")
    second.page.get_by_role("cell", name="approval.first").first.wait_for()
    assert second.page.get_by_role("cell", name="approval", exact=True).count() == 1
    assert first.foreign == second.foreign == []
    assert first.faults == second.faults == []


def test_keyboard_alone_reads_and_approves(desk, visit) -> None:
    console, address = desk
    visitor = visit(address)
    sign_in(visitor, "sato", secret_of(console, "sato"))
    visitor.go(f"/approvals/{RUN}")
    page = visitor.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", page.evaluate(
            "document.activeElement.outerHTML"
        )  # one always sees where one is
        if page.evaluate("document.activeElement.name") == "read":
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("1人目 sato が承認しました").wait_for()


def test_edit_shows_what_changes(desk, visit) -> None:
    console, address = desk
    visitor = visit(address)
    sign_in(visitor, "sato", secret_of(console, "sato"))
    visitor.go(f"/approvals/{RUN}")
    page = visitor.page
    page.get_by_role("textbox", name=re.compile("避難を終える時刻")).fill("2026-07-01T02:00")
    page.get_by_role("button", name="文面に入れて確かめる").click()
    assert "2時00分までに" in page.locator("pre.diff ins").first.inner_text()
    assert visitor.axe() == []
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"approve-{width}.png"), full_page=True)
    page.get_by_text(re.compile("すべての本文と宛先")).first.click()
    page.get_by_role("link", name=re.compile(r"本文を直す.* mail")).first.click()
    box = page.get_by_label("本文", exact=True)
    box.fill(box.input_value() + "\n近所に声をかけてください。")
    page.get_by_role("button", name="修正を確かめる").click()
    assert page.locator("ins").inner_text().strip() == "近所に声をかけてください。"
    page.get_by_role("button", name="この修正を使う").click()
    page.get_by_text("修正あり").first.wait_for(state="attached")
    assert visitor.faults == []
