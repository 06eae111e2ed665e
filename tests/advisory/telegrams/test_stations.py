"""What a river telegram tells of its stations: thresholds, reaches, values, areas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from advisory.telegrams import parse_telegram
from advisory.types import Level, Section, StationCriteria

Make = Callable[..., bytes]
CODE = "07002800010000001"
STATION = f"<Station><Name>上橋</Name><Code>{CODE}</Code></Station>"
TIMES = "".join(
    f'<TimeDefine timeId="{n + 1}"><DateTime>2026-09-01T{18 + n}:00:00+09:00</DateTime>'
    f"<Name>{name}</Name></TimeDefine>"
    for n, name in enumerate(("現況", "１時間後", "２時間後", "３時間後"))
)


def level(ref: int, text: str, condition: str, stage: str) -> str:
    return (
        f'<eb:WaterLevel type="水位" unit="m" refID="{ref}" condition="{condition}">{text}'
        f'</eb:WaterLevel><eb:WaterLevel type="レベル" refID="{ref}">{stage}</eb:WaterLevel>'
    )


def series(*marks: str) -> str:
    return (
        '<MeteorologicalInfos type="水位・流量情報"><TimeSeriesInfo><TimeDefines>'
        f"{TIMES}</TimeDefines><Item><Kind><Property><WaterLevelPart>{''.join(marks)}"
        f"</WaterLevelPart></Property></Kind>{STATION}</Item></TimeSeriesInfo></MeteorologicalInfos>"
    )


def criteria(*marks: str) -> str:
    return (
        "<AdditionalInfo><FloodForecastAddition><HydrometricStationPart><Area><Name>上橋</Name>"
        f"<Code>{CODE}</Code><Location>平</Location></Area>"
        "<ChargeSection>試川　左岸</ChargeSection>"
        f"<ChargeSection>支川</ChargeSection><Criteria>{''.join(marks)}</Criteria>"
        "</HydrometricStationPart></FloodForecastAddition></AdditionalInfo>"
    )


def mark(name: str, text: str, condition: str = "有効") -> str:
    return f'<eb:WaterLevel type="{name}" unit="m" condition="{condition}">{text}</eb:WaterLevel>'


def only(data: bytes) -> Section:
    (section,) = parse_telegram(data).sections
    return section


def test_values_are_observed_or_forecast_and_missing_ones_are_none(report: Make) -> None:
    marks = (
        level(1, "6.77", "正常", "4"), level(2, "5.74", "正常", "3"), level(3, "", "欠測", ""),
        level(4, "9.99", "未計算", "9"),
    )  # fmt: skip
    values = only(report("指定河川洪水予報", body=series(*marks))).values
    assert [one.level_m for one in values] == [6.77, 5.74, None, None]
    assert [one.observed for one in values] == [True, False, False, False]
    assert [one.stage for one in values] == [4, 3, Level.UNKNOWN, Level.UNKNOWN]
    assert [one.condition for one in values] == ["正常", "正常", "欠測", "未計算"]
    assert values[1].valid_time == datetime(2026, 9, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e999", "", "３．５m"])
def test_number_that_is_none_is_missing_not_zero(report: Make, text: str) -> None:
    body = series(level(1, text, "正常", "2"))
    assert only(report("指定河川洪水予報", body=body)).values[0].level_m is None


def test_full_width_number_is_read(report: Make) -> None:
    body = series(level(1, "３．５", "正常", "２"))
    (value,) = only(report("指定河川洪水予報", body=body)).values
    assert (value.level_m, value.stage) == (3.5, 2)


def test_discharge_is_not_a_level(report: Make) -> None:
    flow = '<eb:Discharge type="流量" unit="m3/s" refID="1" condition="正常">850</eb:Discharge>'
    (value,) = only(report("指定河川洪水予報", body=series(flow))).values
    assert (value.level_m, value.discharge_m3_per_s) == (None, 850.0)


def test_five_thresholds_by_their_names_with_and_without_level(report: Make) -> None:
    body = criteria(
        mark("レベル１水防団待機水位", "3.50"), mark("氾濫注意水位", "4.00"),
        mark("レベル３避難判断水位", "5.30"), mark("レベル４氾濫危険水位", "6.00"),
        mark("レベル４計画高水位等", "6.80"),
    )  # fmt: skip
    section = only(report("指定河川洪水予報", body=body))
    assert section.criteria == StationCriteria(3.5, 4.0, 5.3, 6.0, 6.8)
    assert section.reaches == ("試川 左岸", "支川")
    assert section.location == "平"


def test_absent_and_invalid_thresholds_stay_unknown(report: Make) -> None:
    body = criteria(mark("避難判断水位", "", "有効"), mark("氾濫危険水位", "6.00", "無効"))
    assert only(report("指定河川洪水予報", body=body)).criteria == StationCriteria()


def test_stations_that_share_a_placeholder_code_stay_apart(report: Make) -> None:
    body = criteria(mark("氾濫危険水位", "6.00")).replace(
        "</HydrometricStationPart>",
        f"</HydrometricStationPart><HydrometricStationPart><Area><Name>下橋</Name><Code>{CODE}"
        "</Code></Area></HydrometricStationPart>",
    )
    sections = parse_telegram(report("指定河川洪水予報", body=body)).sections
    assert sorted((one.name, one.criteria.danger_m) for one in sections) == [
        ("上橋", 6.0),
        ("下橋", None),
    ]
