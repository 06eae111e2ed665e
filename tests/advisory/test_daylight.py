"""Sunset against hand calculation and published times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from advisory.daylight import is_dark, next_sunset, sun_elevation_deg, sun_position

JST = timezone(timedelta(hours=9))
IWAKI = (140.89, 37.05)  # lon, lat
TROMSO = (18.96, 69.65)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # By hand for 140.9 E, 37.0 N. Declination 5.7, equation of time +2.2 min: solar noon is
        # 12:00 - 4 * 5.9 - 2.2 = 11:34.2; cos H = (-0.0145 - 0.6018 * 0.0993) / 0.7947, so
        # H = 95.4 deg = 381.5 min: 17:55.7.
        (datetime(2023, 9, 8, 12, tzinfo=JST), datetime(2023, 9, 8, 17, 56, tzinfo=JST)),
        # Declination -7.4, equation +13.6: noon 11:22.8; H = 85.4 deg = 341.8 min: 17:04.6.
        (datetime(2019, 10, 12, 12, tzinfo=JST), datetime(2019, 10, 12, 17, 5, tzinfo=JST)),
        # Declination -23.1, equation -2.8: noon 11:39.2; H = 72.4 deg = 289.8 min: 16:29.0.
        (datetime(2023, 12, 31, 12, tzinfo=JST), datetime(2023, 12, 31, 16, 29, tzinfo=JST)),
    ],
)
def test_sunset_of_iwaki(day: datetime, expected: datetime) -> None:
    found = next_sunset(day, *IWAKI)
    assert found is not None
    assert abs(found - expected) < timedelta(minutes=1, seconds=30)


def test_after_sunset_the_next_one_is_tomorrows() -> None:
    found = next_sunset(datetime(2023, 12, 31, 23, 59, tzinfo=JST), *IWAKI)
    assert found is not None
    assert found.astimezone(JST).date() == datetime(2024, 1, 1, tzinfo=JST).date()


def test_same_instant_in_another_zone_has_the_same_sunset() -> None:
    noon = datetime(2023, 9, 8, 12, tzinfo=JST)
    assert next_sunset(noon, *IWAKI) == next_sunset(noon.astimezone(UTC), *IWAKI)


def test_darkness_begins_at_sunset() -> None:
    sunset = next_sunset(datetime(2023, 9, 8, 12, tzinfo=JST), *IWAKI)
    assert sunset is not None
    assert not is_dark(sunset - timedelta(minutes=1), *IWAKI)
    assert is_dark(sunset + timedelta(minutes=1), *IWAKI)


def test_polar_day_and_polar_night_have_no_sunset() -> None:
    june, december = datetime(2024, 6, 21, tzinfo=UTC), datetime(2024, 12, 21, 12, tzinfo=UTC)
    assert next_sunset(june, *TROMSO) is None
    assert not is_dark(june, *TROMSO)
    assert next_sunset(december, *TROMSO) is None
    assert is_dark(december, *TROMSO)


def test_sun_stands_overhead_at_the_equator_at_equinox_noon() -> None:
    # Equinox 2024-03-20 03:06 UTC; the sun is overhead where it is noon: 12:07 - 3:06 = 9 h = 135 E
    assert sun_elevation_deg(datetime(2024, 3, 20, 3, 6, tzinfo=UTC), 135.3, 0.0) > 89.5


def test_declination_at_solstice_is_the_obliquity() -> None:
    declination_deg, _ = sun_position(datetime(2024, 6, 20, 20, 51, tzinfo=UTC))
    assert declination_deg == pytest.approx(23.44, abs=0.01)


def test_sunset_across_the_date_line() -> None:
    # Taveuni, 180 E: solar noon is near 00:07 UTC, so sunset is near 06:10 UTC of the same day.
    found = next_sunset(datetime(2024, 3, 20, 1, tzinfo=UTC), 180.0, -17.0)
    assert found is not None
    assert abs(found - datetime(2024, 3, 20, 6, 11, tzinfo=UTC)) < timedelta(minutes=3)
