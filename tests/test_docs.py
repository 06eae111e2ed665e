"""The front page keeps its promises: every command, identifier and link in it exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import typer.main

from kawamori.cli import app

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def _commands() -> set[str]:
    group = typer.main.get_command(app)
    names = set()
    for name, command in group.commands.items():
        parts = getattr(command, "commands", {})
        names |= {f"{name} {part}" for part in parts} or {name}
    return names


def test_readme_names_every_command() -> None:
    undocumented = sorted(name for name in _commands() if f"kawamori {name}" not in README)
    assert undocumented == []


def test_readme_names_no_command_that_does_not_exist() -> None:
    named = set(re.findall(r"`kawamori ([a-z-]+)", README))
    assert named - {command.split()[0] for command in _commands()} == set()


def test_every_glossary_identifier_is_in_the_code() -> None:
    glossary = README.split("## Words")[1].split("\n## ")[0]
    terms = set(re.findall(r"`([A-Za-z_.]+)`", glossary)) - {"identifier"}
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("forecasting", "hazard", "shelters", "advisory", "alerts", "kawamori")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    missing = sorted(term for term in terms if term.removeprefix("Level.") not in code)
    assert len(terms) > 20
    assert missing == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert targets == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_lock_files_hash_every_package_and_name_no_index() -> None:
    locks = sorted((REPOSITORY / "lock").glob("*.txt"))
    assert {"run.txt", "dev.txt"} <= {path.name for path in locks}
    for path in locks:
        text = path.read_text(encoding="utf-8")
        pins = re.findall(
            r"^[A-Za-z0-9_.-]+==[^\\\n]*\\\n((?:    --hash=sha256:\w{64}.*\n?)+)",
            text,
            re.MULTILINE,
        )
        assert len(pins) == len(re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)) > 0
        assert "://" not in text


def test_help_does_not_load_the_heavy_modules() -> None:
    code = (
        "import sys, kawamori.cli; print([m for m in ('pandas', 'lightgbm') if m in sys.modules])"
    )
    python = sys.executable
    printed = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert printed.stdout.strip() == "[]"
