"""厚東川: zeros that mean missing, a running rain sum, Shift-JIS downloads, snapshots."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.sources.kotogawa import Kotogawa, KotogawaScrape, rain_of_sum
from forecasting.types import MISSING, Gauge

GAUGE = Gauge("jiseiji", "持世寺", "厚東川", lon=0.0, lat=0.0, rain_gauges=("kotogawa-dam",))
MERGED = (
    "\ufeff時刻,水位_水位,水位_差分,ダム_60分雨量,ダム_累加雨量,"
    "ダム_貯水位,ダム_流入量,ダム_全放流量\n"
)


def merged(folder: Path, *rows: str) -> Kotogawa:
    (folder / "統合データ_水位ダム.csv").write_text(MERGED + "\n".join(rows), encoding="utf-8")
    return Kotogawa(folder)


def at(hour: int, minute: int, day: int = 1) -> datetime:
    return datetime(2023, 7, day, hour, minute, tzinfo=UTC)


def test_a_level_of_zero_is_missing_but_a_difference_or_rain_of_zero_is_not(tmp_path: Path) -> None:
    source = merged(
        tmp_path,
        "2023/07/01 09:10,2.58,0.00,0.00,0.00,38.32,9.65,9.70",
        "2023/07/01 09:20,0.00,0.00,0.00,0.00,38.32,9.65,9.70",
    )
    seen = source.read([GAUGE], at(0, 10), at(0, 20))  # 09:10 JST is 00:10 UTC
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [2.58, np.nan])
    assert seen["level_flag"].values[1, 0] == MISSING
    assert seen["rain_mm"].values[1, 0] == 0.0


def test_a_dam_row_with_storage_zero_is_missing_as_a_whole(tmp_path: Path) -> None:
    source = merged(
        tmp_path,
        "2023/07/01 09:10,2.58,0.00,3.00,5.00,36.54,54.25,43.06",
        "2023/07/01 09:20,2.58,0.00,0.00,7.00,0.00,0.00,0.00",
        "2023/07/01 09:30,2.58,0.00,3.00,8.00,36.55,54.28,43.13",
    )
    seen = source.read([GAUGE], at(0, 10), at(0, 30))
    np.testing.assert_array_equal(seen["dam_release_m3s"].values[:, 0], [43.06, np.nan, 43.13])
    # The sum rose from 5 to 8 mm within the gap: which 10 minutes got it is not known.
    assert np.isnan(seen["rain_mm"].values[:, 0]).all()


def test_an_inflow_of_zero_beside_a_release_is_missing(tmp_path: Path) -> None:
    source = merged(tmp_path, "2023/07/01 09:10,2.82,0.00,0.00,0.00,36.70,0.00,5.16")
    seen = source.read([GAUGE], at(0, 10), at(0, 10))
    assert np.isnan(seen["dam_inflow_m3s"].item())
    assert seen["dam_release_m3s"].item() == 5.16


def test_rain_is_the_difference_of_the_sum_not_the_running_hour(tmp_path: Path) -> None:
    # 60分雨量 adds up to 29+46+52 = 127 mm; in truth 17 + 6 = 23 mm fell after the first row.
    source = merged(
        tmp_path,
        "2023/07/01 00:00,4.28,-0.02,29.00,149.00,36.51,429.25,398.62",
        "2023/07/01 00:10,4.29,0.01,46.00,166.00,36.56,478.22,444.73",
        "2023/07/01 00:20,4.35,0.06,52.00,172.00,36.62,552.45,505.19",
    )
    seen = source.read([GAUGE], at(15, 10, day=1).replace(month=6, day=30),
                       at(15, 20, day=1).replace(month=6, day=30))  # fmt: skip
    assert seen["rain_mm"].values[:, 0].tolist() == [17.0, 6.0]


def test_a_sum_that_returns_to_zero_gives_no_negative_rain() -> None:
    total = pd.Series([268.0, 270.0, 0.0, 0.0, 2.0])
    # 270 - 268 = 2; the fall to 0 is the return: 0 since; then 2 - 0.
    np.testing.assert_array_equal(rain_of_sum(total), [np.nan, 2.0, 0.0, 0.0, 2.0])


def test_after_a_gap_the_rain_is_zero_if_the_sum_is_as_before_and_unknown_if_it_rose() -> None:
    total = pd.Series([5.0, np.nan, np.nan, 5.0, np.nan, 6.0])
    np.testing.assert_array_equal(rain_of_sum(total), [np.nan] * 3 + [0.0] + [np.nan] * 2)


def test_rain_of_a_step_does_not_depend_on_later_sums() -> None:
    total = pd.Series([5.0, np.nan, 5.0, 5.0, 7.0, 0.0, np.nan, 0.0])
    for cut in range(1, len(total)):
        np.testing.assert_array_equal(rain_of_sum(total[:cut]), rain_of_sum(total)[:cut])


def test_a_gap_longer_than_the_sum_can_be_trusted_stays_missing() -> None:
    total = pd.Series([5.0, *[np.nan] * 20, 5.0])
    assert rain_of_sum(total).isna().all()


def download(folder: Path) -> Kotogawa:
    (folder / "water-level_20230625-20230701.csv").write_text(
        "取出情報,水位,,\n観測局,持世寺,,\n取出間隔,10分間隔,,\n"
        "取出期間,　2023/06/25～,,　2023/07/02\n,,,\n"
        "観測時刻,水位,差分,\n　2023/07/01 23:50,3.27,-0.02,\n　2023/07/01 24:00,,,\n",
        encoding="cp932",
    )
    (folder / "dam_20230625-20230701.csv").write_text(
        "取出情報,ダム\n取出間隔,10分間隔\n\nダム名,厚東川ダム\n"
        "観測時刻,60分雨量,累加雨量,貯水位,貯水率,流入量,全放流量,調整流量\n"
        "　2023/07/01 23:50,1,270,37.01,100,155.3,168.3,13\n"
        "　2023/07/01 24:00,1,271,37.01,100,159.95,168.29,8.34\n",
        encoding="cp932",
    )
    return Kotogawa(folder)


def test_a_shift_jis_download_with_a_block_before_the_header_is_read(tmp_path: Path) -> None:
    seen = download(tmp_path).read([GAUGE], at(14, 50), at(15, 0))
    # 24:00 JST of July 1 is 15:00 UTC; its level was not measured.
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [3.27, np.nan])
    np.testing.assert_array_equal(seen["rain_mm"].values[:, 0], [np.nan, 1.0])
    assert seen["dam_inflow_m3s"].values[:, 0].tolist() == [155.3, 159.95]


def test_a_download_fills_what_the_merged_file_misses(tmp_path: Path) -> None:
    merged(tmp_path, "2023/07/01 23:50,0.00,0.00,1.00,270.00,37.01,155.30,168.30")
    seen = download(tmp_path).read([GAUGE], at(14, 50), at(14, 50))
    assert seen["level_m"].item() == 3.27


def test_a_download_of_another_station_is_refused(tmp_path: Path) -> None:
    source = download(tmp_path)
    path = tmp_path / "water-level_20230625-20230701.csv"
    path.write_text(path.read_text("cp932").replace("持世寺", "末信橋"), encoding="cp932")
    with pytest.raises(ValueError, match=r"water-level_.* must be of 持世寺, got .*末信橋"):
        source.read([GAUGE], at(14, 50), at(15, 0))


def test_a_download_without_header_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "dam_x.csv").write_text("取出情報,ダム\n", encoding="cp932")
    with pytest.raises(ValueError, match=r"dam_x\.csv must have a header row .* 観測時刻"):
        Kotogawa(tmp_path).read([GAUGE], at(0, 0), at(1, 0))


def test_an_unknown_gauge_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="found none"):
        Kotogawa(tmp_path).read([GAUGE], at(0, 0), at(1, 0))
    source = merged(tmp_path, "2023/07/01 09:10,2.58,0.00,0.00,0.00,38.32,9.65,9.70")
    with pytest.raises(ValueError, match=r"gauge_id must be jiseiji .* got \['other'\]"):
        source.read([Gauge("other", "", "", lon=0.0, lat=0.0)], at(0, 0), at(1, 0))


SCRAPE = "t,wl,status,dam_wl,inflow,outflow,rain1h,cum,keys,tt\n"


def test_snapshots_go_to_their_observation_time_and_an_unknown_state_is_missing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        SCRAPE
        + '2023-07-01T09:10:00+09:00,2.83,正常,36.7,5,6,1,2.0,"a,b",2023-07-01 09:10:00+09:00\n'
        '2023-07-01T09:30:00+09:00,0.0,不明,0.0,0.0,0.0,0.0,0.0,"a,b",2023-07-01 09:30:00+09:00\n'
        '2023-07-01T09:22:53.136659,3.8,正常,36.7,7,,30,0.0,"a",\n'  # the reader's clock: no time
    )
    seen = KotogawaScrape(path).read([GAUGE], at(0, 10), at(0, 30))
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [2.83, np.nan, np.nan])
    assert seen["rain_flag"].values[:, 0].tolist() == [MISSING] * 3


def test_a_snapshot_between_two_steps_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(SCRAPE + "x,2.83,正常,36.7,5,6,1,2.0,k,2023-07-01 09:13:00+09:00\n")
    with pytest.raises(ValueError, match=r"on whole steps .* 09:13:00\+09:00' \(row 2\)"):
        KotogawaScrape(path).read([GAUGE], at(0, 10), at(0, 30))


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "river" / "kotogawa_yamaguchi"


@pytest.mark.real_data
def test_the_flood_of_2023_peaked_at_7_47_m_on_1_july(folder: Path) -> None:
    seen = Kotogawa(folder).read(
        [GAUGE], datetime(2023, 5, 31, 15, 10, tzinfo=UTC), datetime(2023, 8, 1, 15, tzinfo=UTC)
    )
    level = seen["level_m"].sel(gauge="jiseiji").to_series()
    assert level.max() == 7.47
    assert level.idxmax() == pd.Timestamp("2023-06-30T19:30")  # 2023-07-01 04:30 JST
    assert round((level - level.shift(6)).max(), 2) == 1.44  # +1.44 m in one hour
    assert level.isna().sum() == 4  # the four rows of 0.00


@pytest.mark.real_data
def test_rain_of_six_steps_is_the_running_hour_that_the_page_prints(folder: Path) -> None:
    seen = Kotogawa(folder).read(
        [GAUGE], datetime(2023, 6, 30, 12, tzinfo=UTC), datetime(2023, 6, 30, 20, tzinfo=UTC)
    )
    hour = seen["rain_mm"].sel(rain_gauge="kotogawa-dam").to_series().rolling(6).sum()
    assert hour["2023-06-30T15:30"] == 60.0  # 60分雨量 printed at 2023-07-01 00:30 JST
    assert hour["2023-06-30T16:00"] == 54.0


@pytest.mark.real_data
def test_the_flood_of_2024_peaked_at_5_86_m_in_the_raw_downloads(folder: Path) -> None:
    seen = Kotogawa(folder).read(
        [GAUGE], datetime(2024, 6, 24, 15, 10, tzinfo=UTC), datetime(2024, 7, 2, 15, tzinfo=UTC)
    )
    assert seen["level_m"].max() == 5.86


@pytest.mark.real_data
def test_the_snapshots_of_2025_have_long_outages(folder: Path) -> None:
    path = next((folder / "scrape").glob("*.csv"))
    seen = KotogawaScrape(path).read(
        [GAUGE], datetime(2025, 6, 22, tzinfo=UTC), datetime(2025, 8, 11, tzinfo=UTC)
    )
    assert 0.6 < seen["level_m"].isnull().mean() < 0.8
    assert seen["level_m"].max() == 3.17  # 3.80 m of the first trials is not an observation
