"""What the situation says of feeds, missing input and danger, in Japanese and in English.

`WORDS[language]` has the words for times, levels and counts; `told` gives a sentence.
"""

from __future__ import annotations

from types import ModuleType

from hazard.types import INLAND, LANDSLIDE
from kawamori import ungauged, words, words_en

WORDS: dict[str, ModuleType] = {"ja": words, "en": words_en}
JAPANESE = {
    "level": "水位",
    "rain": "雨量",
    "forecast": "予測",
    "telegrams": "警報電文",
    "feed": "受信 {name}",
    "newest": "最新",
    "no_data": "データなし",
    "not_connected": "未接続",
    "no_level": "有効な水位がありません(欠測・異常値)",
    "no_thresholds": "基準水位が設定されていません",
    "stand_in": "浸水想定区域は模式図(公式の浸水想定ではありません)",
    "silent": "水位の状態が不明な観測所: {names}(平常とみなさないこと)",
    "old": "水位が{span}以上前の値の観測所: {names}",
    "refused": "誤りとみて使っていない水位: {names}(現地・カメラで確かめること)",
    "doubtful": "疑わしいまま使っている水位: {names}(止まっていないか確かめること)",
    "doubt": "{name} {at} {level} m({count}回)",
    "unjudged": "判断できない地区: {names}(安全とみなさないこと)",
    "people_unknown": "人数不明",
    INLAND: ungauged.WORDS[INLAND],
    LANDSLIDE: ungauged.WORDS[LANDSLIDE],
    "gap_layer": "浸水想定区域なし: 浸水範囲と要避難人数は不明",
    "gap_exposure": "人口・建物の重ね合わせなし: 要避難人数は不明",
    "gap_inland": "内水の想定図なし: 内水・小河川の浸水は不明",
    "gap_landslide": "土砂災害警戒区域の図なし: 区域内の人数は不明",
    "gap_shelters": "避難所一覧なし: 開設・収容は不明",
    "gap_allocation": "避難所割当なし: だれがどこへ行くかは不明",
    "gap_telegrams": "気象・河川の警報電文は未接続: 公式警報は考慮していません",
    "gap_advice": "助言なし: 判断の結果がありません",
}
ENGLISH = {
    "level": "Levels",
    "rain": "Rain",
    "forecast": "Forecast",
    "telegrams": "Warnings",
    "feed": "Feed {name}",
    "newest": "newest",
    "no_data": "no data",
    "not_connected": "not connected",
    "no_level": "no valid level (missing or out of range)",
    "no_thresholds": "no official levels are set",
    "stand_in": "The flood map is schematic, not the official one",
    "silent": "Gauges whose level is unknown: {names} (do not read this as calm)",
    "old": "Gauges whose level is {span} old or more: {names}",
    "refused": "Levels taken for faults and not used: {names} (look at the river or a camera)",
    "doubtful": "Doubtful levels that are in use: {names} (see whether the sensor still moves)",
    "doubt": "{name} {at} {level} m ({count} ×)",
    "unjudged": "Districts that cannot be judged: {names} (do not read this as safe)",
    "people_unknown": "number of people unknown",
    INLAND: "Inland water and small streams may flood (no gauges; by rain and warnings)",
    LANDSLIDE: "Landslide warning zones (staying upstairs is not safe)",
    "gap_layer": "No flood map: flooded area and people who must leave are unknown",
    "gap_exposure": "No overlay of people and buildings: people who must leave are unknown",
    "gap_inland": "No inland flood map: inland water and small streams are unknown",
    "gap_landslide": "No map of landslide zones: people inside them are unknown",
    "gap_shelters": "No list of shelters: openings and room are unknown",
    "gap_allocation": "No allocation: who goes where is unknown",
    "gap_telegrams": "Official warnings are not connected: they are not considered",
    "gap_advice": "No advice: nothing was decided",
}
SENTENCES = {"ja": JAPANESE, "en": ENGLISH}


def told(language: str, key: str, **values: object) -> str:
    """Give a sentence in a language; an unknown key raises KeyError."""
    return SENTENCES[language][key].format(**values)
