"""Accounts from the shell and from the page: names, roles, secrets shown once."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from alerts.ledger import read
from kawamori.cli import app
from kawamori.console.accounts import accounts, add_account


@pytest.fixture
def shell(console, monkeypatch: pytest.MonkeyPatch):
    """Give the function that runs `kawamori accounts ...` on this console's store."""
    monkeypatch.setenv("KAWAMORI_HOME", str(console.settings.home))

    def run(*arguments: str):
        return CliRunner().invoke(app, ["accounts", *arguments])

    return run


def test_shell_adds_resets_and_disables(console, shell) -> None:
    added = shell("add", "sato", "--name", "佐藤", "--role", "shelter", "--shelter", "s1")
    assert added.exit_code == 0, added.output
    assert "one-time secret" in added.output
    console.browser("admin")
    assert shell("reset", "sato").output != added.output
    assert shell("disable", "sato").exit_code == 0
    assert "sato  佐藤  shelter  disabled" in shell("list").output
    with console.engine.connect() as connection:
        (sato,) = [one for one in accounts(connection) if one.account_id == "sato"]
        kinds = [row.kind for row in read(connection)]
    assert (sato.shelters, sato.disabled) == (("s1",), True)
    assert kinds == ["account.added", "account.reset", "account.disabled"]


def test_page_shows_the_secret_once(console) -> None:
    admin = console.browser("admin")
    form = {"account": "ito", "name": "伊藤", "roles": ["officer", "shelter"], "shelters": "s1, s2"}
    shown = admin.post("/accounts", data=form)
    secret = re.search(r'class="secret"><code>([^<]+)<', shown.text)
    assert secret is not None
    assert secret[1] not in admin.get("/accounts").text
    again = admin.post("/accounts/ito/reset")
    assert secret[1] not in again.text
    assert admin.post("/accounts/ito/disable").status_code == 200
    assert admin.post("/accounts/nobody/disable").status_code == 422


@pytest.mark.parametrize("name", ["", "A", "x", "山田", "a b", "../etc", "a" * 33, "a@b.jp"])
def test_malformed_login_name_is_refused(console, name: str) -> None:
    with pytest.raises(ValueError, match="login name"), console.engine.begin() as connection:
        add_account(connection, name, name="n", roles=["viewer"], by="test", at=console.clock())


def test_taken_name_and_empty_person_are_refused(console) -> None:
    form = {"account": "ito", "name": "伊藤", "roles": ["officer"]}
    admin = console.browser("admin")
    assert admin.post("/accounts", data=form).status_code == 200
    assert "exists already" in admin.post("/accounts", data=form).text
    assert admin.post("/accounts", data={**form, "account": "abe", "name": " "}).status_code == 422
