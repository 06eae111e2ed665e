"""Levels of river sections: from their own 主文, never from the river."""

from __future__ import annotations

from collections.abc import Callable

from advisory.telegrams import merge, parse_telegram
from advisory.types import Level

RIVER, NOTIFIED = "指定河川洪水予報", "水位周知河川に関する情報"
UP, DOWN, MOUTH = (("07002800010000001", "上橋"), ("07002800010000002", "下橋"),
                   ("07002800010000003", "河口"))  # fmt: skip
Make = Callable[..., bytes]
Text = Callable[..., str]


def warning(*items: str) -> str:
    return f'<Warning type="指定河川洪水予報">{"".join(items)}</Warning>'


def by_name(data: bytes) -> dict[str, int]:
    return {one.name: int(one.level) for one in parse_telegram(data).sections}


def test_each_section_has_the_level_of_its_own_text(
    report: Make, river_head: Text, said: Text
) -> None:
    body = warning(said("【警戒レベル５相当】", DOWN), said("【警戒レベル２】", UP))
    data = report(RIVER, body=body, headline=river_head("51", "レベル５氾濫特別警報"))
    assert by_name(data) == {"上橋": 2, "下橋": 5}
    assert [one.level for one in merge([parse_telegram(data)]).active] == [5, 2]


def test_observed_stage_does_not_raise_the_level_a_text_gives(
    report: Make, river_head: Text, said: Text
) -> None:
    # As on 2026-06-03 at 相瀬 of 古座川: 4.55 m is above 避難判断 4.50 m (stage 3), yet falling.
    series = (
        '<MeteorologicalInfos type="水位・流量情報"><TimeSeriesInfo><TimeDefines><TimeDefine '
        'timeId="1"><DateTime>2026-06-03T05:20:00+09:00</DateTime><Name>現況</Name></TimeDefine>'
        '</TimeDefines><Item><Kind><eb:WaterLevel type="水位" refID="1">4.55</eb:WaterLevel>'
        '<eb:WaterLevel type="レベル" refID="1">3</eb:WaterLevel></Kind><Station><Name>上橋</Name>'
        f"<Code>{UP[0]}</Code></Station></Item></TimeSeriesInfo></MeteorologicalInfos>"
    )
    body = warning(said("【警戒レベル５相当】", DOWN), said("【警戒レベル２】", UP)) + series
    data = report(RIVER, body=body, headline=river_head("51", "レベル５氾濫特別警報"))
    assert by_name(data) == {"上橋": 2, "下橋": 5}
    values = next(one.values for one in parse_telegram(data).sections if one.name == "上橋")
    assert (values[0].level_m, values[0].stage) == (4.55, 3)


def test_section_without_a_text_is_unknown_where_another_has_the_rivers_level(
    report: Make, river_head: Text, said: Text
) -> None:
    # 河口 has thresholds only: the river's level 4 is that of 下橋, not its own.
    part = (
        "<AdditionalInfo><FloodForecastAddition><HydrometricStationPart><Area><Name>河口</Name>"
        f"<Code>{MOUTH[0]}</Code></Area></HydrometricStationPart></FloodForecastAddition>"
        "</AdditionalInfo>"
    )
    body = warning(said("【警戒レベル４相当】", DOWN)) + part
    data = report(RIVER, body=body, headline=river_head("40", "氾濫危険情報"))
    assert by_name(data) == {"下橋": 4, "河口": Level.UNKNOWN}
    assert "河口" in parse_telegram(data).doubts[0]


def test_unreadable_text_takes_the_rivers_level(report: Make, river_head: Text, said: Text) -> None:
    body = warning(said("【警戒?】", UP), said("【警戒レベル３相当】", DOWN))
    data = report(RIVER, body=body, headline=river_head("40", "氾濫危険情報"))
    assert by_name(data) == {"上橋": 4, "下橋": 3}


def test_sections_below_their_headline_are_raised_to_it(
    report: Make, river_head: Text, said: Text
) -> None:
    body = warning(said("【警戒レベル２】", UP), said("【警戒レベル３相当】", DOWN))
    data = report(RIVER, body=body, headline=river_head("40", "氾濫危険情報"))
    assert by_name(data) == {"上橋": 4, "下橋": 4}
    assert "区間がない" in parse_telegram(data).doubts[0]


def test_headline_only_is_in_force_without_sections(report: Make, river_head: Text) -> None:
    data = report(RIVER, headline=river_head("30", "氾濫警戒情報"), event="070028000100")
    (found,) = merge([parse_telegram(data)]).active
    assert (found.level, found.section) == (3, None)
    assert found.river_codes == ("0700280001",)  # of the event and of the headline
    assert "見出しのみ" in found.doubts[-1]


def test_only_code_10_named_lifted_lifts(report: Make, river_head: Text, said: Text) -> None:
    def levels(code: str, name: str, *items: str) -> list[int]:
        data = report(RIVER, headline=river_head(code, name), body=warning(*items))
        return [int(one.level) for one in merge([parse_telegram(data)]).active]

    assert levels("10", "レベル２氾濫注意報解除") == []
    assert levels("10", "レベル２氾濫注意報解除", said("水位は下がりました", UP)) == []
    assert levels("22", "氾濫注意情報（警戒情報解除）") == [2]
    assert levels("10", "氾濫危険情報") == [4]  # code and name at odds
    assert levels("10", "氾濫注意情報解除", said("【警戒レベル４相当】", UP)) == [4]
    assert levels("77", "未知") == [Level.UNKNOWN]


def test_river_telegram_that_says_nothing_is_unknown(report: Make) -> None:
    (found,) = merge([parse_telegram(report(RIVER))]).active
    assert found.level is Level.UNKNOWN


def test_notified_river_has_the_level_of_its_kind(report: Make, river_head: Text) -> None:
    body = (
        '<Warning type="水位周知河川に関する情報（河川）"><Item><Kind>'
        "<Name>レベル４氾濫危険警報</Name>"
        "<Code>40</Code><Property><Type>洪水害危険度</Type><SignificancyPart><Base>"
        '<Significancy type="洪水害危険度"><Code>41</Code></Significancy></Base></SignificancyPart>'
        "</Property><Property><Type>概況</Type><Text>到達しました</Text></Property></Kind>"
        f"<Stations><Station><Name>上橋</Name><Code>{UP[0]}</Code></Station></Stations></Item>"
        '</Warning><Warning type="水位周知河川に関する情報（浸水想定地区）"><Item><Kind><Property>'
        "<Type>浸水想定地区</Type><Text>地区</Text></Property></Kind><Areas><Area><Name>いわき市"
        "</Name><Code>0720400</Code><CityCode>0720400</CityCode><SubCityList>平 -</SubCityList>"
        f"</Area></Areas><Stations><Station><Name>上橋</Name><Code>{UP[0]}</Code></Station>"
        "</Stations></Item></Warning>"
    )
    data = report(NOTIFIED, body=body, headline=river_head("40", "レベル４氾濫危険警報"))
    (found,) = merge([parse_telegram(data)]).active
    assert (found.level, found.area_codes) == (4, ("0720400",))
    assert found.section is not None
    assert found.section.text == "到達しました"
    assert found.section.areas[0].quarters == ("平",)  # 「-」 stands for none
