from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.wording import brief, clean, district_name, jst, metres


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("平", "平地区"),
        ("平地区", "平地区"),
        ("川上町", "川上町"),
        ("下流 (地区データなし)", "下流 (地区データなし)"),
    ],
)
def test_a_district_is_called_as_people_call_it(name, said):
    assert district_name(name) == said


def test_midnight_utc_is_nine_in_the_morning_in_japan():
    assert jst(datetime(2026, 12, 31, 0, 0, tzinfo=UTC), day=True) == "2026年12月31日9時00分"


def test_the_year_ends_nine_hours_earlier_in_japan():
    assert jst(datetime(2026, 12, 31, 15, 0, tzinfo=UTC), day=True) == "2027年1月1日0時00分"


@pytest.mark.parametrize(
    ("level_m", "said"), [(5.099, "5.09m"), (5.1, "5.10m"), (0.0, "0.00m"), (-0.25, "-0.25m")]
)
def test_levels_are_rounded_down_to_the_centimetre(level_m, said):
    assert metres(level_m) == said


def test_line_breaks_and_direction_marks_become_spaces():
    assert clean("平\r\nBcc:\u202ex ") == "平 Bcc: x"


def test_a_full_width_colon_also_ends_the_head_of_a_note():
    assert brief("水位は模擬：詳しくは") == "水位は模擬"
