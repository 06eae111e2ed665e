"""One page over HTTP: conditional, bounded in time and size, tried again where that can help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2

from kawamori.feeds.types import FeedError, Polling

CONNECT_S, READ_S, WHOLE_S = 5.0, 15.0, 60.0
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
    measured: bool  # its length was announced and is right


def new_client() -> httpx2.Client:
    """Give a client with the limits of this module."""
    timeout = httpx2.Timeout(READ_S, connect=CONNECT_S)
    return httpx2.Client(timeout=timeout, headers={"User-Agent": AGENT}, follow_redirects=False)


def fetch(polling: Polling, url: str, read: Callable[[Page], T], *, headers: Mapping[str, str],
          limit_bytes: int = LIMIT_BYTES) -> tuple[T, Page] | None:  # fmt: skip
    """Give what `read` makes of a page, and the page; None = not modified (304).

    A body that `read` refuses with ValueError is fetched again: it may have been cut off.

    Raises
    ------
    FeedError
        timeout, unreachable, busy, partial, form (not what `read` takes), encoding, refused,
        moved, too-large or clock.
    """
    for left in reversed(range(TRIES)):
        try:
            page = _page(polling, url, headers, limit_bytes)
            return None if page is None else (_read(read, page, url), page)
        except FeedError as fault:
            if fault.kind not in PASSING or not left:
                raise
            wait_s = min(WAIT_S * 2 ** (TRIES - 1 - left), WAIT_MAX_S)
            polling.wait(wait_s * random.uniform(0.5, 1.0))
    raise AssertionError("unreachable: the last try returns or raises")


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


def _page(polling: Polling, url: str, headers: Mapping[str, str], limit_bytes: int) -> Page | None:
    sent = dict(headers)
    if polling.token:
        sent["Authorization"] = f"Bearer {polling.token}"
    try:
        with polling.client.stream("GET", url, headers=sent) as answer:
            _check_clock(answer, polling.now, url)
            if answer.status_code == 304:
                return None
            _check_status(answer, url)
            body = _body(answer, url, limit_bytes)
            return Page(body, _validators(answer), "content-length" in answer.headers)
    except httpx2.TimeoutException as error:
        raise FeedError("timeout", f"{url} did not answer in time") from error
    except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.DecodingError) as error:
        raise FeedError("partial", f"{url} ended early: {error}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FeedError("unreachable", f"{url}: {type(error).__name__}: {error}") from error


def _body(answer: Any, url: str, limit_bytes: int) -> bytes:
    """Read up to a limit of bytes, and of time where a server drips."""
    chunks, size, until = [], 0, time.monotonic() + WHOLE_S
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > limit_bytes:
            raise FeedError("too-large", f"{url} is larger than {limit_bytes} bytes")
        if time.monotonic() > until:
            raise FeedError("timeout", f"{url} was not whole after {WHOLE_S:g} s")
        chunks.append(chunk)
    return b"".join(chunks)


def _check_status(answer: Any, url: str) -> None:
    status = int(answer.status_code)
    if status == 200:
        return
    if status >= 500 or status in LATER:
        raise FeedError("busy", f"{url} answered {status}")
    if 300 <= status < 400:
        raise FeedError("moved", f"{url} answered {status} to {answer.headers.get('location')}")
    raise FeedError("refused", f"{url} answered {status}. Correct the url or the token.")


def _check_clock(answer: Any, now: datetime, url: str) -> None:
    """Refuse an answer of another time: nothing of it could be placed."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return  # no date was sent
    if theirs.tzinfo is not None and abs(theirs - now) > SKEW:
        raise FeedError(
            "clock", f"{url} says it is {theirs.isoformat()}, this machine {now.isoformat()}. "
            "Correct the clock of this machine (NTP)."
        )  # fmt: skip


def _validators(answer: Any) -> dict[str, str]:
    pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
    return {ask: answer.headers[told] for told, ask in pairs if told in answer.headers}
