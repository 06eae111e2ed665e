"""Whatever is wrong with a set-up, a command ends with one message and exit code 2."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from kawamori.cli import main
from kawamori.store import open_store


def test_a_store_that_lacks_a_table_is_one_message_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(f"sqlite:///{tmp_path / 'kawamori.sqlite'}").dispose()
    with sqlite3.connect(tmp_path / "kawamori.sqlite") as connection:
        connection.execute("DROP TABLE outbox")
    connection.close()
    monkeypatch.setenv("KAWAMORI_HOME", str(tmp_path))
    monkeypatch.delenv("KAWAMORI_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["kawamori", "outbox", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert (
        told == "kawamori: the store: no such table: outbox; kawamori doctor names what is wrong\n"
    )
