"""Codes of the official layers and the house values they stand for.

The deepest rank has no upper bound in the source: its upper end is infinite.
"""

from __future__ import annotations

import numpy as np

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
