"""Signing in and out: secrets that must be changed, sessions that end, doors that shut."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from kawamori.console.accounts import (
    account,
    add_account,
    disable_account,
    first_admin,
    reset_account,
)
from kawamori.console.doors import local_path
from kawamori.console.sessions import session

PASSWORD = "correct horse battery"


def _token(text: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', text)
    assert found is not None
    return found[1]


def _sign_in(browser, name: str, password: str, **more: str):
    token = _token(browser.get("/sign-in").text)
    form = {"csrf": token, "account": name, "password": password, **more}
    return browser.post("/sign-in", data=form)


@pytest.fixture
def secret(console) -> str:
    """Give the one-time secret of a new officer, sato."""
    with console.engine.begin() as connection:
        return add_account(
            connection, "sato", name="佐藤", roles=["officer"], by="test", at=console.clock()
        )


@pytest.fixture
def sato(console, secret):
    """Give sato's browser, signed in, the secret changed."""
    browser = console.browser()
    _sign_in(browser, "sato", secret)
    token = _token(browser.get("/account/password").text)
    form = {"csrf": token, "old": secret, "new": PASSWORD, "again": PASSWORD}
    assert browser.post("/account/password", data=form).headers["location"] == "/"
    return browser


def test_first_start_makes_one_admin_whose_secret_is_never_the_same(console) -> None:
    with console.engine.begin() as connection:
        connection.execute(session.delete())
        connection.execute(account.delete())
    secret = first_admin(console.engine, at=console.clock())
    assert secret is not None
    assert len(secret) >= 24
    assert first_admin(console.engine, at=console.clock()) is None
    assert _sign_in(console.browser(), "admin", secret).status_code == 303


def test_one_time_secret_opens_only_the_page_to_change_it(console, secret) -> None:
    browser = console.browser()
    assert _sign_in(browser, "sato", secret).status_code == 303
    assert browser.get("/runs").headers["location"].startswith("/account/password")
    assert browser.get("/api/v1/runs").status_code == 403
    assert browser.get("/account/password").status_code == 200


def test_changed_password_opens_the_desk_and_ends_other_sessions(console, secret, sato) -> None:
    assert sato.get("/runs").status_code == 200
    assert _sign_in(console.browser(), "sato", secret).status_code == 401
    assert _sign_in(console.browser(), "sato", PASSWORD).status_code == 303


@pytest.mark.parametrize("new", ["short", "sato-sato-sato-sato", "x" * 300])
def test_weak_password_is_refused(console, secret, new: str) -> None:
    browser = console.browser()
    _sign_in(browser, "sato", secret)
    form = {"csrf": _token(browser.get("/account/password").text), "old": secret}
    assert (
        browser.post("/account/password", data={**form, "new": new, "again": new}).status_code
        == 422
    )


def test_planted_session_id_is_worth_nothing_after_sign_in(console, secret) -> None:
    browser = console.browser()
    browser.cookies.set("kawamori-session", "planted-by-somebody-else")
    answer = _sign_in(browser, "sato", secret)
    fresh = re.search(r"kawamori-session=([^;]+)", answer.headers["set-cookie"])
    assert fresh is not None
    assert fresh[1] != "planted-by-somebody-else"
    thief = console.browser()
    thief.cookies.set("kawamori-session", "planted-by-somebody-else")
    assert thief.get("/account/password").status_code == 303


def test_session_of_before_ends_when_the_same_browser_signs_in_again(console, sato) -> None:
    before = sato.cookies["kawamori-session"]
    _sign_in(sato, "sato", PASSWORD)
    thief = console.browser()
    thief.cookies.set("kawamori-session", before)
    assert thief.get("/runs").status_code == 303


def test_session_is_not_kept_as_it_is_in_the_browser(console, sato) -> None:
    with console.engine.connect() as connection:
        kept = [row.session_sha256 for row in connection.execute(select(session))]
    assert sato.cookies["kawamori-session"] not in kept


def test_idle_console_signs_out(console, sato) -> None:
    console.clock.move(minutes=59)
    assert sato.get("/runs").status_code == 200  # and counts as seen
    console.clock.move(minutes=59)
    assert sato.get("/runs").status_code == 200
    console.clock.move(minutes=61)
    assert sato.get("/runs").status_code == 303


def test_shift_ends_even_for_a_busy_console(console, sato) -> None:
    for _ in range(14):  # 14 x 50 min = 11 h 40 min, one more step passes 12 h
        console.clock.move(minutes=50)
        assert sato.get("/runs").status_code == 200
    console.clock.move(minutes=50)
    assert sato.get("/runs").status_code == 303


def test_sign_out_ends_the_session_on_the_server(console, sato) -> None:
    kept = sato.cookies["kawamori-session"]
    token = _token(sato.get("/runs").text)
    assert sato.post("/sign-out", data={"csrf": token}).headers["location"] == "/sign-in"
    thief = console.browser()
    thief.cookies.set("kawamori-session", kept)
    assert thief.get("/runs").status_code == 303


def test_disabled_account_is_out_at_once_and_reset_lets_it_in_again(console, sato) -> None:
    console.browser("admin")  # somebody must be left to administer
    with console.engine.begin() as connection:
        disable_account(connection, "sato", by="test", at=console.clock())
    assert sato.get("/runs").status_code == 303
    assert _sign_in(console.browser(), "sato", PASSWORD).status_code == 401
    with console.engine.begin() as connection:
        again = reset_account(connection, "sato", by="test", at=console.clock())
    assert _sign_in(console.browser(), "sato", again).status_code == 303


def test_last_admin_cannot_be_disabled(console) -> None:
    console.browser("admin", name="only-admin")
    with pytest.raises(ValueError, match="last admin"), console.engine.begin() as connection:
        disable_account(connection, "only-admin", by="test", at=console.clock())


def test_sixth_wrong_try_shuts_the_door_even_for_the_right_password(console, sato) -> None:
    guesser = console.browser()
    for _ in range(5):
        assert _sign_in(guesser, "sato", "wrong").status_code == 401
    assert _sign_in(guesser, "sato", PASSWORD).status_code == 429
    console.clock.move(minutes=16)
    assert _sign_in(guesser, "sato", PASSWORD).status_code == 303


def test_unknown_name_and_wrong_password_read_the_same(console, sato) -> None:
    unknown = _sign_in(console.browser(), "nobody", "wrong-password")
    wrong = _sign_in(console.browser(), "sato", "wrong-password")
    hide = re.compile(r'value="[0-9a-f]{64}"|content="[0-9a-f]{64}"')
    assert hide.sub("", unknown.text) == hide.sub("", wrong.text)


def test_cookies_are_http_only_strict_and_secure_over_tls(console, secret) -> None:
    plain = _sign_in(console.browser(), "sato", secret).headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=strict" in plain
    assert "secure" not in plain  # http on this very machine
    tls = console.browser()
    tls.base_url = "https://desk.example.jp"
    answer = _sign_in(tls, "sato", secret)
    assert "__Host-kawamori-session=" in answer.headers["set-cookie"]
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/runs", "/runs"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_way_on_after_sign_in_stays_on_this_server(asked: str, led: str) -> None:
    assert local_path(asked) == led


def test_language_is_remembered(console) -> None:
    browser = console.browser()
    assert 'lang="ja"' in browser.get("/sign-in").text
    assert browser.get("/language/en?next=/sign-in").headers["location"] == "/sign-in"
    assert 'lang="en"' in browser.get("/sign-in").text
    browser.get("/language/xx")
    assert 'lang="en"' in browser.get("/sign-in").text
