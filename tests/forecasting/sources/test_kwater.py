"""K-water files: hours 01..24, absent rows, inclusive ends and real records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.kwater import KWater
from forecasting.types import MISSING, NOT_EVALUATED, Gauge

GAUGE = Gauge("1", "試験", "川", lon=0.0, lat=0.0, rain_gauges=("9",))


def write(folder: Path, level: str, rain: str = "ymdh,rf\n2018123123,1.5\n") -> None:
    (folder / "wl_1_20180701_20181231.csv").write_text(level)
    (folder / "rf_9_20180701_20181231.csv").write_text(rain)


def test_hour_24_of_new_years_eve_is_the_next_years_first_hour(tmp_path: Path) -> None:
    write(tmp_path, "ymdh,wl\n2018123123,-.19\n2018123124,.25\n")
    seen = KWater(tmp_path).read(
        [GAUGE], datetime(2018, 12, 31, 14, tzinfo=UTC), datetime(2018, 12, 31, 15, tzinfo=UTC)
    )
    # 23:00 and 24:00 Korean time are 14:00 and 15:00 UTC of the same day.
    np.testing.assert_array_equal(seen["level_m"].values, [[-0.19], [0.25]])


def test_an_absent_row_is_nan_and_flagged_missing_never_zero(tmp_path: Path) -> None:
    write(tmp_path, "ymdh,wl\n2018123122,1.0\n2018123124,2.0\n")
    seen = KWater(tmp_path).read(
        [GAUGE], datetime(2018, 12, 31, 13, tzinfo=UTC), datetime(2018, 12, 31, 15, tzinfo=UTC)
    )
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [1.0, np.nan, 2.0])
    assert seen["level_flag"].values[:, 0].tolist() == [NOT_EVALUATED, MISSING, NOT_EVALUATED]
    assert seen["rain_flag"].values[:, 0].tolist() == [MISSING, NOT_EVALUATED, MISSING]


def test_two_half_years_join_without_a_seam(tmp_path: Path) -> None:
    write(tmp_path, "ymdh,wl\n2018123124,2.0\n")
    (tmp_path / "wl_1_20190101_20190630.csv").write_text("ymdh,wl\n2019010101,3.0\n")
    seen = KWater(tmp_path).read(
        [GAUGE], datetime(2018, 12, 31, 15, tzinfo=UTC), datetime(2018, 12, 31, 16, tzinfo=UTC)
    )
    assert seen["level_m"].values[:, 0].tolist() == [2.0, 3.0]


def test_a_bad_hour_and_a_bad_number_are_named_with_their_rows(tmp_path: Path) -> None:
    start, end = datetime(2018, 12, 31, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)
    write(tmp_path, "ymdh,wl\n2018123100,1.0\n2018123125,1.0\n")
    with pytest.raises(ValueError, match=r"'2018123100' \(row 2\), '2018123125' \(row 3\)"):
        KWater(tmp_path).read([GAUGE], start, end)
    write(tmp_path, "ymdh,wl\n2018123101,abc\n")
    with pytest.raises(ValueError, match=r"wl must be a number, got 'abc' \(row 2\)"):
        KWater(tmp_path).read([GAUGE], start, end)


def test_a_wrong_column_names_what_was_expected_and_what_came(tmp_path: Path) -> None:
    write(tmp_path, "ymdh,level\n2018123101,1\n")
    with pytest.raises(ValueError, match=r"missing \['wl'\], got \['ymdh', 'level'\]"):
        KWater(tmp_path).read(
            [GAUGE], datetime(2018, 12, 31, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)
        )


def test_a_station_without_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="station 1, found none"):
        KWater(tmp_path).read(
            [GAUGE], datetime(2018, 12, 31, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)
        )


def test_a_naive_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        KWater(tmp_path).read(
            [GAUGE],
            datetime(2018, 12, 31),  # noqa: DTZ001 - the point of the test
            datetime(2019, 1, 1, tzinfo=UTC),
        )


@pytest.mark.real_data
def test_jingwans_record_is_the_flood_of_august_2020(real_data: Path) -> None:
    gauge = Gauge("1018630", "Jingwan", "", lon=0.0, lat=0.0, rain_gauges=("10184110", "10184220"))
    seen = KWater(real_data / "river" / "kwater_korea" / "data").read(
        [gauge], datetime(2013, 12, 31, 16, tzinfo=UTC), datetime(2021, 6, 30, 15, tzinfo=UTC)
    )
    level = seen["level_m"].to_series()
    peak_at = level.idxmax()[0]
    assert (peak_at.year, peak_at.month) == (2020, 8)
    assert level.max() == 3.43
    assert level[level.index.get_level_values("time") < "2020"].max() == 3.22
    assert 0 < np.isnan(seen["level_m"].values).mean() < 0.06
