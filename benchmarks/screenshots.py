"""Pictures of the console for the README, of the fictional town: made anew by

    kawamori drill drill-town
    python -m benchmarks.screenshots docs/images

Chromium at desk and phone width and as on paper, on a desk of its own; nothing is sent.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from benchmarks.console import CHROMIUM, make_desk, served, sign_in

DESK, PHONE = (1400, 900), (390, 844)
SHEET = (718, 1040)  # A4 without its margins, 96 px to the inch
COLOURS = 256  # of a picture, so that it stays small and the colours of levels stay what they are
KEPT = Image.Quantize.MAXCOVERAGE  # rare colours too
PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Shot:
    """One picture: a page, how wide it is, and what must be on it before it is taken."""

    name: str
    path: str
    size: tuple[int, int]
    ready: str = "main"
    paper: bool = False  # as printed, in grey


def shots(run: str) -> tuple[Shot, ...]:
    """Give the pictures of a stored run."""
    return (
        Shot("situation", f"/?run={run}", DESK, "html[data-drawn]"),
        Shot("map", f"/map?run={run}", DESK, "html[data-drawn]"),
        Shot("situation-print", f"/?run={run}", SHEET, "html[data-drawn]", paper=True),
        Shot("situation-phone", f"/?run={run}", PHONE, "html[data-drawn]"),
    )


def main() -> None:
    """Write the pictures into the folder named."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings, run = make_desk(Path(folder), "drill-town-*")
        session = sign_in(settings, ("approver",))
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        with served(Path(folder)) as url:
            for shot in shots(run):
                path = target / f"{shot.name}.png"
                _take(browser, url, session, shot, path)
                print(f"{path} {path.stat().st_size // 1000} kB")
        browser.close()


def _take(browser: Browser, url: str, session: str, shot: Shot, path: Path) -> None:
    width, height = shot.size
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
    context.add_cookies([{"name": "kawamori-session", "value": session, "url": url}])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url + shot.path)
    page.wait_for_selector(shot.ready, state="attached")
    for frame in page.frames[1:]:  # the map inside the page
        frame.wait_for_selector("html[data-drawn]", state="attached")
    if shot.paper:
        page.emulate_media(media="print")
        for frame in page.frames:
            frame.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(1500)  # ms; what is drawn settles
    page.screenshot(path=str(path))
    context.close()
    with Image.open(path) as picture:
        seen = (
            picture.convert("L") if shot.paper else picture.convert("RGB").quantize(COLOURS, KEPT)
        )
        seen.save(path, optimize=True)


if __name__ == "__main__":
    main()
