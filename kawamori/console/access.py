"""Who may come in: every route names the role it needs, or says that it is open to all.

    @router.get("/gauges")
    def gauges(request: Request, officer: Annotated[Officer, Depends(needs("viewer"))]) -> ...

`needs` also checks the CSRF token of every method that changes something: htmx sends the header
X-CSRF-Token by itself, a plain form carries a hidden field `csrf`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request
from fastapi.routing import iter_route_contexts
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute, Mount

from kawamori.console.cookies import door_id, session_id
from kawamori.console.desk import desk_of
from kawamori.console.errors import (
    ForbiddenError,
    ForgedError,
    MustChangeError,
    NotSignedInError,
)
from kawamori.console.roles import check_roles, may
from kawamori.console.sessions import csrf_token, read_session

SAFE = {"GET", "HEAD", "OPTIONS"}
PASSWORD_PAGE = "/account/password"
WITH_ONE_TIME_SECRET = {PASSWORD_PAGE, "/sign-out"}  # all that a one-time secret opens


@dataclass(frozen=True)
class Officer:
    """The person at the other end, as signed in."""

    account_id: str  # stands in approvals and in the audit log
    name: str
    roles: tuple[str, ...]
    shelters: tuple[str, ...] = ()  # shelter_ids that staff of shelters look after

    def may(self, *roles: str) -> bool:
        """Tell whether this person may do what any of these roles may."""
        return may(self.roles, check_roles(roles))


def signed_in(request: Request) -> Officer | None:
    """Give who is signed in, None if nobody is; pages find it in `request.state.officer`."""
    desk, known = desk_of(request), session_id(request)
    idle = timedelta(minutes=desk.settings.session_idle_min)
    found = read_session(desk.engine, known, at=desk.now(), idle=idle) if known else None
    request.state.officer = None
    if found is None:
        return None
    if found.must_change and request.url.path not in WITH_ONE_TIME_SECRET:
        raise MustChangeError
    officer = Officer(found.account_id, found.name, found.roles, found.shelters)
    request.state.officer = officer
    return officer


async def sent_token(request: Request) -> str:
    """Give the CSRF token that came with a request, from the header or the form."""
    header = request.headers.get("x-csrf-token", "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    forms = ("application/x-www-form-urlencoded", "multipart/form-data")
    if header or request.method in SAFE or kind not in forms:
        return header
    return str((await request.form()).get("csrf", ""))


SignedIn = Annotated[Officer | None, Depends(signed_in)]
Token = Annotated[str, Depends(sent_token)]
Admission = Callable[..., Officer]
ROLES_OF: dict[Callable[..., object], tuple[str, ...]] = {}  # what a route's dependency admits


def needs(*roles: str) -> Admission:
    """Give the dependency that admits anybody with one of the roles, and gives the `Officer`."""
    wanted = check_roles(roles)

    def admitted(request: Request, officer: SignedIn, token: Token) -> Officer:
        if officer is None:
            raise NotSignedInError
        check_token(request, token)
        if not officer.may(*wanted):
            raise ForbiddenError(f"needs one of {list(wanted)}, got {list(officer.roles)}")
        return officer

    ROLES_OF[admitted] = wanted
    return admitted


def open_to_all(request: Request, officer: SignedIn, token: Token) -> Officer | None:
    """Admit anybody; give the officer if one is signed in."""
    check_token(request, token)
    return officer


async def public(request: Request) -> None:
    """Admit anybody to a page for everybody: no session is read, so it can be cached."""


def from_service(request: Request) -> None:
    """Admit a machine that proves itself in its own way (a signature, a token in the link)."""


ROLES_OF |= {open_to_all: (), public: (), from_service: ()}


def check_token(request: Request, token: str) -> None:
    """Raise ForgedError if a change does not come from a page of ours."""
    if request.method in SAFE:
        return
    tied = session_id(request) or door_id(request)
    if not tied or not compare_digest(token.encode(), csrf_token(tied).encode()):
        raise ForgedError


def declared(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give method, path and roles of every route, () = open to all.

    Folders of styles and scripts are left out: they hold nothing of a desk.

    Raises
    ------
    ValueError
        Naming every route that declares no role.
    """
    undeclared = []
    for route in iter_route_contexts(list(routes)):
        if _is_files(route.original_route):
            continue
        dependant = getattr(route, "dependant", None)  # a bare route of Starlette has none
        roles = _roles(dependant.dependencies) if dependant else None
        if roles is None:
            undeclared.append(route.path)
            continue
        for method in sorted(route.methods or ()):
            yield method, str(route.path), roles
    if undeclared:
        raise ValueError(
            f"every route must declare its role, got none for {undeclared}. "
            "Add Depends(needs(ROLE)), or Depends(public) if it is for everybody."
        )


def _is_files(route: BaseRoute) -> bool:
    return isinstance(route, Mount) and isinstance(route.app, StaticFiles)


def _roles(dependencies: Iterable[object]) -> tuple[str, ...] | None:
    for each in dependencies:
        call = getattr(each, "call", None)
        if call in ROLES_OF:
            return ROLES_OF[call]
    return None
