"""Sentences of the chat from `templates/bot/`, one file a language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from alerts.glossary import languages

COMMANDS = ("find", "advice", "hazard", "settings", "help", "stop")


@cache
def phrases(language: str) -> dict[str, str]:
    """Give the sentences of a language; one that is not known is answered in Japanese."""
    name = language if language in languages() else "ja"
    text = files("alerts").joinpath("templates", "bot", f"{name}.toml").read_text("utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


@cache
def commands() -> dict[str, tuple[str, str]]:
    """Give command and language of every label, in small letters; Japanese wins a shared one."""
    order = sorted(languages(), key=lambda name: name != "ja", reverse=True)
    return {phrases(name)[key].casefold(): (key, name) for name in order for key in COMMANDS}
