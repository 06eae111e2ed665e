"""Every route against every role, from the one table; nothing without a role is reachable."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, FastAPI

from kawamori.console.access import SAFE, declared
from kawamori.console.app import create_app
from kawamori.console.roles import INCLUDES, ROLES, check_roles, may

FILLED = re.compile(r"\{[^}]*\}")


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


def test_route_without_a_role_cannot_be_built() -> None:
    router = APIRouter()
    router.get("/open-by-mistake")(lambda: "secret")
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    with pytest.raises(ValueError, match="open-by-mistake"):
        list(declared(app.routes))


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
