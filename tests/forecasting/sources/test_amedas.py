"""AMeDAS rain: ends of hours, and hours that a 24-hour sum gives back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.amedas import Amedas, rebuilt
from forecasting.types import MISSING, NOT_EVALUATED, SUSPECT, Gauge

GAUGE = Gauge("g1", "試験", "川", lon=0.0, lat=0.0, rain_gauges=("36836",))
HEADER = "hour_jst,amdno,precipitation1h,precipitation24h\n"


def test_the_hour_is_stamped_with_its_end_and_levels_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    path.write_text(HEADER + "2023-09-08 20:00:00,36836,71.0,143.0\n")
    seen = Amedas(path).read(
        [GAUGE], datetime(2023, 9, 8, 11, tzinfo=UTC), datetime(2023, 9, 8, 12, tzinfo=UTC)
    )
    # 19 to 20 h JST ends at 11:00 UTC.
    np.testing.assert_array_equal(seen["rain_mm"].values[:, 0], [71.0, np.nan])
    assert seen["level_flag"].values[:, 0].tolist() == [MISSING, MISSING]
    assert np.isnan(seen["level_m"].values).all()


def day(gaps: dict[int, float], total: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Give 24 hours of 1 mm with gaps, and a 24-hour sum at the last one."""
    rain, sums = np.ones(24), np.full(24, np.nan)
    for hour in gaps:
        rain[hour] = np.nan
    sums[-1] = np.nan if total is None else total
    return rain, sums


def test_one_gap_in_a_day_is_what_the_sum_lacks() -> None:
    rain, sums = day({9: 0}, 30.0)
    assert rebuilt(rain, sums)[9] == 7.0  # 30 - 23 hours of 1 mm


def test_two_gaps_are_dry_if_the_sum_lacks_nothing_and_unknown_otherwise() -> None:
    rain, sums = day({9: 0, 10: 0}, 22.0)
    assert rebuilt(rain, sums)[9:11].tolist() == [0.0, 0.0]
    rain, sums = day({9: 0, 10: 0}, 25.0)  # 3 mm fell, but in which hour
    assert np.isnan(rebuilt(rain, sums)[9:11]).all()


def test_without_a_sum_or_with_a_smaller_one_the_gap_stays() -> None:
    for total in (None, 20.0):  # 23 mm were measured: 20 mm contradicts them
        rain, sums = day({9: 0}, total)
        assert np.isnan(rebuilt(rain, sums)[9])


def write_day(path: Path) -> None:
    rows = [f"2023-09-08 {hour:02d}:00:00,36836,1.0,24.0" for hour in range(24) if hour != 9]
    path.write_text(HEADER + "\n".join(rows) + "\n")


def test_a_rebuilt_hour_is_suspect_and_can_be_left_out(tmp_path: Path) -> None:
    write_day(tmp_path / "rain.csv")
    start, end = datetime(2023, 9, 7, 15, tzinfo=UTC), datetime(2023, 9, 8, 14, tzinfo=UTC)
    seen = Amedas(tmp_path / "rain.csv").read([GAUGE], start, end)
    assert seen["rain_mm"].values[9, 0] == 1.0  # 24 - 23
    assert seen["rain_flag"].values[8:11, 0].tolist() == [NOT_EVALUATED, SUSPECT, NOT_EVALUATED]
    seen = Amedas(tmp_path / "rain.csv", rebuild=False).read([GAUGE], start, end)
    assert seen["rain_flag"].values[9, 0] == MISSING


def test_a_station_without_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "rain.csv").write_text(HEADER + "2023-09-08 20:00:00,36781,71.0,143.0\n")
    with pytest.raises(ValueError, match=r"got none of \['36836'\]"):
        Amedas(tmp_path / "rain.csv").read(
            [GAUGE], datetime(2023, 9, 8, tzinfo=UTC), datetime(2023, 9, 9, tzinfo=UTC)
        )


def test_gauges_without_rain_gauges_give_no_rain_columns(tmp_path: Path) -> None:
    (tmp_path / "rain.csv").write_text(HEADER + "2023-09-08 20:00:00,36781,71.0,143.0\n")
    seen = Amedas(tmp_path / "rain.csv").read(
        [Gauge("g1", "", "", lon=0.0, lat=0.0)],
        datetime(2023, 9, 8, tzinfo=UTC), datetime(2023, 9, 9, tzinfo=UTC),
    )  # fmt: skip
    assert dict(seen.sizes) == {"time": 25, "gauge": 1, "rain_gauge": 0}


@pytest.mark.real_data
def test_yamada_had_71_mm_in_the_hour_to_20_jst_on_8_september_2023(real_data: Path) -> None:
    path = next((real_data / "iwaki" / "rain_2023").glob("*.csv.gz"))
    seen = Amedas(path).read(
        [GAUGE], datetime(2023, 7, 13, 5, tzinfo=UTC), datetime(2023, 12, 6, 4, tzinfo=UTC)
    )
    rain = seen["rain_mm"].sel(rain_gauge="36836").to_series()
    assert rain["2023-09-08T11:00"] == 71.0
    assert rain.max() == 71.0
    # 4.8 % of the hours have no row; nearly all are determined by 24-hour sums.
    assert 0.04 < (seen["rain_flag"] == SUSPECT).mean() < 0.05
    assert rain.isna().mean() < 0.005
