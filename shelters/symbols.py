"""Signs of the map: number, word, colour, so that nothing depends on colour alone.

Level colours are the Cabinet Office palette; UNKNOWN is grey and hatched, never white. Depth
colours are those of the official flood layers (国土数値情報 A31a). Words of shelters are ours.
"""

from __future__ import annotations

import math
from typing import Any

from hazard.types import LANDSLIDE

INK, PAPER = "#14181c", "#ffffff"


def _level(level: int, word: str, fill: str, ink: str = INK) -> dict[str, Any]:
    return {
        "level": level,
        "number": "?" if level < 0 else str(level),
        "word": word,
        "short": word.split(" ", maxsplit=1)[0],
        "fill": fill,
        "ink": ink,
    }


LEVELS = [
    _level(5, "緊急安全確保", "#0c000c", PAPER),
    _level(4, "避難指示", "#aa00aa", PAPER),
    _level(3, "高齢者等避難", "#ff2800", "#000000"),
    _level(2, "避難行動の確認", "#f2e700"),
    _level(1, "早期注意", "#ffffff"),
    _level(0, "発表なし", "#d5e3ec"),
    _level(-1, "不明 (安全とはみなさない)", "#d4d9de"),
]


def _gauge(state: str, sign: str, word: str, fill: str, ink: str = INK) -> dict[str, Any]:
    return {
        "state": state,
        "sign": sign,
        "word": word,
        "fill": fill,
        "ink": ink,
        "level": -1 if state == "unknown" else None,
    }


# State names are those of forecasting.types.Thresholds.
GAUGE_STATES = [
    _gauge("overflow", "氾", "氾濫発生水位以上", "#0c000c", PAPER),
    _gauge("danger", "危", "氾濫危険水位以上", "#aa00aa", PAPER),
    _gauge("judgment", "判", "避難判断水位以上", "#ff2800", "#000000"),
    _gauge("caution", "注", "氾濫注意水位以上", "#f2e700"),
    _gauge("standby", "待", "水防団待機水位以上", "#ffffff"),
    _gauge("normal", "平", "水防団待機水位未満", "#d5e3ec"),
    _gauge("unknown", "?", "不明 (欠測・基準水位なし)", "#d4d9de"),
]

# `shown` False: too many to help at first sight; one tick shows them.
SHELTER_STATES = [
    {"state": "opening", "sign": "1", "word": "開設候補 (数字は開設の順)", "shown": True},
    {"state": "full", "sign": "満", "word": "満員になる", "shown": True},
    {"state": "usable", "sign": "避", "word": "使える", "shown": True},
    {"state": "unsure", "sign": "?", "word": "収容人数などが不明", "shown": True},
    {"state": "unjudged", "sign": "・", "word": "使えるか未判定", "shown": True},
    {"state": "rejected", "sign": "×", "word": "この災害では使えない", "shown": True},
]

# Upper end of depth, fill. [m]
DEPTHS = (
    (0.5, "#f7f5a9"), (3.0, "#ffd8c0"), (5.0, "#ffb7b7"),
    (10.0, "#ff9191"), (20.0, "#f285c9"), (math.inf, "#dc7adc"),
)  # fmt: skip
COLLAPSE_FILL, COLLAPSE_WORD = "#b98a8a", "家屋倒壊等氾濫想定区域"
COLLAPSE_KINDS = {"flow": "氾濫流", "erosion": "河岸侵食", "both": "氾濫流・河岸侵食"}
LANDSLIDE_FILL, LANDSLIDE_WORD = "#c9a46a", "土砂災害警戒区域"


def depth_symbol(deep_from_m: float, below_m: float, zone: Any) -> dict[str, str]:
    """Give sort key, fill, legend and words of a piece of water, by depth or else collapse zone."""
    if math.isnan(below_m) and zone == LANDSLIDE:
        word = LANDSLIDE_WORD
        return {"key": "8", "fill": LANDSLIDE_FILL, "legend": word, "words": word}
    if math.isnan(below_m):
        words = f"{COLLAPSE_WORD} ({COLLAPSE_KINDS[zone]})"
        return {"key": "9", "fill": COLLAPSE_FILL, "legend": COLLAPSE_WORD, "words": words}
    rank, fill = next((rank, fill) for rank, (end_m, fill) in enumerate(DEPTHS) if below_m <= end_m)
    legend = _depth_words(0.0 if rank == 0 else DEPTHS[rank - 1][0], DEPTHS[rank][0])
    words = _depth_words(deep_from_m, below_m)
    return {"key": str(rank), "fill": fill, "legend": legend, "words": words}


def _depth_words(deep_from_m: float, below_m: float) -> str:
    if math.isinf(below_m):
        return f"{deep_from_m:g}m以上"
    return f"{below_m:g}m未満" if deep_from_m == 0 else f"{deep_from_m:g}m以上{below_m:g}m未満"
