"""The citizens' page and map in Chromium: whole, silent, open to all, also without JavaScript."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none


def shot(visitor: Any, name: str) -> None:
    if SHOTS:
        visitor.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_page_is_whole_without_javascript_and_map_with(served, visit, live_run) -> None:
    _console, address = served(live_run)
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        plain = visit(address, size, java_script_enabled=False)
        plain.go("/public?lang=vi")
        assert plain.page.locator("h1").inner_text().startswith("Thông tin sơ tán")
        seen = visit(address, size)
        seen.go("/public?lang=ja")
        assert seen.axe() == []
        shot(seen, f"citizen-{name}")
        seen.go("/public/map?lang=en")
        seen.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
        assert seen.axe() == []
        shot(seen, f"citizen-map-{name}")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert (seen.foreign, seen.faults) == ([], [])


def test_hostile_names_never_run_on_the_map(served, visit, hostile_run) -> None:
    run = dataclasses.replace(hostile_run, run_id="drill-town-hostile-live", drill=False)
    _console, address = served(run)
    seen = visit(address, DESK)
    seen.go("/public/map")
    seen.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    assert seen.page.evaluate("window.ran") is None
    assert seen.page.locator(".mark").count() == 1  # one open shelter, its name as text
    assert (seen.foreign, seen.faults) == ([], [])
