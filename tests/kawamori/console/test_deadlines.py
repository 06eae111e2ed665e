"""The time the mayor names: typed in Japan, in every text, seen alike by both officers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import approval, message
from kawamori.console.moments import typed_moment

PAGE = "/approvals/drill-town-live-1500Z"
TWO = "2026-07-01T02:00"  # two o'clock in Japan; the run is of midnight, the clock says 00:05
AT_TWO = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)
LEVEL_4_ENDS = "2026-07-01T06:01"  # one minute after the validity of the order


@pytest.fixture
def desk(console):
    """Give the console with one mail address in d1."""
    person = Person("d1", "ja", "general", datetime(2026, 1, 1, tzinfo=UTC), "test",
                    (("email", "a@example.jp"),))  # fmt: skip
    with console.engine.begin() as connection:
        enrol(connection, [person])
    return console


@pytest.fixture
def first(desk):
    return desk.browser("approver", name="first")


@pytest.fixture
def second(desk):
    return desk.browser("approver", name="second")


def look(browser, until: str = "") -> str:
    return browser.get(f"{PAGE}?{urlencode({'until': until})}" if until else PAGE).text


def press(browser, until: str = "", shown: str = ""):
    """Approve what the page shows with a time, or what was `shown` before."""
    found = shown or re.search(r'value="(d1=[0-9a-f]{64})"', look(browser, until))[1]
    return browser.post(PAGE, data={"version": found, "read": "yes", "until": until})


def approved(desk):
    with desk.engine.connect() as connection:
        return list(connection.execute(select(approval)))


def test_time_is_in_the_preview_marked_and_in_every_text_that_leaves(desk, first, second) -> None:
    assert "2時00分までに" not in look(first)
    shown = look(first, TWO)
    assert re.search(r"<ins>[^<]*2時00分までに[^<]*</ins>", shown)
    assert "7/1 02:00" in shown
    assert press(first, TWO).status_code == 303
    waiting = look(second)  # the second officer types nothing and reads the same
    assert "2時00分までに" in waiting
    assert press(second).status_code == 303
    (done,) = approved(desk)
    assert (done.finish_by, done.second_officer) == (AT_TWO, "second")
    with desk.engine.connect() as connection:
        bodies = [bytes(row.body).decode() for row in connection.execute(select(message))]
    said = [re.search(r"2時(00分)?までに", body) is not None for body in bodies]
    assert sum(said) >= len(said) - 1  # all but a form that has no room for it
    assert "2時00分までに" in look(second)  # and the page still shows what was approved


def test_second_officer_cannot_slip_another_time_in(desk, first, second) -> None:
    press(first, TWO)
    three = TWO.replace("02:00", "03:00")
    assert "3時00分までに" not in look(second, three)  # what the first one saw stands
    assert press(second, three).status_code == 303
    assert approved(desk)[0].finish_by == AT_TWO


def test_approval_of_texts_shown_with_another_time_is_stale(desk, first) -> None:
    shown = re.search(r'value="(d1=[0-9a-f]{64})"', look(first, TWO))[1]
    assert press(first, "", shown).status_code == 409
    assert press(first, "2026-07-01T02:30", shown).status_code == 409
    assert press(first, TWO, shown).status_code == 303


@pytest.mark.parametrize("wrong", ["2026-07-01T00:05", "2026-06-30T23:00", "tonight"])
def test_time_that_has_passed_is_told_beside_the_field_and_nothing_can_be_approved(
    desk, first, wrong: str
) -> None:
    answer = first.get(f"{PAGE}?{urlencode({'until': wrong})}")
    assert answer.status_code == 422
    assert 'role="alert" id="until-fault"' in answer.text
    assert 'name="version"' not in answer.text
    assert press(first, wrong, "d1=" + "0" * 64).status_code == 422


def test_time_after_the_validity_stops_the_district(desk, first) -> None:
    assert "有効期限より後" in look(first, LEVEL_4_ENDS)
    assert 'value="d1=' not in look(first, LEVEL_4_ENDS)
    assert 'value="d1=' in look(first, "2026-07-01T06:00")


def test_time_that_passes_while_waiting_for_the_second_officer_is_refused(
    desk, first, second
) -> None:
    press(first, "2026-07-01T00:15")
    shown = re.search(r'value="(d1=[0-9a-f]{64})"', look(second))[1]
    desk.clock.move(minutes=11)  # 00:16, the first approval still stands
    assert press(second, "", shown).status_code == 422
    assert approved(desk) == []


def test_edit_of_a_text_with_another_time_does_not_stand(desk, first, second) -> None:
    officer = desk.browser("officer")
    whole = officer.get(f"{PAGE}/texts/d1?{urlencode({'until': TWO})}").text
    path = re.search(rf'href="({PAGE}/edit/[^"]+)"[^>]*>[^<]*<span[^>]*>[^<]* mail ja', whole)[1]
    text = officer.get(path.replace("&amp;", "&")).text
    base = re.search(r'name="base" value="(\w+)"', text)[1]
    words = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)[1]
    subject = re.search(r'name="subject" value="([^"]+)"', text)[1]
    form = {"subject": subject, "words": words + "\n橋は渡らないでください。", "base": base}
    assert officer.post(path, data={**form, "confirmed": "yes"}).status_code == 303
    assert "橋は渡らない" in look(first, TWO)
    other = look(first, "2026-07-01T03:00")
    assert "橋は渡らない" not in other
    assert "別の時刻の文面を直したものが1件" in other
    press(first, TWO)
    press(second)
    with desk.engine.connect() as connection:
        bodies = [bytes(row.body).decode() for row in connection.execute(select(message))]
    assert any("橋は渡らない" in body for body in bodies)


def test_deadline_lies_ahead_of_the_order_by_its_own_clock(desk, first, second) -> None:
    ahead = typed_moment(desk.clock() + timedelta(minutes=1))
    assert 'name="version"' in look(first, ahead)
