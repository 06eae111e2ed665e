"""Terms and sentences of messages, from `templates/`: looked up, never translated freely."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def term(name: str, language: str) -> str:
    """Give the official word for `name` in `language`.

    Raises
    ------
    ValueError
        If the glossary has no such term or the term has no source: a text without it is not sent.
    """
    entry = _read("glossary").get(name, {}).get(language)
    if not entry or not entry.get("text") or not entry.get("source"):
        raise ValueError(
            f"glossary.toml must have [{name}.{language}] with text and source, got {entry}. "
            "Add the term with its source before this text can be composed."
        )
    return str(entry["text"])


def terms() -> dict[str, dict[str, dict[str, str]]]:
    """Give the whole glossary: term, language, then text and source."""
    return _read("glossary")


def sentences(language: str) -> dict[str, Any]:
    """Give the sentence templates of `language`; ValueError lists the known languages."""
    if language not in languages():
        raise ValueError(
            f"language must be one of {languages()}, got {language!r}. "
            "Add a sentence file to alerts/templates first."
        )
    return _read(language)


def languages() -> list[str]:
    """Give the languages that have sentences."""
    return list(_languages())


@cache
def _languages() -> tuple[str, ...]:
    names = (entry.name for entry in files("alerts").joinpath("templates").iterdir())
    known = (
        name.removesuffix(".toml")
        for name in names
        if name.endswith(".toml") and name != "glossary.toml"
    )
    return tuple(sorted(known))


def form_sentences(form: str) -> dict[str, Any]:
    """Give the sentence templates of a form that has its own."""
    return _read(f"forms/{form}")


@cache
def _read(name: str) -> dict[str, Any]:
    text = files("alerts").joinpath("templates", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
