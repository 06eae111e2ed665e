"""Codes of the official layers and the house values they stand for.

The deepest rank has no upper bound in the source: its upper end is infinite.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from hazard.ground import features

# Depth rank -> from, below. [m] Source: 国土数値情報 A31a 浸水深ランクコード.
DEPTH_RANKS = {
    1: (0.0, 0.5), 2: (0.5, 3.0), 3: (3.0, 5.0), 4: (5.0, 10.0), 5: (10.0, 20.0), 6: (20.0, np.inf),
}  # fmt: skip
# Duration rank -> from, below. [h] Source: 国土数値情報 A31a 浸水継続時間ランクコード.
DURATION_RANKS = {
    1: (0, 12), 2: (12, 24), 3: (24, 72), 4: (72, 168),
    5: (168, 336), 6: (336, 672), 7: (672, None),
}  # fmt: skip
# 危険区域区分: 氾濫流, 河岸侵食, どちらも該当.
COLLAPSE_ZONES = {1: "flow", 2: "erosion", 3: "both"}
# A33_001 現象の種類: 急傾斜地の崩壊, 土石流, 地滑り.
LANDSLIDE_KINDS = {1: "steep_slope", 2: "debris_flow", 3: "landslide"}
# A33_002 区域区分 -> (special, designated): 警戒/特別警戒, 指定済/指定前.
LANDSLIDE_ZONES = {1: (False, True), 2: (True, True), 3: (False, False), 4: (True, False)}
# Folder of the official archive and what it holds, by sub-layer number.
SUBLAYER_NAMES = {
    "10": "計画規模",
    "20": "想定最大規模",
    "30": "浸水継続時間",
    "41": "家屋倒壊等氾濫想定区域(氾濫流)",
    "42": "家屋倒壊等氾濫想定区域(河岸侵食)",
}
STAND_IN_WORDS = frozenset({"模式", "true", "1"})


def whole_codes(values: Any, known: Collection[int], where: str) -> Any:
    """Give a column of codes as whole numbers; text such as "3", "3.0" or "３" is read.

    Raises
    ------
    ValueError
        If a code is missing or not one of `known`; the message names file, features and codes.
    """
    texts = values.map(
        lambda value: unicodedata.normalize("NFKC", value) if isinstance(value, str) else value
    )
    numbers = pd.to_numeric(texts, errors="coerce")
    bad = ~numbers.isin(list(known)).to_numpy()
    if bad.any():
        got = sorted({str(value) for value in values[bad]})
        raise ValueError(
            f"{where}: {values.name} must be one of {list(known)}, got {got}"
            f" at {features(bad)}. Check the edition of the file."
        )
    return numbers.astype(int).to_numpy()


def texts_of(values: Any) -> Any:
    """Give a column of names, blanks and full-width forms evened out; None where there is none."""
    plain = values.map(
        lambda value: None if pd.isna(value) else unicodedata.normalize("NFKC", str(value)).strip()
    )
    return plain.astype(object).where(plain.map(bool), None)
