"""Around every request: a nonce for its scripts, a limit for its body, headers on its answer."""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 2 * 1024 * 1024  # bytes; lists and telegrams that a desk uploads are smaller
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cache-Control": "no-store",
}
TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    """ASGI middleware; a header that the answer already has is kept (maps, cacheable pages)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), **HEADERS}
        if scope["scheme"] == "https":
            headers |= TLS_ONLY

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answer.setdefault(name, value)
            await send(message)

        body = await _read(receive) if _has_body(scope) else []
        if body is None:
            large = f"a request may carry {LARGEST_BODY} bytes at most."
            await PlainTextResponse(large, 413)(scope, receive, guarded)
            return
        waiting = iter(body)

        async def replayed() -> Message:
            return next(waiting, None) or await receive()

        await self.app(scope, replayed, guarded)


def _has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return bool(names & {b"content-length", b"transfer-encoding"})


async def _read(receive: Receive) -> list[Message] | None:
    """Give the messages of the body; None if it is too large, without keeping it."""
    kept: list[Message] = []
    size, more = 0, True
    while more:
        message = await receive()
        kept.append(message)
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return None
        more = message["type"] == "http.request" and message.get("more_body", False)
    return kept
