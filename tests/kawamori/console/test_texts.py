"""Words of the pages: the same keys and places in both languages, none missing, none left over."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

from kawamori.console.texts import LANGUAGES, read_texts

CONSOLE = Path(__file__).parents[3] / "kawamori" / "console"
USED = re.compile(r"""(?<![A-Za-z_])(?:t|tell)\(\s*["']([a-z_]+\.[a-z0-9_]+)["']\s*[,)]""")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    ja, en = (read_texts(language) for language in LANGUAGES)
    assert sorted(ja.keys() ^ en.keys()) == []
    assert [key for key in ja if _places(ja[key]) != _places(en[key])] == []
    assert [key for texts in (ja, en) for key in texts if not texts[key].strip()] == []


def test_every_word_that_a_page_asks_for_exists() -> None:
    files = [*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")]
    used = {key for path in files for key in USED.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 20
    assert sorted(used - read_texts("ja").keys()) == []
