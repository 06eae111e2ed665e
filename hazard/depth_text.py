"""Depths that a prefecture or city wrote as text, such as 0.3m以上1.0m未満."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt

_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(cm|m)?"
_FROM = re.compile(rf"{_NUMBER}{_UNIT}(?:以上|超|から|~|-)")
_BELOW = re.compile(rf"(?:^|以上|超|から|~|-){_NUMBER}{_UNIT}(?:未満|以下|まで|$)")
_ONLY = re.compile(rf"^{_NUMBER}{_UNIT}$")
_ASIDE = re.compile(r"\([^)]*\)")  # such as 1階床上
# Words and signs that mean the same, in the order they are replaced.
_SAME = (
    ("センチメートル", "cm"), ("センチ", "cm"), ("メートル", "m"), ("〜", "~"), ("ー", "-"),
    (r"[−–—]", "-"), (r"浸水深|水深|区域|[のをは、,\s]", ""), (r"[≦≤]|<=", "<"),
    (r"<(?:[hHdD]|(?=<))", "以上"), (r"(?:以上|^[hHdD])?<(\d+(?:\.\d+)?(?:cm|m)?)", r"以上\1未満"),
    (r"^以上", ""), (r"以上[~-]?以上", "以上"), (r"以上[~-]", "以上"),
)  # fmt: skip


def depth_ranges_m(texts: Any, where: str) -> npt.NDArray[np.float64]:
    """Give from, below (row, 2) of a column of depth texts; no upper end is infinite. [m]

    Raises
    ------
    ValueError
        If a text cannot be read; the message names file, column, texts and the first feature.
    """
    ranges = {text: depth_range_m(str(text)) for text in texts.unique()}
    unread = [text for text, depth in ranges.items() if depth is None]
    if unread:
        first = int(np.flatnonzero(texts.isin(unread).to_numpy())[0]) + 1
        raise ValueError(
            f"{where}: {texts.name} must be a depth such as 0.3m以上1.0m未満, got"
            f" {sorted(map(str, unread))} (first at feature {first}). Correct the text."
        )
    return np.array([ranges[text] for text in texts], dtype=float).reshape(-1, 2)


def depth_range_m(text: str) -> tuple[float, float] | None:
    """Give from, below of a depth text; None if it cannot be read. [m]

    >>> depth_range_m("0.3m以上 ～ 1.0m未満")
    (0.3, 1.0)
    >>> depth_range_m("２０ｍ以上")
    (20.0, inf)
    >>> depth_range_m("30cm未満")
    (0.0, 0.3)
    """
    plain = _ASIDE.sub("", unicodedata.normalize("NFKC", text))
    for found, wanted in _SAME:
        plain = re.sub(found, wanted, plain)
    lower, upper = _FROM.search(plain), _BELOW.search(plain)
    if len(re.findall(_NUMBER, plain)) != (lower is not None) + (upper is not None):
        return None  # a number whose meaning is not known
    if _ONLY.match(plain) or (lower is None and upper is None):
        return None
    unit = (upper and upper.group(2)) or (lower and lower.group(2)) or None
    low = 0.0 if lower is None else _metres(lower, unit)
    high = np.inf if upper is None else _metres(upper, unit)
    return (low, high) if low < high else None


def _metres(match: re.Match[str], unit: str | None) -> float:
    found = match.group(2) or unit or "m"
    return float(match.group(1)) / (100 if found == "cm" else 1)
