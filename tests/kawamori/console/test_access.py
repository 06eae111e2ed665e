"""Every route against every role, from the one table; nothing without a role is reachable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Response
from pydantic import SecretStr

from kawamori.console.access import SAFE, declared
from kawamori.console.app import create_app
from kawamori.console.roles import INCLUDES, ROLES, check_roles, may
from kawamori.settings import Settings

HOST = "http://127.0.0.1"
FILLED = re.compile(r"\{[^}]*\}")
OPEN_PAGES = (
    "/sign-in", "/language/{language}", "/healthz", "/oidc/start", "/oidc/callback",
    "/public", "/public/map", "/public/map.geojson", "/public/api/v1/advice",
    "/public/api/v1/shelters", "/public/api/v1/ngsi-ld/entities",
    "/public/api/v1/ngsi-ld/entities/{entity}", "/api/v1/openapi.json", "/ogc/", "/ogc/api",
    "/ogc/conformance", "/ogc/collections", "/ogc/collections/{name}",
    "/ogc/collections/{name}/items", "/ogc/collections/{name}/items/{key}", "/cap/feed.xml",
    "/cap/{identifier}.xml",
    "/push/worker.js", "/push/key", "/duty/acknowledge/{token}", "/duty/maps/{token}.png",
)  # fmt: skip
OPEN_CHANGES = {  # each proves itself: a tied form, a link, a signature, a subscription
    ("POST", "/sign-in"), ("POST", "/duty/acknowledge/{token}"), ("POST", "/line/webhook"),
    ("POST", "/push/subscribe"), ("POST", "/push/unsubscribe"),
}  # fmt: skip
CHANGES: dict[str, str | tuple[str, ...]] = {
    "POST /sign-out": "viewer",
    "POST /account/password": "viewer",
    "POST /accounts": "admin",
    "POST /accounts/{account}/disable": "admin",
    "POST /accounts/{account}/reset": "admin",
    "POST /approvals/{run_id}": "approver",
    "POST /approvals/{run_id}/return": "approver",
    "POST /approvals/{run_id}/cancel": "approver",
    "POST /approvals/{run_id}/edit/{message_id}": "officer",
    "POST /orders/{approval_id}/end": "approver",
    "POST /shelters/{shelter_id}/report": ("shelter", "officer"),
    "POST /shelters/roads": "officer",
    "POST /field": "officer",
    "POST /field/{report_id}/end": "officer",
    "POST /drill/start": "officer",
    "POST /drill/{drill_id}/stop": "officer",
    "POST /drill/{drill_id}/faults": "officer",
}


@pytest.fixture
def whole_app(settings: Settings, clock: Any) -> Iterator[FastAPI]:
    """Give the application with all that settings can switch on."""
    more = {
        "cap_sender": "desk@example.jp", "console_url": HOST, "oidc_issuer": HOST,
        "oidc_client_id": "one", "oidc_client_secret": SecretStr("x"),
        "oidc_roles": {"a": "viewer"},
    }  # fmt: skip
    app = create_app(settings.model_copy(update=more), now=clock)
    yield app
    app.state.desk.engine.dispose()


def test_every_route_admits_just_the_roles_of_its_table(console) -> None:
    routes = list(declared(console.app.routes))
    assert len(routes) > 10
    wrong = []
    for role in ROLES:
        browser = console.browser(role)
        for method, path, wanted in routes:
            if path in {"/sign-out"} or not wanted:
                continue  # signing out ends this very session
            status = browser.request(method, FILLED.sub("nothing", path)).status_code
            refused = status == 403
            if refused == may([role], wanted):
                wrong.append((role, method, path, status))
    assert wrong == []


def test_nobody_reaches_only_what_is_open_to_all(console) -> None:
    wrong = []
    for method, path, wanted in declared(console.app.routes):
        answer = console.browser().request(method, FILLED.sub("nothing", path))
        sent_away = answer.status_code in {303, 401} and "/sign-in" in answer.headers.get(
            "location", "/sign-in"
        )
        if bool(wanted) != sent_away and method in SAFE:
            wrong.append((method, path, answer.status_code))
        if wanted and method not in SAFE and answer.status_code not in {303, 401, 422}:
            wrong.append((method, path, answer.status_code))
    assert wrong == []


def _by_mistake() -> list[FastAPI]:
    """Give applications with one thing each that declares no role."""
    made = [FastAPI(openapi_url=None) for _ in range(4)]
    router = APIRouter()
    router.get("/open-by-mistake")(lambda: "secret")
    made[0].include_router(router)
    made[1].add_route("/open-by-mistake", lambda _request: Response("secret"))
    made[2].mount("/open-by-mistake", FastAPI())
    made[3].websocket("/open-by-mistake")(lambda socket: socket.accept())
    return made


@pytest.mark.parametrize("app", _by_mistake())
def test_nothing_without_a_role_can_be_built(app: FastAPI) -> None:
    with pytest.raises(ValueError, match="open-by-mistake"):
        list(declared(app.routes))


def test_only_what_is_named_here_is_open_to_all(whole_app: FastAPI) -> None:
    opened = {(method, path) for method, path, roles in declared(whole_app.routes) if not roles}
    assert opened == {*(("GET", path) for path in OPEN_PAGES), *OPEN_CHANGES}


def test_whoever_changes_something_has_the_role_named_here(whole_app: FastAPI) -> None:
    changes = {
        f"{method} {path}": roles
        for method, path, roles in declared(whole_app.routes)
        if method not in SAFE and roles
    }
    assert changes == {path: (role,) if isinstance(role, str) else role
                       for path, role in CHANGES.items()}  # fmt: skip


def test_cap_feed_is_open_where_there_is_a_sender(console) -> None:
    assert console.browser().get("/cap/feed.xml").status_code == 404
    settings = console.settings.model_copy(update={"cap_sender": "desk@example.jp"})
    app = create_app(settings, now=console.clock)
    routes = {path: roles for _method, path, roles in declared(app.routes)}
    assert routes["/cap/feed.xml"] == ()
    app.state.desk.engine.dispose()


def test_roles_include_what_the_table_says() -> None:
    assert may(["admin"], ["viewer"])
    assert may(["shelter", "viewer"], ["shelter"])
    assert not may(["officer"], ["approver"])
    assert not may(["approver"], ["shelter"])  # a desk is no shelter
    assert not may([], ["viewer"])
    assert all(role in INCLUDES[role] for role in ROLES)


@pytest.mark.parametrize("roles", [[], ["root"], ["viewer", "Admin"]])
def test_unknown_role_is_answered_with_the_known_ones(roles: list[str]) -> None:
    with pytest.raises(ValueError, match="approver"):
        check_roles(roles)
