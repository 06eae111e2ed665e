"""Words of the console in Japanese and English: `LANGUAGE/PAGE.toml`, key `PAGE.name`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = ("ja", "en")  # the first one is what a desk in Japan opens with

Tell = Callable[..., str]


@cache
def read_texts(language: str) -> dict[str, str]:
    """Give every text of a language by its key."""
    texts: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        texts |= {f"{path.stem}.{key}": text for key, text in table.items()}
    return texts


def teller(language: str) -> Tell:
    """Give `t(key, **values)` for a language; an unknown key raises KeyError."""
    texts = read_texts(language)

    def tell(key: str, **values: object) -> str:
        return texts[key].format(**values)

    return tell
