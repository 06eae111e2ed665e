"""Cookies of the console: the session, the door (before sign-in) and the language."""

from __future__ import annotations

import secrets
from typing import Literal

from fastapi import Request, Response

from kawamori.console.desk import desk_of

SESSION, DOOR, LANGUAGE = "kawamori-session", "kawamori-door", "kawamori-language"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
YEAR_S = 365 * 24 * 3600


def session_id(request: Request) -> str:
    """Give the id of the session, "" without one."""
    return request.cookies.get(_name(request, SESSION), "")


def door_id(request: Request) -> str:
    """Give what ties a sign-in form to this browser before there is a session."""
    return request.cookies.get(_name(request, DOOR), "")


def set_session(request: Request, response: Response, value: str) -> None:
    """Hand the browser its session, until the browser closes or the session ends."""
    _set(request, response, SESSION, value)


def set_door(request: Request, response: Response) -> str:
    """Hand the browser a fresh door id; give it."""
    value = secrets.token_urlsafe(24)
    _set(request, response, DOOR, value)
    return value


def set_language(request: Request, response: Response, language: str) -> None:
    """Remember the language of the pages."""
    response.set_cookie(
        LANGUAGE, language, max_age=YEAR_S, secure=_secure(request), httponly=True, samesite="lax"
    )


def drop_session(request: Request, response: Response) -> None:
    """Take the session back."""
    response.delete_cookie(
        _name(request, SESSION), secure=_secure(request), httponly=True, samesite=_site(request)
    )


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        _name(request, name),
        value,
        secure=_secure(request),
        httponly=True,
        samesite=_site(request),
    )


def _name(request: Request, name: str) -> str:
    """With __Host- no other host of the domain can plant the cookie."""
    return f"__Host-{name}" if _secure(request) else name


def _secure(request: Request) -> bool:
    """Without TLS only on this very machine."""
    return not (request.url.scheme == "http" and request.url.hostname in LOOPBACK)


def _site(request: Request) -> Literal["lax", "strict"]:
    """Coming back from another sign-in service needs lax."""
    return "lax" if desk_of(request).settings.oidc_issuer else "strict"
