"""Rendering: every page of the console stands on base.html, in the reader's language.

    return page(request, "situation.html", gauges=rows)

Templates have `t("PAGE.KEY", count=3)`, `officer` (None before sign-in), `nonce`, `csrf`, `words`
(levels, JST times), `drill` (None = nothing is stored yet), `language`, `path` and `menu`. Text
from data is escaped; a name that was not handed over is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine, select

from kawamori.console.access import Officer
from kawamori.console.cookies import LANGUAGE, door_id, session_id
from kawamori.console.desk import desk_of
from kawamori.console.sessions import csrf_token
from kawamori.console.texts import LANGUAGES, Tell, teller
from kawamori.situation_words import WORDS
from kawamori.store import runs

# Path, key of its word, who sees it: a line per page. A page that is not mounted is left out.
MENU = (
    ("/", "nav.situation", ("viewer",)),
    ("/approvals", "nav.approvals", ("viewer",)),
    ("/shelters", "nav.shelters", ("viewer",)),
    ("/field", "nav.field", ("viewer",)),
    ("/drill", "nav.drill", ("officer",)),
    ("/models", "nav.models", ("viewer",)),
    ("/runs", "nav.runs", ("viewer",)),
    ("/audit", "nav.audit", ("officer",)),
    ("/accounts", "nav.accounts", ("admin",)),
)


@dataclass(frozen=True)
class Link:
    """One entry of the menu."""

    path: str
    word: str
    here: bool


@cache
def environment() -> Environment:
    """Give the templates of the console."""
    return Environment(
        loader=PackageLoader("kawamori.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compile_all() -> None:
    """Read every template, so that no visitor waits for it."""
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)


def page(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template on base.html.

    Parameters
    ----------
    name
        A file under console/templates.
    status
        HTTP status of the answer.
    context
        What the template shows; `drill` may say that this page shows a drill (or does not).
    """
    return HTMLResponse(render(request, name, status=status, **context), status)


def render(request: Request, name: str, **context: Any) -> str:
    """Give a template as text: a page, or the part of one that htmx swaps."""
    language = language_of(request)
    tell = teller(language)
    if "drill" not in context:
        context["drill"] = newest_is_drill(desk_of(request).engine)
    officer = _officer(request)
    tied = session_id(request) or door_id(request)
    given: dict[str, Any] = {
        "t": tell,
        "words": WORDS[language],
        "language": language,
        "officer": officer,
        "nonce": request.state.nonce,
        "csrf": csrf_token(tied) if tied else "",
        "menu": list(_menu(request, officer, tell)),
        "path": request.url.path,
    }
    return environment().get_template(name).render({**given, **context})


def language_of(request: Request) -> str:
    """Give the reader's language: the cookie, else what the browser prefers, else Japanese."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in LANGUAGES:
        return chosen
    preferred = request.headers.get("accept-language", "")[:2]
    return preferred if preferred in LANGUAGES else LANGUAGES[0]


def newest_is_drill(engine: Engine) -> bool | None:
    """Tell whether the newest complete run is a drill; None = there is no run yet."""
    query = select(runs.c.drill).where(runs.c.state == "complete")
    with engine.connect() as connection:
        found = connection.execute(query.order_by(runs.c.issued_at.desc()).limit(1)).first()
    return None if found is None else bool(found.drill)


def _officer(request: Request) -> Officer | None:
    """Give who is signed in; nobody where no dependency asked (a public page, an unknown path)."""
    return getattr(request.state, "officer", None)


def _menu(request: Request, officer: Officer | None, tell: Tell) -> Iterator[Link]:
    mounted: frozenset[str] = request.app.state.paths
    if officer is None:
        return
    for path, key, roles in MENU:
        if path in mounted and officer.may(*roles):
            here = request.url.path == path or (path != "/" and request.url.path.startswith(path))
            yield Link(path, tell(key), here)
