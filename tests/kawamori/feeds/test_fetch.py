"""One page from servers that drip, pack, cut, cache and send elsewhere."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kawamori.feeds import fetch as module
from kawamori.feeds.fetch import LIMIT_BYTES, fetch, fetched, on_host
from kawamori.feeds.types import FeedError, Polling

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\n"
TABLE = b"time,level\n2026-06-01 11:50,1.50\n2026-06-01 12:00,1.62"


@pytest.fixture
def polling(tmp_path: Path) -> Iterator[Callable[..., Polling]]:
    with httpx2.Client(timeout=httpx2.Timeout(60.0)) as client:
        yield lambda **told: Polling(client, NOW, {}, {}, tmp_path, **told)


def body(polling: Polling, url: str) -> bytes:
    return fetched(polling, url, lambda page: page.body)


def fault(polling: Polling, url: str) -> str:
    with pytest.raises(FeedError) as raised:
        body(polling, url)
    return raised.value.kind


@pytest.mark.parametrize(
    "raw",
    [
        (HEAD, *repeat(b"X-Drip: 1\r\n", 200)),  # headers without an end
        (HEAD + b"\r\n", *repeat(b"1", 200)),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(TABLE)[:12], *repeat(b"", 200)),
    ],
)
def test_a_server_that_drips_is_left_when_the_time_is_over(pages, polling, monkeypatch, raw):
    monkeypatch.setattr(module, "WHOLE_S", 0.1)
    pages.put("/x", pages.answer_of(raw=raw, pause_s=0.02))
    assert fault(polling(until=time.monotonic() + 0.3), f"{pages.url}/x") == "timeout"


def test_a_feed_whose_time_is_over_is_asked_for_nothing_more(pages, polling):
    assert fault(polling(until=time.monotonic() - 1), f"{pages.url}/x") == "timeout"
    assert pages.asked == []


def packed(content: bytes, encoding: str = "gzip", cut: int = 0) -> bytes:
    kept = content[: len(content) - cut]
    return (
        HEAD
        + f"Content-Encoding: {encoding}\r\nContent-Length: {len(kept)}\r\n\r\n".encode()
        + kept
    )


def test_a_gzip_body_is_unpacked_and_one_cut_off_is_no_body(pages, polling):
    # Its announced length is right: somebody before this server lost the end.
    pages.put("/whole", pages.answer_of(raw=(packed(gzip.compress(TABLE)),)))
    pages.put("/cut", pages.answer_of(raw=(packed(gzip.compress(TABLE), cut=9),)))
    pages.put("/two", pages.answer_of(raw=(packed(gzip.compress(TABLE) * 2),)))
    pages.put("/none", pages.answer_of(raw=(packed(b"no gzip"),)))
    assert body(polling(), f"{pages.url}/whole") == TABLE
    assert [fault(polling(), f"{pages.url}/{name}") for name in ("cut", "two", "none")] == [
        "partial"
    ] * 3
    assert pages.asked[0][1]["Accept-Encoding"] == "gzip"


def test_a_gzip_bomb_is_too_large_and_other_packings_are_not_read(pages, polling):
    bomb = gzip.compress(bytes(LIMIT_BYTES + 1))  # 10 kB that unpack to 10 MB
    pages.put("/bomb", pages.answer_of(raw=(packed(bomb),)))
    pages.put("/br", pages.answer_of(raw=(packed(TABLE, "br"),)))
    assert fault(polling(), f"{pages.url}/bomb") == "too-large"
    assert fault(polling(), f"{pages.url}/br") == "form"


def test_a_chunked_body_without_its_end_is_partial(pages, polling):
    whole = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nlevel\r\n"
    pages.put("/cut", pages.answer_of(raw=(whole,)))
    pages.put("/whole", pages.answer_of(raw=(whole + b"0\r\n\r\n",)))
    assert fault(polling(), f"{pages.url}/cut") == "partial"
    assert body(polling(), f"{pages.url}/whole") == b"level"


@pytest.mark.parametrize(("measured", "lines"), [(True, 3), (False, 2)])
def test_the_last_line_of_a_body_whose_end_nobody_announced_is_left(
    pages, polling, measured, lines
):
    pages.put("/x", pages.answer_of(TABLE, measured=measured))
    read: Callable[[Any], bytes] = lambda page: page.whole_lines("utf-8")  # noqa: E731
    assert len(fetched(polling(), f"{pages.url}/x", read).splitlines()) == lines


def dated(at: datetime, *more: str) -> bytes:
    lines = [f"Date: {format_datetime(at, usegmt=True)}", "Content-Length: 1", *more]
    return HEAD + "\r\n".join(lines).encode() + b"\r\n\r\nx"


def test_a_page_that_a_cache_kept_for_an_hour_is_of_now(pages, polling):
    made = NOW - timedelta(hours=1)
    pages.put("/kept", pages.answer_of(raw=(dated(made, "Age: 3590"),)))
    pages.put("/slow", pages.answer_of(raw=(dated(made),)))
    assert body(polling(), f"{pages.url}/kept") == b"x"
    assert fault(polling(), f"{pages.url}/slow") == "clock"


def test_the_time_that_feeds_before_took_is_no_fault_of_the_clock(pages, polling):
    pages.put("/x", pages.answer_of(raw=(dated(NOW + timedelta(minutes=7)),)))
    assert body(polling(begun=time.monotonic() - 420), f"{pages.url}/x") == b"x"
    assert fault(polling(), f"{pages.url}/x") == "clock"


def test_not_modified_is_no_answer_to_a_request_without_conditions(pages, polling):
    pages.put("/x", pages.answer_of(status=304))
    assert fault(polling(), f"{pages.url}/x") == "form"
    headers = {"If-None-Match": '"1"'}
    assert fetch(polling(), f"{pages.url}/x", lambda page: page, headers=headers) is None


def test_a_validator_that_no_header_can_carry_is_not_kept(pages, polling):
    # It would be refused by the client at every poll from the second one on.
    raw = HEAD + 'ETag: "水位"\r\nLast-Modified: x\r\nContent-Length: 1\r\n\r\nx'.encode()
    pages.put("/x", pages.answer_of(raw=(raw,)))
    found = fetch(polling(), f"{pages.url}/x", lambda page: page.validators, headers={})
    assert found is not None
    assert found[0] == {"If-Modified-Since": "x"}


def test_a_link_leads_to_the_page_s_own_host_by_its_own_scheme_or_nowhere():
    own = "https://example.jp/feed/extra.xml"
    assert on_host("http://Example.jp/data/1.xml", own) == "https://Example.jp/data/1.xml"
    for link in ("https://example.com/1.xml", "file:///etc/passwd", "//[::1]/1.xml"):
        with pytest.raises(FeedError, match=r"is not on example\.jp"):
            on_host(link, own)


@pytest.mark.parametrize("url", ["", "not a url", "http://[::1/x", "http://" + "a" * 300 + ".jp/"])
def test_an_address_that_is_none_is_unreachable(polling, url):
    assert fault(polling(), url) == "unreachable"
