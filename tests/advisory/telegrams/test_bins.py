"""Time series per municipality: bins of three hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from advisory.telegrams import merge, parse_telegram
from advisory.types import Bin, Level

BINS = "気象警報・注意報時系列情報（Ｒ０６）"
Make = Callable[..., bytes]


def marks(hazard: str, *codes: str) -> str:
    return "".join(
        f'<Significancy refID="{n}" type="{hazard}危険度"><Name>名</Name><Code>{code}</Code>'
        "</Significancy>"
        for n, code in enumerate(codes, 1)
    )


def body(*parts: str, area: str = "0720400") -> str:
    times = "".join(
        f'<TimeDefine timeId="{n}"><DateTime>2026-09-01T{hour}:00:00+09:00</DateTime>'
        "<Duration>PT3H</Duration></TimeDefine>"
        for n, hour in enumerate((18, 21), 1)
    )
    kinds = "".join(
        f"<Kind><Property><SignificancyPart><Base>{part}</Base></SignificancyPart></Property></Kind>"
        for part in parts
    )
    return (
        f"<MeteorologicalInfos><TimeSeriesInfo><TimeDefines>{times}</TimeDefines><Item>{kinds}"
        f"<Area><Name>いわき市</Name><Code>{area}</Code></Area></Item></TimeSeriesInfo>"
        "</MeteorologicalInfos>"
    )


def read(data: bytes) -> tuple[Bin, ...]:
    return merge([parse_telegram(data)]).bins


def test_bin_has_hazard_level_and_span(report: Make) -> None:
    first, second = read(report(BINS, body=body(marks("大雨浸水", "31", "41"))))
    assert (first.hazard, first.level, second.level) == ("大雨浸水", 3, 4)
    assert first.start == datetime(2026, 9, 1, 9, tzinfo=UTC)
    assert first.end == second.start == datetime(2026, 9, 1, 12, tzinfo=UTC)  # 3 h on
    assert first.area_code == "0720400"


def test_wind_has_grades_by_part_of_the_municipality(report: Make) -> None:
    local = f"<Local><AreaName>陸上</AreaName>{marks('風', '20', '30')}</Local>"
    found = read(report(BINS, body=body(local)))
    assert [(one.local, one.grade, one.level) for one in found] == [
        ("陸上", "注意報級", 0),
        ("陸上", "警報級", 0),
    ]


def test_no_value_and_unknown_codes_are_unknown(report: Make) -> None:
    found = read(report(BINS, body=body(marks("高潮", "00", "11"), marks("風", "77", "01"))))
    assert [(one.hazard, one.level) for one in found] == [
        ("風", Level.UNKNOWN), ("風", 0), ("高潮", Level.UNKNOWN), ("高潮", 0),
    ]  # fmt: skip


def test_newer_series_replaces_the_older_whole(report: Make) -> None:
    old = parse_telegram(report(BINS, body=body(marks("大雨浸水", "41", "41"))))
    new = parse_telegram(
        report(BINS, body=body(marks("大雨浸水", "21")), at="2026-09-01T20:00:00+09:00")
    )
    assert [one.level for one in merge([new, old]).bins] == [2]


def test_bins_without_time_are_left_out(report: Make) -> None:
    broken = body(marks("大雨浸水", "41")).replace("PT3H", "PTxH")
    assert read(report(BINS, body=broken)) == ()
