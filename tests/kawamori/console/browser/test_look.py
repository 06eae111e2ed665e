"""How pages look and read: no fault by axe, no sideways scroll, hostile names stay text."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
RUN = "drill-town-live-1500Z"
PAGES = ("/approvals", f"/approvals/{RUN}/texts/d1", "/audit", "/accounts", "/runs",
         "/account/password", "/nowhere")  # fmt: skip


@pytest.fixture
def admin(served, live_run, visit):
    """Give a signed-in admin at a desk and the function that seats them elsewhere."""
    console, address = served(live_run)
    session = console.browser("admin").cookies["kawamori-session"]

    def seat(size=None, **more):
        visitor = visit(address, *([size] if size else []), **more)
        visitor.context.add_cookies(
            [{"name": "kawamori-session", "value": session, "url": address}]
        )
        return visitor

    return seat


def test_axe_finds_nothing_on_any_page_light_or_dark(admin) -> None:
    found = []
    for scheme in ("light", "dark"):
        visitor = admin(color_scheme=scheme)
        for path in PAGES:
            visitor.go(path)
            for details in visitor.page.locator("main details").all():
                details.evaluate("each => { each.open = true }")
            found += [(scheme, path, fault) for fault in visitor.axe()]
        assert visitor.foreign == []
    assert found == []


@pytest.mark.parametrize("size", [PHONE, {"width": 700, "height": 450}])
def test_no_page_scrolls_sideways_on_a_phone_or_at_200_per_cent(admin, size) -> None:
    visitor = admin(size)  # 1400 px at 200 % leave 700
    wide = []
    for path in PAGES:
        visitor.go(path)
        if visitor.page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            wide.append(path)
    assert wide == []


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
