"""Writers of tiny telegrams, made from the documented structure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from advisory.telegrams import Telegram, parse_telegram

NAMESPACES = {
    "Report": "http://xml.kishou.go.jp/jmaxml1/",
    "Head": "http://xml.kishou.go.jp/jmaxml1/informationBasis1/",
    "Body": "http://xml.kishou.go.jp/jmaxml1/body/meteorology1/",
}
RIVER, NOTIFIED = "指定河川洪水予報", "水位周知河川に関する情報"
RAIN = "気象警報・注意報（Ｒ０６）（大雨）"


def _report(
    title: str,
    *,
    body: str = "",
    headline: str = "",
    text: str = "",
    head_title: str = "見出し",
    status: str = "通常",
    info: str = "発表",
    event: str = "",
    serial: str = "",
    at: str = "2026-09-01T18:00:00+09:00",
    sent: str | None = None,
    office: str = "福島地方気象台",
) -> bytes:
    """Give one telegram; `at` is the ReportDateTime."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="{NAMESPACES["Report"]}">
<Control><Title>{title}</Title><DateTime>{sent or at}</DateTime><Status>{status}</Status>
<EditorialOffice>{office}</EditorialOffice></Control>
<Head xmlns="{NAMESPACES["Head"]}"><Title>{head_title}</Title><ReportDateTime>{at}</ReportDateTime>
<EventID>{event}</EventID><InfoType>{info}</InfoType><Serial>{serial}</Serial>
<Headline><Text>{text}</Text>{headline}</Headline></Head>
<Body xmlns="{NAMESPACES["Body"]}" xmlns:eb="urn:eb">{body}</Body></Report>""".encode()


def _river_head(code: str, name: str) -> str:
    """Give the headline of a river, in force or lifted."""
    return (
        f'<Information type="指定河川洪水予報（河川）"><Item><Kind><Name>{name}</Name>'
        f"<Code>{code}</Code></Kind><Areas><Area><Name>試川</Name><Code>0700280001</Code></Area>"
        "</Areas></Item></Information>"
    )


def _station(code: str, name: str) -> str:
    return f"<Station><Name>{name}</Name><Code>{code}</Code></Station>"


def _said(text: str, *stations: tuple[str, str]) -> str:
    """Give a 主文 for stations (code, name)."""
    return (
        f"<Item><Kind><Property><Type>主文</Type><Text>{text}</Text></Property></Kind>"
        f"<Stations>{''.join(_station(*one) for one in stations)}</Stations></Item>"
    )


def _kinds(*rows: tuple[str, str, str, str], scope: str = "市町村等") -> str:
    """Give a Warning of rows (area code, kind code, name, status)."""
    items = "".join(
        f"<Item><Kind><Name>{name}</Name><Code>{code}</Code><Status>{status}</Status></Kind>"
        f"<Area><Name>市{area}</Name><Code>{area}</Code></Area></Item>"
        for area, code, name, status in rows
    )
    return f'<Warning type="気象警報・注意報（{scope}）">{items}</Warning>'


def _rain(
    level: int, at: str, *, area: str = "0720400", status: str = "発表", **given: Any
) -> Telegram:
    """Give VPWW55 with one municipality at a level."""
    code = {2: "10", 3: "03", 4: "43", 5: "33"}[level]
    name = {2: "注意報", 3: "警報", 4: "危険警報", 5: "特別警報"}[level]
    body = _kinds((area, code, f"レベル{level}大雨{name}", status))
    return parse_telegram(_report(RAIN, body=body, at=at, **given))


def _flood(level: int, at: str, serial: int = 1, **given: Any) -> Telegram:
    """Give VXKO of the river 070028000100 with one section at a level; 0 = lifted."""
    codes = {0: "10", 2: "20", 3: "30", 4: "40", 5: "51"}
    names = {
        0: "氾濫注意報解除",
        2: "氾濫注意報",
        3: "氾濫警報",
        4: "氾濫危険警報",
        5: "氾濫特別警報",
    }
    name = f"レベル{level or 2}{names[level]}"
    said = _said(f"【警戒レベル{level}】", ("07002800010000001", "上橋")) if level else ""
    given = {"event": "070028000100", "serial": str(serial), "head_title": f"試川{name}"} | given
    body = f'<Warning type="指定河川洪水予報">{said}</Warning>'
    return parse_telegram(
        _report(RIVER, body=body, headline=_river_head(codes[level], name), at=at, **given)
    )


@pytest.fixture(scope="session")
def report() -> Callable[..., bytes]:
    """Give `_report`."""
    return _report


@pytest.fixture(scope="session")
def river_head() -> Callable[[str, str], str]:
    """Give `_river_head`."""
    return _river_head


@pytest.fixture(scope="session")
def said() -> Callable[..., str]:
    """Give `_said`."""
    return _said


@pytest.fixture(scope="session")
def kinds() -> Callable[..., str]:
    """Give `_kinds`."""
    return _kinds


@pytest.fixture(scope="session")
def rain() -> Callable[..., Telegram]:
    """Give `_rain`."""
    return _rain


@pytest.fixture(scope="session")
def flood() -> Callable[..., Telegram]:
    """Give `_flood`."""
    return _flood


@pytest.fixture(scope="session")
def levels() -> Callable[..., Sequence[int]]:
    """Give the levels of warnings in force, highest first."""
    return lambda warnings: [int(one.level) for one in warnings.active]
