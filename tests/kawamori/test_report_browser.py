"""The report in a real browser, opened from the disk with the network cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from forecasting.types import Observations
from kawamori.report import step, write_report
from kawamori.run import Run

pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[2] / ".kawamori" / "assets"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class Watched:
    """A page with the network cut, and all that it complained of or asked for."""

    def __init__(self, browser: Browser, folder: Path, size: dict[str, int]) -> None:
        self.page: Page = browser.new_page(viewport=size, offline=True)  # type: ignore[arg-type]
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.faults.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("requestfailed", lambda request: self.faults.append(request.url))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto((folder / "index.html").as_uri())
        self.page.wait_for_selector("html[data-drawn]", state="attached")


@pytest.fixture
def folder(made_run: Run, later: Observations, tmp_path: Path) -> Path:
    """Give a report with history and later truth."""
    target = tmp_path / "out" / "town"
    write_report(made_run, target, assets=ASSETS, history=[step(made_run)], truth=later)
    return target


def test_page_is_silent_and_asks_only_the_disk(chromium: Browser, folder: Path) -> None:
    watched = Watched(chromium, folder, DESK)
    assert watched.faults == []
    assert [url for url in watched.asked if not url.startswith("file://")] == []


def test_chart_is_drawn_where_something_is_known(chromium: Browser, folder: Path) -> None:
    page = Watched(chromium, folder, DESK).page
    # Gauge up has a plot with ink on it; the silent gauge is named instead.
    assert page.locator(".plot canvas").count() == 1
    assert page.locator("p", has_text="水位も予測もない観測所").inner_text().endswith("下橋")
    ink = page.evaluate(
        """() => {
            const plot = document.querySelector('.plot canvas');
            const { data } = plot.getContext('2d').getImageData(0, 0, plot.width, plot.height);
            return data.filter((value, i) => i % 4 === 3 && value).length / (data.length / 4);
        }"""
    )
    assert ink > 0.3  # threshold bands fill most of the plot


def test_pointing_at_the_chart_tells_the_values(chromium: Browser, folder: Path) -> None:
    page = Watched(chromium, folder, DESK).page
    # 18 h before and 6 h after issue time: the left edge is the first observed hour, 1.8 m.
    page.locator(".plot .u-over").hover(position={"x": 1, "y": 50})
    assert "実測 1.80 m" in page.locator("[data-readout=up]").inner_text()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_page_never_scrolls_sideways(chromium: Browser, folder: Path, size: dict[str, int]) -> None:
    page = Watched(chromium, folder, size).page
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_hostile_names_never_run(chromium: Browser, hostile_run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out" / "hostile"
    write_report(hostile_run, target, assets=ASSETS, history=[step(hostile_run)])
    watched = Watched(chromium, target, DESK)
    for frame in watched.page.frames:
        assert frame.evaluate("window.ran") is None
        assert frame.locator("img[src=x]").count() == 0
    assert watched.faults == []


def test_text_stands_out_from_its_level_colour(chromium: Browser, folder: Path) -> None:
    page = Watched(chromium, folder, DESK).page
    colours = page.eval_on_selector_all(
        ".chip.l4 .digit",
        "all => all.map(x => [getComputedStyle(x).color, getComputedStyle(x).backgroundColor])",
    )
    # 内閣府/JMA: level 4 is #AA00AA with white text.
    assert colours
    assert {tuple(pair) for pair in colours} == {("rgb(255, 255, 255)", "rgb(170, 0, 170)")}


def test_prints_on_a4(chromium: Browser, folder: Path) -> None:
    pdf = Watched(chromium, folder, DESK).page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") <= 4
