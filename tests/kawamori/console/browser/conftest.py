"""The console in Chromium: served on a free port, watched for faults and foreign requests."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

ASSETS = Path(__file__).parents[4] / ".kawamori" / "assets"
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Visitor:
    """A person at a browser: their page, what it complained of, and what it asked elsewhere."""

    context: BrowserContext
    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def axe(self) -> list[str]:
        """Give the faults that axe finds by WCAG 2.2 A and AA, each with its place."""
        self.page.evaluate((ASSETS / "axe.min.js").read_text(encoding="utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found: Any = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
        )
        return [
            f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:160]}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]


@pytest.fixture
def served(build_console: Any, settings: Any) -> Iterator[Callable[[Any], tuple[Any, str]]]:
    """Give the function that stores a run and serves the console; it gives console and address."""
    running: list[tuple[uvicorn.Server, threading.Thread, socket.socket]] = []

    def serve(run: Any) -> tuple[Any, str]:
        shutil.copytree(ASSETS, settings.assets, dirs_exist_ok=True)
        console = build_console(run)
        shutil.copytree(ASSETS, settings.assets, dirs_exist_ok=True)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(console.app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread, listener))
        return console, f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for server, thread, listener in running:
        server.should_exit = True
        thread.join(timeout=60)
        listener.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Give the function that seats a person at a browser of their own."""
    contexts: list[BrowserContext] = []

    def seat(address: str, size: dict[str, int] = DESK, **more: Any) -> Visitor:
        context = chromium.new_context(viewport=size, locale="ja-JP", **more)  # type: ignore[arg-type]
        contexts.append(context)
        visitor = Visitor(context, context.new_page(), address)
        visitor.page.on("console", lambda said: visitor.faults.append(f"{said.type}: {said.text}"))
        visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        visitor.page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((address, "data:", "blob:"))
                else visitor.foreign.append(asked.url)
            ),
        )
        return visitor

    yield seat
    for context in contexts:
        context.close()
