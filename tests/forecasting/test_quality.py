"""Quality: faults are found, floods are not faults, and the future is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.quality import flag, good, level_limits, most_rain_mm, worst
from forecasting.sources import SOURCES
from forecasting.sources.mlit_log import read_siteinfo
from forecasting.types import (
    BAD,
    GOOD,
    MISSING,
    NOT_EVALUATED,
    SUSPECT,
    Gauge,
    Observations,
    Thresholds,
    check_observations,
)

NAN = float("nan")
GAUGE = Gauge("g1", "橋", "川", lon=0.0, lat=0.0, rain_gauges=("r1",))


def observed(level: list[float], rain: list[float] | None = None, step: str = "1h") -> Observations:
    levels = np.array(level, dtype=float)[:, None]
    rains = np.array(rain if rain is not None else [0.0] * len(level), dtype=float)[:, None]
    flags = {
        name: (dims, np.where(np.isnan(values), MISSING, NOT_EVALUATED).astype("int8"))
        for name, dims, values in (
            ("level_flag", ("time", "gauge"), levels),
            ("rain_flag", ("time", "rain_gauge"), rains),
        )
    }
    return check_observations(
        xr.Dataset(
            {"level_m": (("time", "gauge"), levels), "rain_mm": (("time", "rain_gauge"), rains)}
            | flags,
            coords={
                "time": pd.date_range("2026-06-01", periods=len(level), freq=step, unit="ns"),
                "gauge": ["g1"],
                "rain_gauge": ["r1"],
            },
        )
    )


def level_flags(
    level: list[float], rain: list[float] | None = None, step: str = "1h", *,
    gauge: Gauge = GAUGE, hindsight: bool = False,
) -> list[int]:  # fmt: skip
    seen = flag(observed(level, rain, step), [gauge], hindsight=hindsight)
    flags: list[int] = seen["level_flag"].values[:, 0].tolist()
    return flags


def test_a_calm_series_is_good_and_a_gap_is_missing() -> None:
    assert level_flags([1.0, 1.1, NAN, 1.2]) == [GOOD, GOOD, MISSING, GOOD]


def test_values_are_kept_and_only_flags_change() -> None:
    before = observed([1.0, 300.0, 1.0])
    np.testing.assert_array_equal(flag(before, [GAUGE])["level_m"], before["level_m"])
    assert (before["level_flag"] == NOT_EVALUATED).all()  # the caller's are not touched


def test_a_reading_47_m_away_is_bad_and_the_next_true_one_is_good() -> None:
    assert level_flags([347.5, 300.0, 347.4]) == [GOOD, BAD, GOOD]


def test_a_fast_flood_is_good_and_a_faster_one_suspect_not_bad() -> None:
    # +1.5 and +2.6 m in an hour have been seen; limits: 1 + 2 * 1 = 3 m, 3 + 5 * 1 = 8 m.
    assert level_flags([1.0, 2.5, 5.1, 9.1]) == [GOOD, GOOD, GOOD, SUSPECT]


def test_a_flash_flood_of_1_34_m_in_ten_minutes_is_not_bad() -> None:
    assert level_flags([0.3, 1.64, 1.7], step="10min") == [GOOD, SUSPECT, GOOD]  # 1 + 2 / 6 = 1.33


def test_water_that_falls_faster_than_water_does_is_suspect() -> None:
    assert level_flags([5.0, 2.89]) == [GOOD, SUSPECT]  # -2.11 m; limit 0.8 + 1.2 = 2 m
    assert level_flags([5.0, 3.1]) == [GOOD, GOOD]


def test_a_rise_over_a_gap_is_held_against_the_hours_of_the_gap() -> None:
    # +6 m in 3 h: limit 1 + 2 * 3 = 7 m, one hour alone would allow 3 m.
    assert level_flags([1.0, NAN, NAN, 7.0]) == [GOOD, MISSING, MISSING, GOOD]


def test_a_moved_gauge_zero_is_believed_after_six_readings() -> None:
    # 30 m away: more than the 3 + 5 * 3 = 18 m that any number of hours allows.
    level = [1.0, 1.0, *[31.0 + 0.01 * hour for hour in range(8)]]
    assert level_flags(level) == [GOOD, GOOD, *[BAD] * 5, SUSPECT, GOOD, GOOD]


def test_scattered_outliers_never_become_the_new_level() -> None:
    level = [1.0, 90.0, 50.0, 90.0, 50.0, 90.0, 50.0, 90.0, 1.0]
    assert level_flags(level) == [GOOD, *[BAD] * 7, GOOD]


def test_thresholds_limit_the_level() -> None:
    gauge = Gauge("g1", "", "", lon=0.0, lat=0.0, thresholds=Thresholds(standby=2.0, danger=5.0))
    assert level_limits(gauge) == (-18.0, 25.0)  # 20 m around 2 and 5
    assert level_flags([24.0, 25.5, 24.5], gauge=gauge) == [GOOD, BAD, GOOD]
    assert level_limits(GAUGE) == (-20.0, 60.0)


def test_a_creep_far_from_the_month_before_is_bad() -> None:
    # 24 readings of about 1 m, then +5 m an hour: more than 25 m above their median at 31 m.
    level = [1.0, 1.01] * 12 + [6.0, 11.0, 16.0, 21.0, 26.0, 31.0]
    assert level_flags(level)[-2:] == [SUSPECT, BAD]


def test_a_spike_is_seen_only_in_hindsight() -> None:
    level = [1.0, 1.0, 3.4, 1.05, 1.1]  # 2.375 m above the mean of its neighbours
    assert level_flags(level)[2] == GOOD
    assert level_flags(level, hindsight=True) == [GOOD, GOOD, BAD, GOOD, GOOD]


def test_a_flood_peak_is_no_spike() -> None:
    assert level_flags([1.0, 2.0, 3.4, 2.6, 2.0], hindsight=True) == [GOOD] * 5


def test_a_level_that_stands_still_in_80_mm_of_rain_is_bad() -> None:
    flags = level_flags([1.0] * 12, [10.0] * 12)
    # Hour 6: 6 h flat, 60 mm since its first reading; hour 8: 80 mm.
    assert flags == [*[GOOD] * 6, SUSPECT, SUSPECT, *[BAD] * 4]
    assert level_flags([1.0] * 12, [10.0] * 12, hindsight=True) == [BAD] * 12


def test_a_level_that_stands_still_in_dry_days_is_good_for_two_weeks() -> None:
    flags = level_flags([1.0] * 340)
    assert flags[335] == GOOD
    assert flags[336] == SUSPECT  # 14 * 24


def test_rain_below_zero_or_above_any_record_is_bad() -> None:
    seen = flag(observed([1.0] * 4, [-1.0, 187.0, 301.0, NAN]), [GAUGE])
    assert seen["rain_flag"].values[:, 0].tolist() == [BAD, GOOD, BAD, MISSING]
    assert most_rain_mm(1 / 6) == 60.0  # 10 minutes: the record is 50 mm


def test_good_hides_bad_and_missing_and_keeps_suspect() -> None:
    usable = good(flag(observed([1.0, 300.0, 1.0, 4.5, NAN]), [GAUGE]))
    np.testing.assert_array_equal(usable["level_m"].values[:, 0], [1.0, NAN, 1.0, 4.5, NAN])


def test_flags_are_only_raised() -> None:
    before = observed([1.0, 1.0])
    before["level_flag"][0, 0] = BAD
    before["rain_flag"][0, 0] = SUSPECT
    after = flag(flag(before, [GAUGE]), [GAUGE])
    assert after["level_flag"].values[:, 0].tolist() == [BAD, GOOD]
    assert after["rain_flag"].values[:, 0].tolist() == [SUSPECT, GOOD]
    flags = np.array([GOOD, MISSING], dtype="int8"), np.array([NOT_EVALUATED, BAD], dtype="int8")
    assert worst(*flags).tolist() == [GOOD, MISSING]


def test_a_gauge_not_described_and_no_rain_at_all_are_flagged_too() -> None:
    seen = observed([1.0, 300.0]).isel(rain_gauge=slice(0, 0))
    assert flag(Observations(seen), [])["level_flag"].values[:, 0].tolist() == [GOOD, BAD]


@given(
    st.lists(st.sampled_from([NAN, 0.5, 1.0, 1.2, 4.6, 6.0, 13.0, 48.0]), min_size=3, max_size=40),
    st.integers(min_value=2, max_value=39),
)
@settings(max_examples=80, deadline=None)
def test_changing_the_future_changes_no_flag_of_the_past(level: list[float], cut: int) -> None:
    cut = min(cut, len(level) - 1)
    rain = [20.0 * (hour % 3) for hour in range(len(level))]
    assert level_flags(level, rain)[:cut] == level_flags(level[:cut], rain[:cut])


@pytest.mark.real_data
def test_the_one_outlier_of_tokachi_is_the_one_bad_reading(real_data: Path) -> None:
    folder = real_data / "river" / "tokachi_2016"
    gauges = read_siteinfo(folder / "siteinfo.csv")
    seen = SOURCES["mlit-log"](folder).read(
        gauges, datetime(2016, 7, 31, 16, tzinfo=UTC), datetime(2016, 9, 22, 1, tzinfo=UTC)
    )
    bad = flag(seen, gauges)["level_flag"].to_series() == BAD
    # ニペソツ reads 300.00 at 2016-08-23 09:00 JST, 47.52 m below the hour before.
    assert bad[bad].index.tolist() == [(pd.Timestamp("2016-08-23"), "s301081281107010")]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "folder", "ids", "days"),
    [
        ("kwater", "kwater_korea/data", ["1018630", "1018625"], ("2020-07-25", "2020-08-15")),
        ("kwater", "kwater_korea/data", ["2022610", "2021685"], ("2020-07-25", "2020-09-15")),
        ("kotogawa", "kotogawa_yamaguchi", ["jiseiji"], ("2023-06-25", "2023-07-12")),
    ],
)
def test_record_floods_are_never_bad(
    real_data: Path, name: str, folder: str, ids: list[str], days: tuple[str, str]
) -> None:
    gauges = [Gauge(one, "", "", lon=0.0, lat=0.0) for one in ids]
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days)
    seen = SOURCES[name](real_data / "river" / folder).read(gauges, start, end)
    for hindsight in (False, True):
        assert not (flag(seen, gauges, hindsight=hindsight)["level_flag"] == BAD).any()
