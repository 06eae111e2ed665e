"""Whether a text is written in the language that it is declared to be, by its script."""

from __future__ import annotations

import re

KANA = re.compile("[ぁ-んァ-ヶ]")
HANGUL = re.compile("[가-힣]")
HAN = re.compile("[一-龥]")
LATIN = re.compile("[A-Za-zÀ-ỹ]")
# Characters that only one of the two Chinese scripts has, of words our texts use.
SIMPLIFIED, TRADITIONAL = set("开难险区发请时处对楼层离"), set("開難險區發請時處對樓層離")
# Words that only the language has; names of places are in Japanese in all of them.
OWN_WORDS = {
    "en": ("the", "and"), "vi": ("hãy", "đã", "nguy"), "tl": ("ng", "ang"),
    "pt": ("do", "de", "ou"), "id": ("atau", "dan", "yang", "di"),
}  # fmt: skip
KANA_SHARE = 0.05  # of a Japanese text; names alone stay below


def wrong_tongue(text: str, language: str) -> str:
    """Give why a text is not of its language, "" if nothing speaks against it."""
    main = language.split("-", maxsplit=1)[0]
    letters = len(re.sub(r"[\W\d_]", "", text)) or 1
    kana, hangul, latin = (len(p.findall(text)) / letters for p in (KANA, HANGUL, LATIN))
    if main == "ja":
        return "" if kana >= KANA_SHARE else "has hardly any kana"
    if main == "ko":
        return "" if hangul > 0.3 else "has hardly any Hangul"
    if main == "zh":
        return _chinese(text, language, latin)
    if latin < 0.4:
        return "has hardly any Latin letters"
    words = set(re.findall(r"\w+", text.lower()))
    own = OWN_WORDS.get(main)
    return "" if own is None or words & set(own) else f"has none of the words {list(own)}"


def _chinese(text: str, language: str, latin: float) -> str:
    runs = set(re.findall("[ぁ-んァ-ヶ]+", text))  # a name comes again and again, a sentence once
    kana = sum(map(len, runs)) / (len(HAN.findall(text)) or 1)
    if not HAN.search(text) or latin > 0.5:
        return "has hardly any Chinese characters"
    if kana >= KANA_SHARE:
        return "has kana"
    wrong = {"zh-Hans": TRADITIONAL, "zh-Hant": SIMPLIFIED}.get(language, set())
    right = {"zh-Hans": SIMPLIFIED, "zh-Hant": TRADITIONAL}.get(language, set())
    found, meant = (sum(character in part for character in text) for part in (wrong, right))
    return "is in the other script" if found > meant else ""
