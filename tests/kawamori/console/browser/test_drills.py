"""A drill with a silent gauge, from the page through a real worker, in Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from kawamori.drill_worker import work

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_drill_with_a_silent_gauge_runs_and_is_marked_everywhere(
    served: Any, visit: Any, live_run: Any, tiny: Any, size: dict[str, int]
) -> None:
    console, address = served(live_run)
    city = console.settings.cities / "tiny"
    tiny.write_tiny_city(city)
    (city / "storms").mkdir()
    storm = tiny.tiny_series(20 * 24, storm_mm=27.0)
    ends = "2026-06-20T23:00:00+00:00"
    storm.attrs |= {"drill_start": ends, "drill_end": ends}  # one cycle
    storm.to_netcdf(city / "storms" / "cloudburst.nc")
    gauge = str(storm["gauge"].values[0])
    seen = visit(address, size)
    session = console.browser("officer").cookies["kawamori-session"]
    seen.context.add_cookies([{"name": "kawamori-session", "value": session, "url": address}])
    seen.go("/drill")
    seen.page.get_by_label("黙る水位観測所").fill(gauge)
    seen.page.get_by_role("button", name="訓練を始める").click()
    seen.page.get_by_text("待機中").wait_for()
    if size == DESK:  # the worker's own way is long: once is enough
        assert work(console.settings, wait=lambda _s: None)
        seen.page.get_by_text("終了", exact=True).wait_for(timeout=60_000)  # htmx asks by itself
        assert gauge in seen.page.locator("td.hatched").inner_text()
        assert seen.page.locator("a", has_text="訓練の報告").count() == 1
        with seen.page.expect_navigation():
            seen.page.locator("a", has_text="訓練の振り返り").click()
        assert seen.page.locator("h1").inner_text().startswith("【訓練】")
        assert seen.axe() == []
        if SHOTS:
            seen.page.screenshot(path=str(Path(SHOTS) / "drill-review.png"), full_page=True)
        seen.go("/drill")
    assert seen.page.locator("body.drill").count() == 1
    assert seen.page.get_by_text("【訓練】これは訓練です").count() == 1
    assert seen.axe() == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if SHOTS:
        name = f"drill-{size['width']}.png"
        seen.page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
    assert (seen.foreign, seen.faults) == ([], [])
    shutil.rmtree(console.settings.drills)
