"""Model health in Chromium: open to all, silent, narrow enough for a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none


def test_page_and_card_are_open_to_all(served: Any, visit: Any, live_run: Any) -> None:
    console, address = served(live_run)
    name = "a" * 64
    folder = console.settings.models / name
    folder.mkdir(parents=True)
    (folder / "card.md").write_text("# 川守町: river levels\n", encoding="utf-8")
    session = console.browser("viewer").cookies["kawamori-session"]
    for size in (DESK, PHONE):
        seen = visit(address, size)
        seen.context.add_cookies([{"name": "kawamori-session", "value": session, "url": address}])
        for path in ("/models", f"/models/{name}/card"):
            seen.go(path)
            assert seen.axe() == []
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            if SHOTS:
                shot = f"models-{len(path)}-{size['width']}.png"
                seen.page.screenshot(path=str(Path(SHOTS) / shot), full_page=True)
        assert (seen.foreign, seen.faults) == ([], [])
