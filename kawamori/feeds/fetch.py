"""One page over HTTP: conditional, bounded in time and size, tried again where that can help.

A read that never ends cannot be ended from outside (a name server that does not answer, headers
that drip), so a page is asked for in a thread of its own and left to it when its time is over.
"""

from __future__ import annotations

import queue
import random
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from kawamori.feeds.types import FeedError, Polling

CONNECT_S, READ_S, WHOLE_S = 5.0, 15.0, 45.0
TRIES = 3
WAIT_S, WAIT_MAX_S = 1.0, 8.0
LIMIT_BYTES = 10_000_000
LATER = {408, 425, 429}  # besides 5xx
SKEW = timedelta(minutes=5)  # between their clock and ours
AGENT = "kawamori (flood desk of a city)"
PASSING = frozenset({"timeout", "unreachable", "busy", "partial", "form"})  # trying again may help

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """A whole body and what makes the next request for it conditional."""

    body: bytes
    validators: dict[str, str]  # headers of the next request
    measured: bool  # its length was announced, or its end, and is right

    def whole_lines(self, encoding: str) -> bytes:
        """Give a text, without its last line if that may have been cut off.

        Raises
        ------
        UnicodeDecodeError
            If it is not in `encoding`.
        """
        text = self.body.decode(encoding)
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        return self.body if self.measured else text[:end].encode(encoding)


def new_client() -> httpx2.Client:
    """Give a client with the limits of this module."""
    timeout = httpx2.Timeout(READ_S, connect=CONNECT_S)
    return httpx2.Client(timeout=timeout, headers={"User-Agent": AGENT}, follow_redirects=False)


def fetch(polling: Polling, url: str, read: Callable[[Page], T], *, headers: Mapping[str, str],
          limit_bytes: int = LIMIT_BYTES) -> tuple[T, Page] | None:  # fmt: skip
    """Give what `read` makes of a page, and the page; None = not modified (304).

    A body that `read` refuses with ValueError is fetched again: it may have been cut off. All pages
    of a poll have the time of `polling.until`.

    Raises
    ------
    FeedError
        timeout, unreachable, busy, partial, form (not what `read` takes), encoding, refused,
        moved, too-large or clock.
    """
    for left in reversed(range(TRIES)):
        try:
            page = _in_time(polling, url, headers, limit_bytes)
            return None if page is None else (_read(read, page, url), page)
        except FeedError as fault:
            if fault.kind not in PASSING or not left or time.monotonic() > polling.until:
                raise
            wait_s = min(WAIT_S * 2 ** (TRIES - 1 - left), WAIT_MAX_S)
            polling.wait(wait_s * random.uniform(0.5, 1.0))
    raise AssertionError("unreachable: the last try returns or raises")


def fetched(
    polling: Polling, url: str, read: Callable[[Page], T], *, limit_bytes: int = LIMIT_BYTES
) -> T:
    """Give what `read` makes of a page asked for without conditions, as `fetch`."""
    answer = fetch(polling, url, read, headers={}, limit_bytes=limit_bytes)
    if answer is None:
        raise FeedError("form", f"{url} answered 304 to a request without conditions")
    return answer[0]


def on_host(url: str, own: str) -> str:
    """Give a link of a page, by that page's scheme; one to another host gets no request.

    The feed's token would go with it.
    """
    link, page = urlsplit(url), urlsplit(own)
    if link.netloc.lower() != page.netloc.lower():
        raise FeedError("form", f"{url} is not on {page.netloc}")
    return link._replace(scheme=page.scheme).geturl()


def remembered(polling: Polling, url: str) -> dict[str, str]:
    """Give the headers that make a request for a page conditional, from the feed's memory."""
    return dict(polling.memory.get("validators", {}).get(url, {}))


def _read(read: Callable[[Page], T], page: Page, url: str) -> T:
    try:
        return read(page)
    except UnicodeDecodeError as error:
        raise FeedError("encoding", f"{url} is not {error.encoding} text: {error}") from error
    except FeedError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FeedError("form", f"{url}: {type(error).__name__}: {error}") from error


