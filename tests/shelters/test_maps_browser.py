"""The map in a real browser with the network cut, and with names that try to run."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from shelters.maps import build_map, data_script, map_data

pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[2] / ".kawamori" / "assets"
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 800}
HOSTILE = (
    "</script><script>window.hacked=1</script>"
    "<img src=x onerror=window.hacked=2>${window.hacked=3}{{7*7}}"
    "<svg onload=window.hacked=4><a href='javascript:window.hacked=5'>"
)
MakeTown = Callable[[Callable[[str], str]], dict[str, Any]]


class Watched:
    """An opened map and all that it asked for or complained of."""

    def __init__(
        self, browser: Browser, url: str, *, size: dict[str, int] = DESK, offline: bool = True
    ) -> None:
        self.page: Page = browser.new_page(viewport=size, offline=offline)  # type: ignore[arg-type]
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.faults.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector("#failed", state="detached")


def write(folder: Path, arguments: dict[str, Any]) -> Path:
    """Write the page as the report does; give its path."""
    shutil.copytree(ASSETS, folder / "assets")
    script = data_script(map_data(**arguments))
    (folder / "map-data.js").write_text(script, encoding="utf-8")
    html = build_map((140.15, 37.05)).get_root().render()
    (folder / "map.html").write_text(html, encoding="utf-8")
    return folder / "map.html"


def test_map_from_disk_asks_four_files_and_says_what_it_shows(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    watched = Watched(chromium, write(tmp_path, make_town(str)).as_uri())
    page = watched.page
    assert watched.faults == []
    assert all(url.startswith("file://") for url in watched.asked)
    names = sorted(url.rsplit("/", 1)[1] for url in watched.asked)
    assert names == ["leaflet.css", "leaflet.js", "map-data.js", "map.html"]
    assert page.title() == "【訓練】川辺町 避難所地図"
    assert page.locator("#notes").inner_text() == "浸水想定は模式"
    assert page.locator(".chip").all_inner_texts() == [
        "4\n上町\n避難指示",
        "?\n中町\n不明",
        "0\n下町\n発表なし",
    ]
    assert (
        "浸水想定 (模式: 公式の想定ではない)"
        in page.locator(".leaflet-control-layers").inner_text()
    )
    assert page.locator(".leaflet-control-attribution").inner_text() == "川守 Kawamori"
    assert "市の発令ではありません" in page.locator("#legend").inner_text()


def test_unknown_is_hatched_and_levels_have_patterns(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    fills = page.locator(".leaflet-districts-pane path").evaluate_all(
        "paths => paths.map(path => path.getAttribute('fill'))"
    )
    assert fills == ["url(#level4)", "url(#level-1)", "url(#level0)"]
    assert page.locator("#level-1 path").count() == 1  # the hatch
    background = page.locator(".gauge.hatched").first.evaluate(
        "node => getComputedStyle(node).backgroundImage"
    )
    assert "repeating-linear-gradient" in background


def test_shelters_open_by_keyboard_and_have_names(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    shelter = page.get_by_role("button", name="避難所S1、開設候補")
    shelter.focus()
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup .text")
    assert popup.inner_text().splitlines()[0] == "避難所S1"
    assert "割り当て 70人" in popup.inner_text()
    rejected = page.locator(".s-rejected").first
    assert "理由: 浸水想定区域内" in (rejected.get_attribute("aria-label") or "")
    unnamed = page.locator(".leaflet-marker-icon:not([aria-label])").count()
    assert unnamed == 0


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_hostile_names_are_shown_and_never_run(
    chromium: Browser, tmp_path: Path, make_town: MakeTown, size: dict[str, int]
) -> None:
    path = write(tmp_path, make_town(lambda text: text + HOSTILE))
    watched = Watched(chromium, path.as_uri(), size=size)
    page = watched.page
    icons = page.locator(".leaflet-marker-icon")
    for at in range(icons.count()):  # every popup, and with it every text, is built once
        icons.nth(at).evaluate("icon => icon.focus()")
        page.keyboard.press("Enter")
        page.wait_for_selector(".leaflet-popup .text")
    shapes = page.locator("path.leaflet-interactive")
    for at in range(shapes.count()):
        shapes.nth(at).dispatch_event("mouseover")
    page.wait_for_selector(".leaflet-tooltip .text")
    assert page.evaluate("window.hacked === undefined")
    assert HOSTILE in page.title()
    assert HOSTILE in (page.locator(".leaflet-popup .text").last.text_content() or "")
    made = "#notes *:not(li), .text img, .text svg, .text a, .chip img, .chip a, .chip svg"
    assert page.locator(made).count() == 0
    assert watched.faults == []
    assert all(url.startswith("file://") for url in watched.asked)


def test_policy_stops_what_would_get_in_anyway(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked=1\">')"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked === undefined")


def test_missing_data_is_said_not_drawn_as_calm(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    path = write(tmp_path, make_town(str))
    (tmp_path / "map-data.js").unlink()
    page = chromium.new_page(offline=True)
    page.goto(path.as_uri())
    assert "地図を表示できません" in page.locator("#failed").inner_text()


def test_map_from_a_server_asks_only_that_server(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    write(tmp_path, make_town(str))
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        origin = f"http://127.0.0.1:{server.server_port}"
        watched = Watched(chromium, f"{origin}/map.html", offline=False)
        watched.page.wait_for_load_state("networkidle")
        assert [url for url in watched.asked if not url.startswith(origin)] == []
        assert watched.faults == []
        watched.page.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_choosing_a_district_or_a_shelter_shows_its_ways_and_only_those(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    ways = page.locator(".leaflet-ways-pane path")
    assert ways.count() == 0
    page.locator(".leaflet-marker-icon:has(.chip)").first.focus()
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup .text").last
    assert "避難所S1 70人 徒歩 約30分" in popup.inner_text()
    assert ways.count() == 2 * 3  # two ways: casing, line and the door
    page.keyboard.press("Escape")
    ways.first.wait_for(state="detached")
    page.get_by_role("button", name="避難所S2、満員").focus()
    page.keyboard.press("Enter")
    assert "上町 50人 車 約8分 (直線距離から)" in popup.inner_text()
    assert ways.count() == 3


def test_states_differ_in_shape_and_the_room_left_is_written(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    shapes = page.locator(".leaflet-marker-pane .place path").evaluate_all(
        "paths => paths.map(path => path.getAttribute('d'))"
    )
    assert len(set(shapes)) == 6  # opening, full, usable, unsure, rejected, stranded
    assert page.locator(".s-opening .room").inner_text() == "残り30人"
    label = page.get_by_role("button", name="避難所S1、開設候補").get_attribute("aria-label")
    assert "残り30人" in (label or "")


def test_a_printed_map_fits_one_sheet_of_a4_with_its_legend(
    chromium: Browser, tmp_path: Path, make_town: MakeTown
) -> None:
    page = Watched(chromium, write(tmp_path, make_town(str)).as_uri()).page
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    # A4 is 210 x 297 mm = 595 x 842 points.
    assert [round(float(side)) for side in box.groups()] == pytest.approx([595, 842], abs=1)
    assert page.evaluate("document.body.classList.contains('printing')") is False
