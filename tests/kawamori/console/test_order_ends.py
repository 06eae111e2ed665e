"""The end of an order from the page: its exact texts first, and two officers for level 4."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts.enrolment import enrol
from alerts.recipients import Person
from alerts.schema import approval, outbox
from kawamori.approval import approve
from kawamori.stored import read_record

FIRST, SECOND = "first", "second"


@pytest.fixture
def order(console):
    """Give the page of the standing order of d1, level 4, told to two people."""
    added = datetime(2026, 1, 1, tzinfo=UTC)
    with console.engine.begin() as connection:
        enrol(connection, [
            Person("d1", "ja", "general", added, "窓口", (("email", f"{name}@mail.example"),))
            for name in "ab"
        ])  # fmt: skip
    record = read_record(console.engine, console.run.run_id)
    (made,) = approve(
        console.engine, record, console.settings, officer="佐藤", second="鈴木", at=console.clock()
    )
    console.clock.move(minutes=20)
    return f"/orders/{made.approval_id}"


def press(browser, page, kind="lifted", **changes):
    shown = browser.get(f"{page}?kind={kind}").text
    fields = dict(re.findall(r'name="(kind|version|at)" value="([^"]*)"', html.unescape(shown)))
    return browser.post(f"{page}/end", data={**fields, "read": "yes", **changes})


def ends(console):
    with console.engine.connect() as connection:
        return list(connection.execute(select(approval).where(approval.c.occasion != "new")))


def test_the_page_shows_what_would_be_told_and_to_how_many(console, order) -> None:
    shown = html.unescape(console.browser("viewer").get(order).text)
    assert "避難指示を解除" in shown
    assert "2人" in shown
    assert "観測水位" not in shown  # a level that was reached is no reason to lift
    assert "解除を承認する" not in shown  # a viewer approves nothing
    assert order in console.browser("approver").get(f"/approvals/{console.run.run_id}").text


@pytest.mark.parametrize("kind", ["lifted", "withdrawn"])
def test_two_officers_end_an_order_of_level_4(console, order, kind) -> None:
    first, second = (console.browser("approver", name=name) for name in (FIRST, SECOND))
    assert press(first, order, kind).headers["location"] == f"{order}?kind={kind}"
    assert ends(console) == []
    console.clock.move(minutes=3)  # the texts stay those that the first officer saw
    assert press(second, order, kind).status_code == 303
    (done,) = ends(console)
    assert (done.occasion, done.first_officer, done.second_officer) == (kind, FIRST, SECOND)
    assert done.at == console.clock()
    with console.engine.connect() as connection:
        sent = connection.execute(
            select(outbox.c.recipients).where(outbox.c.approval_id == done.approval_id)
        ).scalars()
        people = sorted(one for some in sent for one in some)
    assert people == ["a@mail.example", "b@mail.example"]
    assert press(first, order, kind, version="0", at=str(console.clock())).status_code == 422


def test_one_officer_does_not_end_it_alone(console, order) -> None:
    first = console.browser("approver", name=FIRST)
    press(first, order)
    shown = first.get(order).text
    assert "別の職員の承認を待っています" in shown
    fields = {"kind": "lifted", "version": "0" * 64, "at": console.clock().isoformat()}
    assert first.post(f"{order}/end", data={**fields, "read": "yes"}).status_code == 409
    assert ends(console) == []


def test_a_first_approval_goes_stale(console, order) -> None:
    press(console.browser("approver", name=FIRST), order)
    console.clock.move(minutes=16)
    press(console.browser("approver", name=SECOND), order)
    assert ends(console) == []  # the second one became a first


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"read": ""}, 422), ({"version": "0" * 64}, 409), ({"kind": "other"}, 422),
     ({"at": "2026-06-30T14:00:00+00:00"}, 409), ({"at": "2026-06-30T15:10:00"}, 409)],
)  # fmt: skip
def test_an_end_that_was_not_shown_so_is_refused(console, order, changes, status) -> None:
    assert press(console.browser("approver"), order, **changes).status_code == status
    assert ends(console) == []


def test_a_level_3_order_is_ended_by_one_officer(console, order) -> None:
    with console.engine.begin() as connection:
        connection.execute(approval.update().values(level=3))
    assert press(console.browser("approver"), order).status_code == 303
    (done,) = ends(console)
    assert done.second_officer is None
    assert done.expires - done.at <= timedelta(hours=6)


def test_an_order_that_is_not_there_is_named(console) -> None:
    assert console.browser("viewer").get("/orders/none").status_code == 422