def _in_time(
    polling: Polling, url: str, headers: Mapping[str, str], limit_bytes: int
) -> Page | None:
    """Give a page before its time, and that of the poll, is over, whatever the server does."""
    left_s = min(WHOLE_S, polling.until - time.monotonic())
    if left_s <= 0:
        raise FeedError("timeout", f"{url} was not asked for: the time of its feed is over")
    told: queue.SimpleQueue[Page | Exception | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            told.put(_page(polling, url, headers, limit_bytes))
        except Exception as error:  # noqa: BLE001 - it is raised where the page is waited for
            told.put(error)

    threading.Thread(target=ask, name=f"fetch {url}"[:80], daemon=True).start()
    try:
        found = told.get(timeout=left_s)
    except queue.Empty:
        raise FeedError("timeout", f"{url} was not whole after {left_s:.3g} s") from None
    if isinstance(found, Exception):
        raise found
    return found


def _page(polling: Polling, url: str, headers: Mapping[str, str], limit_bytes: int) -> Page | None:
    sent = {"Accept-Encoding": "gzip", **headers}
    if polling.token:
        sent["Authorization"] = f"Bearer {polling.token}"
    try:
        with polling.client.stream("GET", url, headers=sent) as answer:
            _check_status(answer, url, conditional=bool(headers))
            _check_clock(answer, polling, url)
            if answer.status_code == 304:
                return None
            body = _body(answer, url, limit_bytes)
            measured = "content-length" in answer.headers or "transfer-encoding" in answer.headers
            return Page(body, _validators(answer), measured)
    except httpx2.TimeoutException as error:
        raise FeedError("timeout", f"{url} did not answer in time") from error
    except (httpx2.RemoteProtocolError, httpx2.ReadError, zlib.error) as error:
        raise FeedError("partial", f"{url} ended early: {error}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:  # a host that is no name
        raise FeedError("unreachable", f"{url}: {type(error).__name__}: {error}") from error


def _body(answer: Any, url: str, limit_bytes: int) -> bytes:
    """Read up to a limit of bytes; and of time, so that a page nobody waits for ends too.

    Unpacked here: the client does not tell a gzip body that was cut off from a whole one.
    """
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        raise FeedError("form", f"{url} must be packed by gzip or not at all, got {packing[:40]!r}")
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing == "gzip" else None
    chunks, size, until = [], 0, time.monotonic() + WHOLE_S
    for raw in answer.iter_raw():
        chunk = raw if gzip is None else gzip.decompress(raw, limit_bytes - size + 1)
        size += len(chunk)
        if size > limit_bytes:
            raise FeedError("too-large", f"{url} is larger than {limit_bytes} bytes")
        if time.monotonic() > until:
            raise FeedError("timeout", f"{url} was not whole after {WHOLE_S:g} s")
        chunks.append(chunk)
    if gzip is not None and (not gzip.eof or gzip.unused_data):
        raise FeedError("partial", f"{url} must be one whole gzip stream of {size} bytes")
    return b"".join(chunks)


def _check_status(answer: Any, url: str, *, conditional: bool) -> None:
    status = int(answer.status_code)
    if status == 200 or (status == 304 and conditional):
        return
    if status == 304:
        raise FeedError("form", f"{url} answered 304 to a request without conditions")
    if status >= 500 or status in LATER:
        raise FeedError("busy", f"{url} answered {status}")
    if 300 <= status < 400:
        raise FeedError("moved", f"{url} answered {status} to {answer.headers.get('location')}")
    raise FeedError("refused", f"{url} answered {status}. Correct the url or the token.")


def _check_clock(answer: Any, polling: Polling, url: str) -> None:
    """Refuse an answer of another time: nothing of it could be placed.

    A page that a cache keeps has the date at which it was made and its age since.
    """
    age = answer.headers.get("age", "").strip()
    kept_s = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")) + timedelta(seconds=kept_s)
    except (ValueError, OverflowError):
        return  # no date was sent
    passed = timedelta(seconds=time.monotonic() - polling.begun)
    apart = max(polling.now - theirs, theirs - polling.now - passed) if theirs.tzinfo else SKEW
    if apart > SKEW:
        raise FeedError(
            "clock", f"{url} says it is {theirs.isoformat()}, this machine "
            f"{polling.now.isoformat()}. Correct the clock of this machine (NTP)."
        )  # fmt: skip


def _validators(answer: Any) -> dict[str, str]:
    """Give what can be sent back: a header is ASCII."""
    pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
    told = {ask: answer.headers.get(name, "") for name, ask in pairs}
    return {ask: value for ask, value in told.items() if value and value.isascii()}
