"""The situation and its map in Chromium: drawn, silent, reachable by keyboard, safe from names."""

from __future__ import annotations

import dataclasses
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from alerts.ledger import append
from kawamori.report import write_report

pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[3] / ".kawamori" / "assets"
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
PATIENCE_MS = 60_000


@contextmanager
def served(browser: Browser, console) -> Iterator[str]:
    """Serve the console with the real scripts on a free local port; close its pages at the end."""
    shutil.copytree(ASSETS, console.settings.assets, dirs_exist_ok=True)
    config = uvicorn.Config(console.app, log_level="warning", timeout_graceful_shutdown=1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for context in browser.contexts:  # left open, they would ask for events for ever
                context.close()
            server.should_exit = True
            thread.join()


class Watched:
    """A page of a signed-in viewer, and all that it complained of or asked for elsewhere."""

    def __init__(self, browser: Browser, console, url: str, path: str, size: Any = DESK) -> None:
        session = console.browser("viewer").cookies["kawamori-session"]
        context = browser.new_context(viewport=size, locale="ja-JP")
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "kawamori-session", "value": session, "url": url}])
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda said: self.faults.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("request", lambda request: self._note(request.url, url))
        self.page.goto(url + path)
        self.page.wait_for_selector("html[data-drawn]", state="attached")
        if path == "/":
            frame = self.page.frame_locator("#map iframe")
            frame.locator("html[data-drawn]").wait_for(state="attached")

    def _note(self, asked: str, url: str) -> None:
        if not asked.startswith((url, "data:")):
            self.elsewhere.append(asked)


def violations(page: Page) -> list[tuple[str, str]]:
    """Give what axe finds against WCAG 2.2 AA, in the page and its frames."""
    found = []
    for frame in page.frames:
        frame.evaluate((ASSETS / "axe.min.js").read_text(encoding="utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        told = frame.evaluate(
            "tags => axe.run({ runOnly: { type: 'tag', values: tags }, iframes: false })", tags
        )
        found += [
            (one["id"], node["html"][:160]) for one in told["violations"] for node in one["nodes"]
        ]
    return found


@pytest.mark.parametrize("path", ["/", "/map"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_whole_silent_narrow_and_open_to_all(
    chromium: Browser, console, path: str, size: dict[str, int]
) -> None:
    with served(chromium, console) as url:
        watched = Watched(chromium, console, url, path, size)
        assert watched.faults == []
        assert watched.elsewhere == []
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert violations(watched.page) == []
        unnamed = "img, .leaflet-marker-icon:not([aria-label])"
        assert watched.page.locator(unnamed).count() == 0


def test_hostile_names_are_shown_and_never_run(
    chromium: Browser, build_console, hostile_run
) -> None:
    console = build_console(hostile_run)
    with served(chromium, console) as url:
        page = Watched(chromium, console, url, "/")
        for frame in page.page.frames:
            assert frame.evaluate("window.ran") is None
            assert frame.locator("img[src=x]").count() == 0
        mapped = Watched(chromium, console, url, "/map")
        icons = mapped.page.locator(".leaflet-marker-icon")
        assert icons.count() > 0
        for at in range(icons.count()):  # every popup, and with it every text, is built once
            icons.nth(at).evaluate("icon => icon.focus()")
            mapped.page.keyboard.press("Enter")
            mapped.page.wait_for_selector(".leaflet-popup .text")
        frame = mapped.page.locator("#frame").bounding_box()
        assert frame is not None
        for step in range(1, 8):  # over areas and lines, whose tooltips are built on the way
            mapped.page.mouse.move(
                frame["x"] + frame["width"] * step / 8, frame["y"] + frame["height"] / 2
            )
        assert mapped.page.evaluate("window.ran") is None
        assert mapped.page.locator("img[src=x], .text img").count() == 0
        assert "onerror" in (mapped.page.locator(".leaflet-popup .text").last.text_content() or "")
        assert page.faults + mapped.faults == []


def test_slider_asks_the_api_and_tells_its_time(chromium: Browser, console) -> None:
    with served(chromium, console) as url:
        page = Watched(chromium, console, url, "/map").page
        before = page.locator(".gauge").first.get_attribute("aria-label")
        page.locator("#time").focus()
        page.keyboard.press("End")
        last = console.run.issued_at + timedelta(hours=6)
        page.wait_for_selector(f"html[data-at='{last:%Y-%m-%dT%H:%M:%SZ}']", state="attached")
        assert page.locator("#time").get_attribute("aria-valuetext") == "7/1 06:00"
        assert "7/1 06:00の予測" in (page.locator(".gauge").first.get_attribute("aria-label") or "")
        assert before != page.locator(".gauge").first.get_attribute("aria-label")


def test_layer_that_cannot_be_read_is_said_on_the_map(chromium: Browser, console) -> None:
    with served(chromium, console) as url:
        watched = Watched(chromium, console, url, "/map")
        watched.page.route("**/flood.geojson*", lambda route: route.abort())
        watched.page.reload()
        watched.page.wait_for_selector("html[data-drawn]", state="attached")
        assert "安全とみなさないこと" in watched.page.locator("#failed").inner_text()


def test_new_run_reaches_an_open_page_by_itself(chromium: Browser, console) -> None:
    console.app.state.desk = dataclasses.replace(
        console.app.state.desk, settings=console.settings.model_copy(update={"events_s": 60.0})
    )
    with served(chromium, console) as url:
        page = Watched(chromium, console, url, "/").page
        newer = dataclasses.replace(
            console.run,
            run_id="newer",
            issued_at=console.run.issued_at + timedelta(minutes=1),
        )
        write_report(newer, console.settings.out / "newer", assets=console.settings.assets)
        page.wait_for_selector("html[data-heard=run]", state="attached")
        assert "00:01 JST" in page.locator("#part-head").inner_text()
        with console.engine.begin() as connection:
            append(connection, "test.row", {"count": 1}, by="試験", at=console.clock())
        page.wait_for_selector("#part-log >> text=test.row")


def test_keyboard_reaches_advice_then_map_then_gauges_then_numbers(
    chromium: Browser, console
) -> None:
    with served(chromium, console) as url:
        page = Watched(chromium, console, url, "/").page
        order: list[str] = []
        for _ in range(60):
            page.keyboard.press("Tab")
            part = page.evaluate(
                "(document.activeElement.closest('[data-part],#map') || {}).id || ''"
            )
            if part and part not in order:
                order.append(part)
        assert order == ["part-head", "part-advice", "map", "part-gauges", "part-charts"]


def test_forty_districts_and_thirty_gauges_print_on_two_sheets(
    chromium: Browser, build_console, live_run
) -> None:
    unknown, evacuate = live_run.advice
    advice = [
        dataclasses.replace(
            evacuate if number % 4 else unknown,
            district_id=f"d{number:02}",
            name=f"第{number}地区",
            issue_by=live_run.issued_at + timedelta(hours=number % 3) if number % 4 else None,
        )
        for number in range(40)
    ]
    gauge = live_run.city.gauges[0]
    gauges = tuple(
        dataclasses.replace(gauge, gauge_id=f"g{number}", name=f"第{number}橋")
        for number in range(30)
    )
    run = dataclasses.replace(
        live_run,
        run_id="drill-town-live-forty",
        advice=tuple(advice),
        city=dataclasses.replace(live_run.city, gauges=gauges),
    )
    console = build_console(run)
    with served(chromium, console) as url:
        page = Watched(chromium, console, url, "/").page
        assert page.locator("#part-advice li.card").count() == 4  # three deadlines, UNKNOWN
        assert page.locator(".places a").count() == 40
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) <= 2
