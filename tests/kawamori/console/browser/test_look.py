"""How pages look and read: no fault by axe, no sideways scroll, hostile names stay text."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import select

from alerts.schema import approval
from kawamori.approval import approve
from kawamori.stored import read_record

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
RUN = "drill-town-live-1500Z"
PAGES = ("/approvals", f"/approvals/{RUN}/texts/d1", "/audit", "/accounts", "/runs",
         "/account/password", "/field", "/nowhere")  # fmt: skip
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none
LEAK = {"kind": "abnormal_leak", "text": "右岸 3.2km から漏水", "by": "消防団第2分団",
        "at": "2026-07-01T00:02", "district": "d1"}  # fmt: skip


@pytest.fixture
def desk(served, live_run):
    """Give a served console and its address, with an order and a report from the field in force."""
    console, address = served(live_run)
    record = read_record(console.engine, RUN)
    people = {"officer": "佐藤", "second": "鈴木"}
    approve(console.engine, record, console.settings, at=console.clock(), **people)
    assert console.browser("officer").post("/field", data=LEAK).status_code == 303
    return console, address


@pytest.fixture
def pages(desk):
    """Give every page, that of the standing order too."""
    with desk[0].engine.connect() as connection:
        standing = connection.execute(select(approval.c.approval_id)).scalar_one()
    return (*PAGES, f"/orders/{standing}")


@pytest.fixture
def admin(desk, visit):
    """Give a signed-in admin at a desk and the function that seats them elsewhere."""
    console, address = desk
    session = console.browser("admin").cookies["kawamori-session"]

    def seat(size=None, **more):
        visitor = visit(address, *([size] if size else []), **more)
        visitor.context.add_cookies(
            [{"name": "kawamori-session", "value": session, "url": address}]
        )
        return visitor

    return seat


def test_axe_finds_nothing_on_any_page_light_or_dark(admin, pages) -> None:
    found = []
    for scheme in ("light", "dark"):
        visitor = admin(color_scheme=scheme)
        for path in pages:
            visitor.go(path)
            for details in visitor.page.locator("main details").all():
                details.evaluate("each => { each.open = true }")
            found += [(scheme, path, fault) for fault in visitor.axe()]
        assert visitor.foreign == []
    assert found == []


@pytest.mark.parametrize("size", [PHONE, {"width": 700, "height": 450}])
def test_no_page_scrolls_sideways_on_a_phone_or_at_200_per_cent(admin, pages, size) -> None:
    visitor = admin(size)  # 1400 px at 200 % leave 700
    wide = []
    for path in pages:
        visitor.go(path)
        if SHOTS:
            name = path.strip("/").replace("/", "-")[:40]
            visitor.page.screenshot(path=f"{SHOTS}/{name}-{size['width']}.png", full_page=True)
        if visitor.page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            wide.append(path)
    assert wide == []


def test_paper_shows_what_nobody_can_open_on_it_and_no_field_to_fill(admin) -> None:
    visitor = admin(color_scheme="dark")
    visitor.page.emulate_media(media="print", color_scheme="dark")
    visitor.go("/audit")
    facts = visitor.page.locator(".audit details code")
    assert facts.count() > 0
    assert all(each.bounding_box()["height"] > 0 for each in facts.all())
    visitor.go("/accounts")
    assert not visitor.page.locator("form input").first.is_visible()
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert visitor.page.evaluate(scheme) == "light"  # or boxes would be black


def test_sign_in_has_no_fault(admin, visit) -> None:
    visitor = admin()
    visitor.context.clear_cookies()
    visitor.go("/sign-in")
    assert visitor.axe() == []
    visitor.page.get_by_label("利用者名").fill("nobody")
    visitor.page.get_by_label("パスワード", exact=True).fill("wrong")
    visitor.page.get_by_role("button", name="サインイン").click()
    visitor.page.get_by_role("alert").wait_for()
    assert visitor.axe() == []
    assert [fault for fault in visitor.faults if "401" not in fault] == []


def test_hostile_names_never_run(served, hostile_run, visit) -> None:
    console, address = served(hostile_run)
    visitor = visit(address)
    session = console.browser("admin").cookies["kawamori-session"]
    visitor.context.add_cookies([{"name": "kawamori-session", "value": session, "url": address}])
    for path in ("/approvals", "/runs", "/audit"):
        visitor.go(path)
        assert visitor.page.evaluate("window.ran") is None
        assert visitor.page.locator("img[src=x]").count() == 0
    assert visitor.faults == []
