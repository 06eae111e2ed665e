"""Official sample telegrams, each read by hand: what an officer would say is in force.

Every expectation below was typed from the XML text, not from the parser's answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from advisory.telegrams import Place, Telegram, gale_onset, merge, parse_telegram
from advisory.types import Level, Section, StationCriteria, Warnings

pytestmark = pytest.mark.real_data

OKAYAMA_8 = "井原市 総社市 高梁市 備前市 美作市 勝央町 西粟倉村 美咲町 吉備中央町"
OKAYAMA_3 = (
    "倉敷市 津山市 笠岡市 井原市 赤磐市 真庭市 美作市 浅口市 里庄町 矢掛町 勝央町 奈義町 久米南町 "
    "岡山市 総社市 高梁市 新見市 鏡野町 美咲町 吉備中央町"
)
FUKUOKA = (
    "北九州市 直方市 飯塚市 田川市 行橋市 筑紫野市 春日市 大野城市 太宰府市 宮若市 嘉麻市 那珂川町 "
    "宇美町 篠栗町 志免町 須恵町 久山町 粕屋町 小竹町 桂川町 香春町 糸田町 福智町 苅田町 みやこ町"
)
WINDY = "浜頓別町 中頓別町 枝幸町 豊富町 礼文町 利尻町 利尻富士町 幌延町"
KYOTO = {(4, "高潮"): "舞鶴市 宮津市 与謝野町", (3, "高潮"): "京丹後市 伊根町"}
SOYA = {(4, "高潮"): "稚内市 猿払村 浜頓別町 枝幸町"}
STORM = {(0, "暴風"): "稚内市 猿払村", (0, "強風"): WINDY}

# file -> (level, hazard) -> names of the areas; level 0 = a hazard without 警戒レベル
AREAS: dict[str, dict[tuple[int, str], str]] = {
    "15_17_01_250630_VPWW55.xml": {
        (3, "大雨"): "松江市 浜田市 出雲市 益田市 大田市 安来市 江津市 雲南市 津和野町 吉賀町",
        (2, "大雨"): "奥出雲町 飯南町 川本町 美郷町 邑南町",  # 隠岐の島町 is lifted
    },
    "15_17_01_241226_VPWW56.xml": {
        (4, "土砂災害"): "雲南市 吉賀町",
        (2, "土砂災害"): "松江市 浜田市 出雲市 益田市 大田市 安来市 江津市 奥出雲町 飯南町 川本町 "
        "美郷町 邑南町 津和野町",
    },
    "15_16_02_241031_VPWW57.xml": KYOTO,
    "15_16_02_250630_VPWW57.xml": KYOTO,
    "15_16_08_241226_VPWW57.xml": SOYA,
    "15_16_08_250630_VPWW57.xml": SOYA,
    "15_16_04_241226_VPWW58.xml": STORM,
    "15_16_04_250630_VPWW58.xml": STORM,
    "15_16_06_241226_VPWW60.xml": {(0, "大雪"): f"稚内市 猿払村 {WINDY}"},
    "15_16_07_241226_VPWW61.xml": {
        (0, "雷"): "稚内市", (0, "融雪"): "猿払村", (0, "濃霧"): "浜頓別町", (0, "霜"): "礼文町",
        (0, "乾燥"): "中頓別町", (0, "なだれ"): "枝幸町", (0, "低温"): "豊富町 幌延町",
        (0, "着氷"): "利尻町", (0, "着雪"): "利尻富士町",
    },
    "17_01_01_190529_VXWW50.xml": {(4, "土砂災害"): FUKUOKA},
    "17_02_02_190529_VXWW50.xml": {(4, "土砂災害"): "松前町 福島町 知内町"},
    "17_02_03_190529_VXWW50.xml": {},  # 全警戒解除
    "17_03_02_190529_VXWW50.xml": {},  # 高梁市 was the last
    "17_03_03_190529_VXWW50.xml": {(4, "土砂災害"): OKAYAMA_3},
    "17_03_08_190529_VXWW50.xml": {(4, "土砂災害"): OKAYAMA_8},
    "17_03_09_190529_VXWW50.xml": {(4, "土砂災害"): "井原市"},
    "17_04_01_250630_VXWW50.xml": {(4, "土砂災害"): "小田原市 真鶴町 湯河原町"},
    "17_04_02_250630_VXWW50.xml": {(4, "土砂災害"): "箱根町 小田原市 真鶴町 湯河原町"},
    "82_01_02_250318_VPBS50.xml": {(2, "記録的短時間大雨"): "網走地方 美幌町付近"},
    "82_01_02_250630_VPBS50.xml": {(2, "記録的短時間大雨"): "網走地方 美幌町付近"},
    "85(82)_02_02_250630_VPBS50.xml": {(0, "短時間大雪"): "嶺北 嶺南"},
    "85(82)_02_03_250630_VPBS50.xml": {(0, "短時間大雪"): "嶺北 嶺南"},
    "85(82)_02_06_250630_VPBS50.xml": {(0, "短時間大雪"): "嶺北 嶺南"},
}  # fmt: skip


def read(real_data: Path, name: str) -> Telegram:
    return parse_telegram((real_data / "jma" / name).read_bytes())


@pytest.mark.parametrize("name", sorted(AREAS))
def test_areas_in_force_are_those_an_officer_reads(real_data: Path, name: str) -> None:
    found: dict[tuple[int, str], set[str]] = {}
    for one in merge([read(real_data, name)]).active:
        assert one.doubts == ()
        found.setdefault((int(one.level), one.hazard), set()).update(one.area_names)
    assert found == {key: set(names.split()) for key, names in AREAS[name].items()}


def sections(state: Warnings) -> dict[str, Section]:
    assert all(one.hazard == "洪水" for one in state.active)
    return {one.section.name: one.section for one in state.active if one.section is not None}


def test_rokkaku_is_at_level_3_although_forecast_to_pass_its_danger_level(real_data: Path) -> None:
    state = merge([read(real_data, "16_02_02_220728_VXKOii.xml")])
    (section,) = sections(state).values()
    assert (section.name, section.station_code, section.level) == (
        "潮見橋", "89090400010000021", 3,
    )  # fmt: skip
    assert section.criteria == StationCriteria(1.5, 2.5, 2.8, 3.1, 4.33)
    # 現況 2.53 m at 15:00; 3.29 m one hour on is above 氾濫危険水位 3.10 m: stage 4.
    assert [one.level_m for one in section.values] == [2.53, 3.29, 3.25, 3.08, 2.85, 2.54, 2.3]
    assert [int(one.stage) for one in section.values] == [2, 4, 4, 3, 3, 2, 1]
    assert section.values[1].valid_time == datetime(2021, 8, 13, 6, 50, tzinfo=UTC)
    assert [one.observed for one in section.values] == [True] + [False] * 6
    assert [area.name for area in section.areas] == [
        "武雄市",
        "嬉野市",
        "大町町",
        "江北町",
        "白石町",
    ]
    assert section.areas[0].area_code == "4120600"
    assert section.reaches[0].startswith("六角川")
    assert section.towns[0] == "佐賀県武雄市"


def test_three_sections_of_one_river_have_three_levels(real_data: Path) -> None:
    found = sections(merge([read(real_data, "16_07_01_220728_VXKOii.xml")]))
    assert {name: int(one.level) for name, one in found.items()} == {
        "○○○水位観測所": 4, "△△△水位観測所": 3, "□□□水位観測所": 2,
    }  # fmt: skip
    assert found["○○○水位観測所"].criteria.danger_m == 144.9
    assert found["△△△水位観測所"].criteria.danger_m == 48.6
    assert [area.name for area in found["△△△水位観測所"].areas] == ["△△市", "◇◇市"]
    assert found["□□□水位観測所"].areas[0].quarters == ()  # 「-」


def test_values_not_computed_are_missing(real_data: Path) -> None:
    found = sections(merge([read(real_data, "16_02_01_220728_VXKOii.xml")]))
    assert {name: int(one.level) for name, one in found.items()} == {
        "○○○水位観測所": 3, "△△△水位観測所": 2, "□□□水位観測所": 2,
    }  # fmt: skip
    values = found["△△△水位観測所"].values
    assert [one.level_m for one in values] == [46.6] + [None] * 6  # 未計算
    assert {one.stage for one in values[1:]} == {Level.UNKNOWN}  # レベル 9
    assert len(found["○○○水位観測所"].reaches) == 2


def test_overflow_is_level_5_for_the_sections_it_names(real_data: Path) -> None:
    found = sections(merge([read(real_data, "16_04_01_220728_VXKOii.xml")]))
    assert {int(one.level) for one in found.values()} == {5}
    assert len(found) == 3
    quarters = found["○○○水位観測所"].areas[0].quarters
    assert quarters == ("○○地区", "○○地区", "○○地区")


def test_headline_only_is_level_3_without_sections(real_data: Path) -> None:
    (found,) = merge([read(real_data, "16_05_01_210630_VXKOii.xml")]).active
    assert (found.level, found.section, found.kind) == (3, None, "○○川上流氾濫警戒情報")
    assert found.river_codes == ("1234567890", "9876543210")
    assert found.area_codes == ("990000",)  # ○○県, △△県


def test_zen_river_is_at_level_2_with_three_thresholds(real_data: Path) -> None:
    state = merge([read(real_data, "91_01_01_241031_VXSUii.xml")])
    (section,) = sections(state).values()
    assert (section.name, section.level) == ("塩浪", 2)
    assert section.criteria == StationCriteria(None, 2.6, 3.1, 3.8, None)
    assert state.active[0].area_codes == ("0442101", "0442102", "0442400")


@pytest.mark.parametrize(
    ("name", "start", "count"),
    # Start of the first bin (UTC), as its TimeDefine says (the third was issued "in 2020");
    # bins of 3 h to midnight of the next day.
    [("81_01_01_250630_VPWP50.xml", (2023, 6, 21, 21), 14),
     ("81_01_02_250630_VPWP50.xml", (2023, 6, 22, 3), 12),
     ("81_01_03_241226_VPWP50.xml", (2023, 6, 22, 9), 10),
     ("81_01_04_250630_VPWP50.xml", (2023, 6, 22, 15), 8)],
)  # fmt: skip
def test_soya_foresees_no_rain_danger_in_any_bin(
    real_data: Path, name: str, start: tuple[int, int, int, int], count: int
) -> None:
    state = merge([read(real_data, name)])
    bins = [one for one in state.bins if one.area_code == "0121400" and one.hazard == "大雨浸水"]
    assert [int(one.level) for one in bins] == [0] * count  # 警戒レベル2未満
    assert bins[0].start == datetime(*start, tzinfo=UTC)
    assert len({one.area_code for one in state.bins}) == 10  # municipalities of 宗谷
    assert state.active == ()


@pytest.mark.parametrize(
    ("name", "title", "points", "last_storm_km"),
    [("10_03_01_171016_VPTW60.xml", "台風第21号（ラン）", 14, 800.0),
     ("10_04_06_170913_VPTW60.xml", "台風第18号（タリム）", 14, 800.0),
     ("10_05_09_200630_VPTW60.xml", "TC1925", 7, 600.0),
     ("10_04_01_170908_VPTW60.xml", "TC1725", 3, None)],
)  # fmt: skip
def test_typhoons_have_track_and_storm_areas(
    real_data: Path, name: str, title: str, points: int, last_storm_km: float | None
) -> None:
    (typhoon,) = merge([read(real_data, name)]).typhoons
    assert (typhoon.name, len(typhoon.track)) == (title, points)
    last = [km for _, km in typhoon.track[-1].storm_km]
    assert last == ([] if last_storm_km is None else [last_storm_km])


def test_talim_blows_at_miyako_at_once_and_at_osaka_days_later(real_data: Path) -> None:
    # 00:00 JST 14 Sep: centre 25.7 N 125.1 E, 暴風域 200 km; Miyako lies some 100 km south of it.
    state = merge([read(real_data, "10_04_06_170913_VPTW60.xml")])
    now = datetime(2017, 9, 13, 16, tzinfo=UTC)
    soon = gale_onset(state, Place("4721400"), lon=125.28, lat=24.8, issued_at=now)
    later = gale_onset(state, Place("2710000"), lon=135.5, lat=34.7, issued_at=now)
    never = gale_onset(state, Place("4620100"), lon=140.0, lat=10.0, issued_at=now)
    assert soon is not None
    assert soon.at == now
    # Inside 650 km of 35.9 N 136.1 E on 17 Sep 21:00 JST; still outside on 15 Sep.
    assert later is not None
    assert datetime(2017, 9, 15, 12, tzinfo=UTC) < later.at < datetime(2017, 9, 17, 12, tzinfo=UTC)
    assert never is None


def test_every_sample_is_read_and_all_together_give_one_state(real_data: Path) -> None:
    paths = sorted((real_data / "jma").glob("*.xml"))
    telegrams = [parse_telegram(path.read_bytes()) for path in paths]
    assert len(telegrams) == 48
    state = merge(telegrams)
    assert merge(reversed(telegrams * 2)) == state
    # The last of nine alerts of Okayama leaves 井原市 alone.
    assert [one.area_names for one in state.active if "3320700" in one.area_codes] == [("井原市",)]
    assert not any("3320200" in one.area_codes for one in state.active)
