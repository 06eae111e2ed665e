"""The commands for tokens: a secret is shown once, ends when revoked, and needs a real name."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from kawamori.cli import app
from kawamori.console.api.tokens import api_token
from kawamori.settings import Settings
from kawamori.store import open_store

RUNNER = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of an empty desk that the commands work on."""
    monkeypatch.setenv("KAWAMORI_HOME", str(tmp_path))
    monkeypatch.delenv("KAWAMORI_DATABASE_URL", raising=False)
    return tmp_path


def test_secret_is_shown_once_and_never_stored(home: Path) -> None:
    told = RUNNER.invoke(app, ["tokens", "issue", "dashboard", "--by", "担当"])
    assert told.exit_code == 0
    secret = told.stdout.removeprefix("Authorization: Bearer ").strip()
    engine = open_store(Settings().store_url)
    with engine.connect() as connection:
        (row,) = connection.execute(select(api_token)).all()
    engine.dispose()
    assert len(secret) >= 32
    assert secret not in map(str, row)
    assert secret not in RUNNER.invoke(app, ["tokens", "revoke", "dashboard", "--by", "x"]).stdout


def test_unknown_token_cannot_be_revoked(home: Path) -> None:
    assert RUNNER.invoke(app, ["tokens", "revoke", "nobody", "--by", "担当"]).exit_code != 0
