"""Telegrams of a folder for one city, with telegrams made from the documented structure."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from advisory.types import Level
from kawamori.city import City, read_city
from kawamori.live import run_once
from kawamori.settings import Settings
from kawamori.telegrams import LAST_POLL, PAST, place_of, read_warnings, set_aside

SENT = "2026-06-01T09:00:00+09:00"  # 00:00 UTC
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def city(tiny, tmp_path: Path) -> City:
    """Give 試験町, code 00000, with its gauge g1 known to telegrams as station 111."""
    folder = tmp_path / "city"
    tiny.write_tiny_city(folder)
    path = folder / "city.toml"
    path.write_text(path.read_text() + '[telegrams]\nstations = { 111 = "g1" }\n')
    return read_city(folder)


def heavy_rain(level_code: str, *, area: str = "0000000", at: str = SENT) -> str:
    """Give a 大雨 telegram for a municipality; 43 is level 4, 03 level 3."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>気象警報・注意報（Ｒ０６）（大雨）</Title><DateTime>{at}</DateTime>
<Status>通常</Status><EditorialOffice>試験</EditorialOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>見出し</Title>
<ReportDateTime>{at}</ReportDateTime><EventID></EventID><InfoType>発表</InfoType><Serial></Serial>
<Headline><Text></Text></Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/meteorology1/">
<Warning type="気象警報・注意報（市町村等）"><Item>
<Kind><Name>大雨</Name><Code>{level_code}</Code><Status>発表</Status></Kind>
<Area><Name>試験町</Name><Code>{area}</Code></Area></Item></Warning></Body></Report>"""


def test_a_telegram_for_the_city_is_in_force_and_one_for_another_is_not(city, tmp_path) -> None:
    (tmp_path / "a.xml").write_text(heavy_rain("43"))
    (tmp_path / "b.xml").write_text(heavy_rain("33", area="9999900"))
    warnings = read_warnings(tmp_path, city, issued_at=NOON)
    assert [one.level for one in warnings.active] == [Level.EVACUATE]
    assert warnings.received_at == MIDNIGHT


def test_a_telegram_sent_later_is_not_known_yet(city, tmp_path) -> None:
    (tmp_path / "a.xml").write_text(heavy_rain("03"))
    (tmp_path / "b.xml").write_text(heavy_rain("43", at="2026-06-01T22:00:00+09:00"))
    assert [one.level for one in read_warnings(tmp_path, city, issued_at=NOON).active] == [3]


def test_a_body_that_cannot_be_read_is_a_warning_of_unknown_level(city, tmp_path) -> None:
    (tmp_path / "torn.xml").write_bytes(b"<Report>")
    os.utime(tmp_path / "torn.xml", (MIDNIGHT.timestamp(), MIDNIGHT.timestamp()))
    (warning,) = read_warnings(tmp_path, city, issued_at=NOON).active
    assert warning.level is Level.UNKNOWN
    assert "torn.xml" in warning.doubts[0]


def test_an_empty_folder_is_not_a_living_feed_until_it_was_polled(city, tmp_path) -> None:
    assert read_warnings(tmp_path, city, issued_at=NOON).received_at is None
    (tmp_path / LAST_POLL).write_text("2026-06-01T20:59:00+09:00\n")
    polled = read_warnings(tmp_path, city, issued_at=NOON).received_at
    assert polled == datetime(2026, 6, 1, 11, 59, tzinfo=UTC)


def test_a_poll_after_the_issue_time_has_not_happened(city, tmp_path) -> None:
    (tmp_path / LAST_POLL).write_text("2026-06-01T23:00:00+09:00")
    assert read_warnings(tmp_path, city, issued_at=NOON).received_at is None


@pytest.mark.parametrize(
    ("text", "named"),
    [(b"soon", "ISO 8601"), (b"2026-06-01T20:59:00", "with its zone"), (b"", "ISO 8601"),
     (b"\xff\xfe", "utf-8")],
)  # fmt: skip
def test_a_poll_time_that_cannot_be_placed_ends_no_cycle_and_is_told(
    city, tmp_path, text, named
) -> None:
    (tmp_path / LAST_POLL).write_bytes(text)
    found = read_warnings(tmp_path, city, issued_at=NOON)
    assert found.received_at is None
    assert [one.level for one in found.active] == [Level.UNKNOWN]
    assert named in found.active[0].doubts[0]


def test_a_poll_time_may_begin_with_the_mark_of_a_windows_editor(city, tmp_path) -> None:
    (tmp_path / LAST_POLL).write_text("\ufeff2026-06-01T20:59:00+09:00\r\n")
    assert read_warnings(tmp_path, city, issued_at=NOON).received_at is not None


def test_a_folder_named_as_a_telegram_ends_no_cycle(city, tmp_path) -> None:
    (tmp_path / "a.xml").mkdir()
    os.utime(tmp_path / "a.xml", (0, 0))
    (warning,) = read_warnings(tmp_path, city, issued_at=NOON).active
    assert (warning.level, warning.doubts[0][:6]) == (Level.UNKNOWN, "a.xml:")


def test_stations_of_the_city_map_to_its_gauges(city) -> None:
    assert place_of(city).stations == {"111": "g1"}


def test_a_station_of_no_gauge_and_a_strange_key_are_named(city) -> None:
    path = city.folder / "city.toml"
    path.write_text(path.read_text().replace('"g1"', '"g9"') + 'colour = "red"\n')
    with pytest.raises(ValueError, match=r"\['colour'\].*\['g9'\]"):
        place_of(city)


def test_a_missing_folder_is_refused(city, tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="folder of telegrams"):
        read_warnings(tmp_path / "none", city, issued_at=NOON)


def test_an_official_level_4_reaches_the_advice_of_a_cycle_and_is_named(
    tiny_home, tiny, tmp_path
) -> None:
    tiny.write_table(tmp_path / "now.csv", storm_mm=0.0)
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "a.xml").write_text(heavy_rain("43"))
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    settings = Settings(home=tiny_home, out=tmp_path / "out", database_url=url)
    out = run_once(
        "tiny", tmp_path / "now.csv", settings, lambda *_: None, telegrams=tmp_path / "feed"
    )
    advice = json.loads((out / "run.json").read_text())["advice"]
    assert [one["level"] for one in advice] == [4, 4]  # without the telegram the river is calm
    named = [reason["rule"] for reason in advice[0]["reasons"] if reason["telegram_id"]]
    assert named == ["official-warning"]


def test_replaced_telegrams_are_set_aside_and_nothing_else_changes(city, tmp_path) -> None:
    for day in range(1, 8):
        at = f"2026-05-{day:02}T09:00:00+09:00"
        (tmp_path / f"d{day}.xml").write_text(heavy_rain("10", at=at))
    (tmp_path / "young.xml").write_text(heavy_rain("43"))  # of 1 June
    (tmp_path / "broken.xml").write_text("<x")
    before = read_warnings(tmp_path, city, issued_at=NOON)
    # Of seven of one line the newest two stay; what came later is not looked at.
    assert set_aside(tmp_path, before=datetime(2026, 5, 20, tzinfo=UTC)) == 5
    left = {path.stem for path in tmp_path.glob("*.xml")}
    assert left == {"d6", "d7", "young", "broken"}
    assert {path.stem for path in (tmp_path / PAST / "2026").glob("*.xml")} == {
        f"d{day}" for day in range(1, 6)
    }
    assert read_warnings(tmp_path, city, issued_at=NOON) == before
    assert set_aside(tmp_path, before=datetime(2026, 5, 20, tzinfo=UTC)) == 0
    assert set_aside(tmp_path / "none", before=NOON) == 0
