"""A head count on a phone, and the shelters desk on a wide screen, in Chromium."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kawamori.ground import read_ground

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none


def seated(console: Any, visit: Any, address: str, size: dict[str, int], role: str) -> Any:
    seen = visit(address, size)
    session = console.browser(role, shelters=["s1"]).cookies["kawamori-session"]
    seen.context.add_cookies([{"name": "kawamori-session", "value": session, "url": address}])
    return seen


def test_staff_counts_heads_on_a_phone(served, visit, live_run) -> None:
    console, address = served(live_run)
    seen = seated(console, visit, address, PHONE, "shelter")
    seen.go("/shelters")
    assert seen.axe() == []
    seen.page.get_by_role("link", name="高台小学校").click()
    seen.page.get_by_role("button", name="+10").click()
    seen.page.get_by_role("button", name="+1", exact=True).click()
    height = seen.page.get_by_role("button", name="+1", exact=True).bounding_box()["height"]
    assert height >= 44  # a thumb's width, WCAG target size
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert seen.axe() == []
    if SHOTS:
        seen.page.screenshot(path=str(Path(SHOTS) / "count-phone.png"), full_page=True)
    seen.page.get_by_role("button", name="報告する").click()
    seen.page.wait_for_load_state()
    assert read_ground(console.engine, "drill-town", at=console.clock()).shelters[0].occupied == 11
    assert (seen.foreign, seen.faults) == ([], [])


def test_desk_is_open_to_all(served, visit, live_run) -> None:
    console, address = served(live_run)
    seen = seated(console, visit, address, DESK, "officer")
    seen.go("/shelters")
    assert seen.axe() == []
    if SHOTS:
        seen.page.screenshot(path=str(Path(SHOTS) / "shelters-desk.png"), full_page=True)
    seen.go("/shelters/s1")
    seen.page.get_by_label("閉鎖", exact=True).check()
    seen.page.get_by_role("button", name="報告する", exact=True).click()
    seen.page.get_by_text("まだ報告していません").wait_for()
    assert seen.axe() == []
    if SHOTS:
        seen.page.screenshot(path=str(Path(SHOTS) / "shelter-preview.png"), full_page=True)
    seen.page.get_by_role("button", name="この内容で報告する").click()
    seen.page.wait_for_load_state()
    seen.go("/shelters")
    seen.page.locator("#affected ~ div .gap").wait_for()  # htmx put the answer in by itself
    assert read_ground(console.engine, "drill-town", at=console.clock()).shelters[0].status
    assert seen.axe() == []
    assert (seen.foreign, seen.faults) == ([], [])
