"""The citizens' page: public, without sign-in and JavaScript, made once and kept as bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from alerts.bot.words import phrases
from alerts.glossary import languages
from kawamori.console.access import public
from kawamori.console.citizen_view import Citizens, accepted, citizen_words, citizens
from kawamori.console.desk import desk_of
from kawamori.console.guard import HEADERS, TLS_ONLY
from kawamori.console.pages import environment
from kawamori.console.situation_records import records_of

CACHE = "public, max-age=15, stale-while-revalidate=60"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# Where browsers may subscribe: one script of ours and its worker, from this server alone.
PUSH = "; script-src 'self'; connect-src 'self'; worker-src 'self'"
PATH, LONGEST = "/public", 40  # of the name of a language
HTML = "text/html; charset=utf-8"
# BCP 47 of our own names, for screen readers; the others are their own.
TAGS = {"ja-x-easy": "ja"}
router = APIRouter(dependencies=[Depends(public)])


@dataclass(frozen=True)
class Held:
    """The page of one language as it is sent, and until when it needs no look."""

    until: datetime
    body: bytes
    etag: str
    policy: str


class HeldPages:
    """The page in each language, made anew when it is older than the settings allow."""

    def __init__(self, request: Request) -> None:
        self.desk, self.stored = desk_of(request), records_of(request)
        self.kept = timedelta(seconds=self.desk.settings.citizen_kept_s)
        self._held: dict[str, Held] = {}
        self._lock = Lock()

    def fresh(self, language: str) -> Held | None:
        """Give the page if it needs no look yet."""
        held = self._held.get(language)
        return held if held and self.desk.now() < held.until else None

    def make(self, language: str) -> Held:
        """Give the page, made by one caller while the others wait."""
        with self._lock:
            known = self.fresh(language)
            if known is not None:
                return known
            now = self.desk.now()
            shown = citizens(self.desk, self.stored, language)
            body = _html(shown, language).encode()
            etag = f'"{sha256(body).hexdigest()[:32]}"'
            held = Held(now + self.kept, body, etag, POLICY + (PUSH if shown.push else ""))
            before = self._held.get(language)
            if before is not None and before.etag == etag:
                held = replace(before, until=held.until)
            self._held[language] = held
            return held


def _html(shown: Citizens, language: str) -> str:
    tongues = [(key, TAGS.get(key, key), phrases(key)["language"]) for key in ordered()]
    return environment().get_template("citizen.html").render(
        shown=shown, said=citizen_words(language), ask=phrases(language), language=language,
        tag=TAGS.get(language, language), tags=TAGS, tongues=tongues,
    )  # fmt: skip


class FromMemory:
    """ASGI middleware, outermost: the kept page goes out without passing through the application.

    A town that reloads must not keep the desk's own pages waiting.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _kept(scope) if scope.get("path") == PATH else None
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)


def _kept(scope: Scope) -> Response | None:
    """Give the page if it is kept and needs no look; None = the application must answer."""
    pages: HeldPages | None = getattr(scope["app"].state, "citizen_pages", None)
    if pages is None or scope["type"] != "http" or scope["method"] != "GET":
        return None
    sent = {name: value.decode("latin-1") for name, value in scope["headers"]}
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[-1]
    language = _language(asked, sent.get(b"accept-language", ""))
    held = pages.fresh(language) if len(asked) <= LONGEST else None
    if held is None:
        return None
    answer = _answer(held, language, sent.get(b"if-none-match", ""))
    answer.headers.update(
        {name: value for name, value in HEADERS.items() if name != "Cache-Control"}
    )
    if scope["scheme"] == "https":
        answer.headers.update(TLS_ONLY)
    return answer


@router.get(PATH)
async def citizen_page(
    request: Request, lang: Annotated[str, Query(max_length=LONGEST)] = ""
) -> Response:
    """Give the page in the language asked for, else in the browser's, else in Japanese."""
    pages = pages_of(request)
    language = _language(lang, request.headers.get("accept-language", ""))
    held = pages.fresh(language)
    if held is None:
        held = await run_in_threadpool(pages.make, language)
    return _answer(held, language, request.headers.get("if-none-match", ""))


def _language(asked: str, header: str) -> str:
    return asked if asked in languages() else accepted(header)


def _answer(held: Held, language: str, known: str) -> Response:
    headers = {
        "ETag": held.etag, "Cache-Control": CACHE, "Vary": "Accept-Language",
        "Content-Language": TAGS.get(language, language), "Content-Security-Policy": held.policy,
    }  # fmt: skip
    if held.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(held.body, media_type=HTML, headers=headers)


def pages_of(request: Request) -> HeldPages:
    """Give the pages of this application, kept as long as it runs."""
    state = request.app.state
    found: HeldPages | None = getattr(state, "citizen_pages", None)
    if found is None:
        found = state.citizen_pages = HeldPages(request)
    return found


def ordered() -> list[str]:
    """Give the languages, Japanese first."""
    return sorted(languages(), key=lambda key: (not key.startswith("ja"), key))
