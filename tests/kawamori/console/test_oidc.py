"""Signing in with a provider: a double of one, over real HTTP, that can also lie."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from kawamori.console.app import create_app
from kawamori.console.errors import ForbiddenError
from kawamori.console.oidc import roles_of

CLIENT = "desk"
TABLE = {"flood-approvers": "approver", "flood-desk": "officer"}


class Provider:
    """Signs whatever claims a test asks for; `nonce` is that of the last visit."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})
        self.claims: dict[str, Any] = {"sub": "u1", "name": "佐藤", "groups": ["flood-approvers"]}
        self.nonce = ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                provider.answer(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def answer(self, http: BaseHTTPRequestHandler) -> None:
        pages = {
            "/.well-known/openid-configuration": self.metadata,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/token": self.token,
        }
        body = json.dumps(pages[urlsplit(http.path).path]()).encode()
        http.send_response(200)
        http.send_header("content-type", "application/json")
        http.send_header("content-length", str(len(body)))
        http.end_headers()
        http.wfile.write(body)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        known = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**known, "nonce": self.nonce, **self.claims}
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@pytest.fixture
def provider():
    double = Provider()
    yield double
    double.server.shutdown()
    double.server.server_close()


@pytest.fixture
def door(console, provider):
    """Give a browser of the console that trusts the provider."""
    settings = console.settings.model_copy(
        update={
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": type(console.settings.line_token)("s" * 32),
            "oidc_roles": TABLE,
            "console_url": "http://127.0.0.1",
        }
    )
    app = create_app(settings, now=console.clock)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as browser:
        browser.headers["accept"] = "text/html"
        yield browser
    app.state.desk.engine.dispose()


def come_back(door: TestClient, provider: Provider, **changed: str):
    """Go to the provider and come back with its code."""
    asked = parse_qs(urlsplit(door.get("/oidc/start").headers["location"]).query)
    provider.nonce = asked["nonce"][0]
    assert asked["code_challenge_method"] == ["S256"]
    query = {"code": "c", "state": asked["state"][0], **changed}
    return door.get("/oidc/callback", params=query)


def test_member_of_a_group_comes_in_with_its_role(door, provider) -> None:
    assert come_back(door, provider).headers["location"] == "/"
    shown = door.get("/runs")
    assert shown.status_code == 200
    assert "佐藤" in shown.text
    assert door.get("/accounts").status_code == 403


def test_roles_are_those_of_today(door, provider) -> None:
    come_back(door, provider)
    provider.claims["groups"] = ["flood-desk"]
    come_back(door, provider)
    assert door.post("/approvals/x").status_code == 403
    assert "当直" in door.get("/runs").text


@pytest.mark.parametrize(
    "lie",
    [
        {"groups": ["kitchen"]},
        {"groups": "flood-approvers"},
        {"groups": None},
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
)
def test_answer_that_does_not_hold_stays_outside(door, provider, lie: dict[str, Any]) -> None:
    provider.claims |= lie
    assert come_back(door, provider).status_code == 403
    assert door.get("/runs").status_code == 303


def test_answer_for_another_browser_is_refused(door, provider) -> None:
    assert come_back(door, provider, state="forged").status_code == 403
    assert door.get("/runs").status_code == 303


def test_there_is_no_door_to_a_provider_unless_it_is_set(console) -> None:
    assert console.browser().get("/oidc/start").status_code == 404


def test_half_a_setting_is_refused_at_the_start(console) -> None:
    settings = console.settings.model_copy(update={"oidc_issuer": "https://id.example"})
    with pytest.raises(ValueError, match="OIDC_CLIENT_ID"):
        create_app(settings)


def test_groups_become_roles_by_the_table() -> None:
    assert roles_of({"groups": ["flood-desk", "x"]}, TABLE) == ("officer",)
    with pytest.raises(ForbiddenError):
        roles_of({}, TABLE)
