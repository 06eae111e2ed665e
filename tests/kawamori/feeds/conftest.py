"""A server that answers as a test says, and a round of polling on a city of two stations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from forecasting.types import Gauge, RainGauge
from kawamori.feeds.poll import Round
from kawamori.store import open_store

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)  # 12:05 JST


@dataclass
class Answer:
    """One answer: `cut` bytes are left out at the end though the length was announced."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    measured: bool = True
    silent: bool = False  # the connection is held and nothing said
    etag: str = ""
    raw: tuple[bytes, ...] = ()  # sent as they are, head and all, with a pause before each
    pause_s: float = 0.0


class Pages:
    """Answers by path, in order; the last one stays. Every request is remembered."""

    answer_of = Answer

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.date = NOW
        self.over = threading.Event()
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.asked.append((self.path, dict(self.headers)))
                pages.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, path: str, *answers: Answer | bytes) -> None:
        self.answers[path] = [one if isinstance(one, Answer) else Answer(one) for one in answers]

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        known = self.answers.get(handler.path, [Answer(status=404)])
        answer = known.pop(0) if len(known) > 1 else known[0]
        if answer.silent:
            self.over.wait(60)
            return
        for piece in answer.raw:
            if self.over.wait(answer.pause_s):
                return
            handler.wfile.write(piece)
        if answer.raw:
            return
        same = answer.etag and handler.headers.get("If-None-Match") == answer.etag
        handler.send_response_only(304 if same else answer.status)
        handler.send_header("Date", format_datetime(self.date, usegmt=True))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.etag:
            handler.send_header("ETag", answer.etag)
        if answer.measured and not same:
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        if not same:
            handler.wfile.write(answer.body[: len(answer.body) - answer.cut])

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def pages() -> Iterator[Pages]:
    server = Pages()
    yield server
    server.close()


@pytest.fixture
def town(tmp_path: Path) -> Any:
    """Give what feeds read of a city: level g1, rain r1, its folder."""
    folder = tmp_path / "cities" / "town"
    folder.mkdir(parents=True)
    gauge = Gauge("g1", "", "", lon=140.0, lat=37.0, rain_gauges=("r1",))
    rain = RainGauge("r1", "", lon=140.0, lat=37.0)
    return SimpleNamespace(city_id="town", folder=folder, gauges=(gauge,), rain_gauges=(rain,))


@pytest.fixture
def round_at(tmp_path: Path) -> Iterator[Callable[..., Round]]:
    """Give the maker of a round so many seconds after `NOW`; nobody waits in it."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    client = httpx2.Client(timeout=httpx2.Timeout(60.0))

    def make(after_s: float = 0.0, *, read_s: float = 60.0) -> Round:
        client.timeout = httpx2.Timeout(read_s, connect=60.0)
        now = NOW + timedelta(seconds=after_s)
        return Round(engine, tmp_path, client, now, tokens={}, wait=lambda _: None)

    yield make
    client.close()
    engine.dispose()
