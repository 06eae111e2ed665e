"""Around every request: forged changes, large bodies, headers."""

from __future__ import annotations

import re

import pytest

from kawamori.console.access import SAFE, declared
from kawamori.console.guard import LARGEST_BODY

FILLED = re.compile(r"\{[^}]*\}")


def test_every_change_without_the_token_of_its_session_is_refused(console) -> None:
    other = console.browser("admin", name="other-admin").headers["X-CSRF-Token"]
    accepted = []
    for method, path, roles in declared(console.app.routes):
        if method in SAFE or not roles:
            continue
        for token in ("", "x", other):
            browser = console.browser("admin")
            browser.headers["X-CSRF-Token"] = token
            answer = browser.request(method, FILLED.sub("nothing", path), data={"csrf": token})
            if answer.status_code != 403:
                accepted.append((method, path, token[:4], answer.status_code))
    assert accepted == []


def test_sign_in_form_from_another_site_is_refused(console) -> None:
    answer = console.browser().post("/sign-in", data={"account": "a", "password": "b"})
    assert answer.status_code == 403


def test_token_in_a_form_field_is_enough_without_scripts(console) -> None:
    browser = console.browser("officer")
    token = browser.headers.pop("X-CSRF-Token")
    assert browser.post("/sign-out", data={"csrf": token}).status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/accounts", "/nowhere"])
def test_oversize_body_is_refused_before_it_is_read(console, path: str) -> None:
    browser = console.browser("admin")
    large = b"x" * (LARGEST_BODY + 1)
    assert browser.post(path, content=large).status_code == 413
    parts = (large[:1000] for _ in range(LARGEST_BODY // 1000 + 2))  # no length is announced
    assert browser.post(path, content=parts).status_code == 413


def test_body_of_the_largest_size_passes(console) -> None:
    answer = console.browser("admin").post("/nowhere", content=b"x" * LARGEST_BODY)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/static/console.css"])
def test_every_answer_has_the_security_headers(console, path: str) -> None:
    headers = console.browser().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_nonce_is_new_for_every_answer(console) -> None:
    browser = console.browser()
    policies = {browser.get("/sign-in").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


def test_styles_may_be_kept_and_pages_of_the_desk_not(console) -> None:
    visitor = console.browser()
    assert visitor.get("/static/citizen.css").headers["cache-control"] == "public, max-age=60"
    assert visitor.get("/sign-in").headers["cache-control"] == "no-store"
    assert visitor.get("/static/nothing.css").headers["cache-control"] == "no-store"


HOSTILE = (
    "../../secret.txt", "..%2f..%2fsecret.txt", "%00", "x" * 3000, "%ff",
    "%3Cimg src=x onerror=alert(1)%3E",
)  # fmt: skip
BODIES = {
    b"[" * 50_000: "application/json",
    b"\xff\xfe": "application/json",
    b"null": "application/json",
    b"%ff=%00&a=%": "application/x-www-form-urlencoded",
    b"--x\r\n\r\n": "multipart/form-data; boundary=x",
}


def test_no_name_in_a_path_leads_astray(console) -> None:
    (console.settings.out.parent / "secret.txt").write_text("it is secret")
    browser = console.browser("admin")
    asked = 0
    for path in [path for method, path, _roles in declared(console.app.routes) if method == "GET"]:
        for name in HOSTILE if "{" in path else ("",):
            answer = browser.get(FILLED.sub(name, path))
            asked += 1
            assert answer.status_code < 500, (path, name[:20])
            assert "it is secret" not in answer.text, (path, name[:20])
            html = "html" in answer.headers.get("content-type", "")
            assert not (html and "<img src=x" in answer.text), (path, name[:20])
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
    assert asked > 100


def test_no_body_breaks_a_route(console) -> None:
    browser = console.browser("admin")
    for method, path, _roles in declared(console.app.routes):
        if method in SAFE or path == "/sign-out":
            continue
        for body, kind in BODIES.items():
            sent = {"content-type": kind, "sec-fetch-site": "same-origin"}
            asked = browser.request(method, FILLED.sub("1", path), content=body, headers=sent)
            assert asked.status_code < 500, (path, kind, body[:20])
