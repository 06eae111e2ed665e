"""The registry from the shell: what goes in, what is counted, what is said of it."""

from __future__ import annotations

import logging

import pytest
from typer.testing import CliRunner

from kawamori.cli import app

USER = "U" + "0" * 31 + "{}"
LIST = "district_id,language,household,consent_at,consent_source,line,email\n" + "".join(
    f"taira,ja,general,2026-04-01,窓口,{USER.format(n)},secret{n}@mail.example\n" for n in range(3)
)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Give a function that runs a command of `kawamori recipients` and gives code and output."""
    monkeypatch.setenv("KAWAMORI_HOME", str(tmp_path / "home"))

    def run(*words, says=None):
        done = CliRunner().invoke(app, ["recipients", *words], input=says)
        return done.exit_code, done.output

    return run


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(LIST)
    return path


def test_an_import_counts_and_no_command_shows_an_address(shell, people, caplog):
    caplog.set_level(logging.DEBUG)
    people.write_text(LIST + "taira,ja,general,secret9,窓口,,secret8@mail.example\n")
    code, said = shell("import", str(people))
    assert code == 1  # one bad row, the others are in
    assert "3 recipients added" in said
    assert "row 5: consent_at must be" in said
    code, counted = shell("list", "--counts")
    assert counted.splitlines() == [
        "taira ja general email: 3",
        "taira ja general line: 3",
        "email: 3",
        "line: 3",
    ]
    assert "secret" not in said + counted + caplog.text


def test_forgetting_asks_for_the_address_and_does_not_repeat_it(shell, people):
    shell("import", str(people))
    code, said = shell("forget", "email", says="Secret1@mail.example\n")
    assert (code, "forgotten: 2 addresses" in said, "mail.example" in said) == (0, True, False)
    assert shell("list")[1].splitlines() == ["email: 2", "line: 2"]
    assert "2 addresses stay silent" in shell("import", str(people))[1]


def test_an_opted_out_address_is_no_longer_counted(shell, people):
    shell("import", str(people))
    shell("opt-out", "line", says=USER.format(1) + "\n")
    assert shell("list")[1].splitlines() == ["email: 3", "line: 2"]


def test_an_empty_registry_says_so(shell):
    assert shell("list")[1] == "the registry is empty\n"


def test_districts_are_checked_against_a_city(tiny_home, people, monkeypatch, shell):
    monkeypatch.setenv("KAWAMORI_HOME", str(tiny_home))
    code, said = shell("import", str(people), "--city", "tiny")
    assert code == 1
    assert "row 2: district_id must be one of the city's districts" in said
