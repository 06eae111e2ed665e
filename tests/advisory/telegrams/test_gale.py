"""Onset of storm wind from typhoon tracks, bins and warnings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from advisory.telegrams import Place, gale_onset, merge, parse_telegram
from advisory.telegrams.gale import storm_onset
from advisory.types import Bin, Level, TrackPoint, Typhoon, Warning, Warnings

NOW = datetime(2026, 9, 1, 0, tzinfo=UTC)
IWAKI = Place("0720400")
HERE = {"lon": 141.0, "lat": 37.0, "issued_at": NOW}
DEGREE_KM = 111.19  # of latitude, earth radius 6371 km


def point(hour: int, lat: float, *storm: tuple[str, float]) -> TrackPoint:
    return TrackPoint(NOW + timedelta(hours=hour), "予報", 141.0, lat, None, storm)


def typhoon(*track: TrackPoint) -> Typhoon:
    return Typhoon("T", "TC2601", "台風第1号", NOW, track)


def test_typhoon_that_comes_nearer_has_its_onset_between_two_times() -> None:
    # From 33 N to 37 N in 12 h, radius 2 degrees of latitude: inside from 35 N on, after 6 h.
    radius = ("", 2 * DEGREE_KM)
    coming = typhoon(point(0, 33.0, radius), point(12, 37.0, radius))
    onset = storm_onset(coming, lon=141.0, lat=37.0, issued_at=NOW)
    assert onset is not None
    assert abs(onset - NOW - timedelta(hours=6)) <= timedelta(minutes=10)


def test_two_radii_shift_the_disc_towards_the_larger() -> None:
    # 300 km north and 100 km south: a disc of 200 km around a point 100 km north of the centre.
    wide = (("北", 300.0), ("南", 100.0))
    south_of = typhoon(
        point(0, 37.0 - 290 / DEGREE_KM, *wide), point(1, 37.0 - 290 / DEGREE_KM, *wide)
    )
    north_of = typhoon(
        point(0, 37.0 + 110 / DEGREE_KM, *wide), point(1, 37.0 + 110 / DEGREE_KM, *wide)
    )
    assert storm_onset(south_of, lon=141.0, lat=37.0, issued_at=NOW) == NOW
    assert storm_onset(north_of, lon=141.0, lat=37.0, issued_at=NOW) is None


@pytest.mark.parametrize("track", [(), (point(0, 37.0),), (point(0, 37.0), point(3, 37.0))])
def test_typhoon_without_storm_area_gives_no_onset(track: tuple[TrackPoint, ...]) -> None:
    assert storm_onset(typhoon(*track), lon=141.0, lat=37.0, issued_at=NOW) is None


def wind(hour: int, grade: str, local: str = "陸上", area: str = "0720400") -> Bin:
    start = NOW + timedelta(hours=hour)
    end = start + timedelta(hours=3)
    return Bin(area, "いわき市", "風", start, end, Level.NONE, grade, local, "B", NOW)


def test_first_bin_of_warning_grade_on_land_is_the_onset() -> None:
    bins = (
        wind(3, "注意報級"),
        wind(6, "警報級"),
        wind(9, "特別警報級"),
        wind(0, "警報級", "海上"),
        wind(0, "警報級", "陸上", "0720500"),
    )
    gale = gale_onset(Warnings(bins=bins), IWAKI, **HERE)
    assert gale is not None
    assert (gale.at, gale.telegram_id) == (NOW + timedelta(hours=6), "B")


def test_warning_in_force_without_a_foreseen_time_counts_as_now() -> None:
    storm = Warning(
        "W", "暴風警報", Level.NONE, ("0720400",), (), NOW, None, hazard="暴風", grade="警報"
    )
    gale = gale_onset(Warnings(active=(storm,)), IWAKI, **HERE)
    assert gale is not None
    assert gale.at == NOW
    assert gale_onset(Warnings(active=(storm,)), Place("0820400"), **HERE) is None
    assert gale_onset(Warnings(), IWAKI, **HERE) is None


def test_track_is_read_with_radii_in_km(report: Callable[..., bytes]) -> None:
    body = """<MeteorologicalInfos><MeteorologicalInfo>
<DateTime type="予報　３時間後">2026-09-01T12:00:00+09:00</DateTime><Item><Kind><Property>
<TyphoonNamePart><NameKana>シ</NameKana><Number>2607</Number></TyphoonNamePart>
<WarningAreaPart type="暴風警戒域"><eb:Circle><eb:Axes><eb:Axis><eb:Direction>北東</eb:Direction>
<eb:Radius unit="海里">100</eb:Radius><eb:Radius unit="km">190</eb:Radius></eb:Axis></eb:Axes>
</eb:Circle></WarningAreaPart></Property></Kind><Area><eb:Circle type="予報円">
<eb:BasePoint type="中心位置（度）">+25.7+125.1/</eb:BasePoint><eb:Axes><eb:Axis>
<eb:Radius unit="km">30</eb:Radius></eb:Axis></eb:Axes></eb:Circle></Area></Item>
</MeteorologicalInfo><MeteorologicalInfo><DateTime>x</DateTime></MeteorologicalInfo>
</MeteorologicalInfos>"""
    telegram = parse_telegram(
        report("台風解析・予報情報（５日予報）（Ｈ３０）", body=body, event="TC1")
    )
    (found,) = merge([telegram]).typhoons
    assert found.name == "台風第7号（シ）"
    (at,) = found.track
    assert (at.lon, at.lat, at.circle_km, at.storm_km) == (125.1, 25.7, 30.0, (("北東", 190.0),))
    assert at.valid_time == datetime(2026, 9, 1, 3, tzinfo=UTC)
    assert "読めない" in telegram.doubts[0]
