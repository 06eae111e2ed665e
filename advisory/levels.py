"""Levels in words, in order of concern, and what residents should do at each."""

from __future__ import annotations

from advisory.types import ORDERS, Level

# 1 and 2 are issued by JMA: of these we only say what the water is like.
WORDS = {
    Level.UNKNOWN: "判定不能",
    Level.NONE: "避難情報なし",
    Level.EARLY: "避難情報なし（レベル1相当の水位）",
    Level.CAUTION: "避難情報なし（レベル2相当の水位）",
    **{level: f"警戒レベル{int(level)} {order}" for level, order in ORDERS.items()},
}

ACTIONS = {
    Level.UNKNOWN: "",
    Level.NONE: "",
    Level.EARLY: "今後の雨と川の情報に注意してください。",
    Level.CAUTION: "ハザードマップで避難先と道順を確かめ、避難の準備をしてください。",
    Level.ELDERLY: "高齢者や避難に時間のかかる人は、危険な場所から避難してください。"
    "それ以外の人も準備を整え、危ないと感じたら早めに避難してください。",
    Level.EVACUATE: "危険な場所から全員避難してください。"
    "外へ出るのがすでに危険なときは、建物の上の階など少しでも安全な場所へ移ってください。",
    Level.EMERGENCY: "命の危険が迫っています。直ちに安全を確保してください。"
    "無理に外へ出ず、今いる建物の上の階や近くの高く頑丈な建物など、少しでも安全な場所へ移ってください。",
}


def level_word(level: Level) -> str:
    """Give the level as an officer reads it, e.g. 警戒レベル4 避難指示."""
    return WORDS[level]


LEAVE_ZONES = "土砂災害警戒区域の人は、上の階にとどまらず、早めに区域の外へ避難してください。"


def action(level: Level, *, zones: bool = False) -> str:
    """Give what residents should do; empty where there is nothing to call for, or to be known.

    `zones` True = landslide zones are in play, where nobody stays upstairs while leaving is safe.
    """
    return ACTIONS[level] + (
        LEAVE_ZONES if zones and Level.ELDERLY <= level <= Level.EVACUATE else ""
    )


def concern(level: Level) -> float:
    """Give the rank of a level: UNKNOWN lies above all calm ones and below every order."""
    return Level.CAUTION + 0.5 if level is Level.UNKNOWN else float(level)


def highest(*levels: Level) -> Level:
    """Give the level of most concern; NONE where there are none."""
    return max(levels, key=concern, default=Level.NONE)
