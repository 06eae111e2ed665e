"""Flood logs: two ways to write a date, full-width spaces, positions in degrees and minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.mlit_log import MlitLog, position_of, read_siteinfo
from forecasting.types import MISSING, Gauge

START, END = datetime(2016, 7, 31, 16, tzinfo=UTC), datetime(2016, 7, 31, 18, tzinfo=UTC)
GAUGE = Gauge("s1", "試験", "川", lon=0.0, lat=0.0)
SITES = (
    "site_id,site_name,coordinate,river_name,sub_river_name,address\n"
    "s1,札内（さつない）,北緯 42度55分33秒 東経 143度13分44秒,十勝川,札内川,帯広市\n"
)


def log(folder: Path, text: str) -> MlitLog:
    (folder / "water_level_log.csv").write_text(text, encoding="utf-8")
    return MlitLog(folder)


def test_both_date_forms_are_read_and_a_full_width_space_is_missing(tmp_path: Path) -> None:
    source = log(
        tmp_path, "datetime,s1\n2016/8/1 1:00,1.5\n2016/08/01 02:00,　\n2016/08/01 03:00,1.7\n"
    )
    seen = source.read([GAUGE], START, END)
    np.testing.assert_array_equal(seen["level_m"].values[:, 0], [1.5, np.nan, 1.7])
    assert seen["level_flag"].values[1, 0] == MISSING
    assert seen.sizes["rain_gauge"] == 0


def test_an_outlier_is_left_for_quality_to_find(tmp_path: Path) -> None:
    seen = log(tmp_path, "datetime,s1\n2016/8/1 1:00,300\n").read([GAUGE], START, START)
    assert seen["level_m"].item() == 300.0


def test_rain_gauges_that_the_log_lacks_are_missing(tmp_path: Path) -> None:
    gauge = Gauge("s1", "", "", lon=0.0, lat=0.0, rain_gauges=("r1",))
    seen = log(tmp_path, "datetime,s1\n2016/8/1 1:00,1\n").read([gauge], START, END)
    assert seen["rain_flag"].values[:, 0].tolist() == [MISSING] * 3


def test_dams_come_with_inflow_and_release(tmp_path: Path) -> None:
    (tmp_path / "dam_log.csv").write_text(
        "datetime,d00_input,d00_stocked_amount,d00_output\n2016/8/1 1:00,10.29,17235,13.42\n"
    )
    seen = log(tmp_path, "datetime,s1\n2016/8/1 1:00,1\n").read([GAUGE], START, START)
    assert seen["dam_inflow_m3s"].sel(dam="d00").item() == 10.29
    assert seen["dam_release_m3s"].sel(dam="d00").item() == 13.42


def test_a_gauge_without_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing \['s1'\], got \['datetime', 's2'\]"):
        log(tmp_path, "datetime,s2\n2016/8/1 1:00,1\n").read([GAUGE], START, END)


def test_sites_become_gauges_with_position_and_without_kana(tmp_path: Path) -> None:
    (tmp_path / "siteinfo.csv").write_text(SITES, encoding="utf-8")
    (gauge,) = read_siteinfo(tmp_path / "siteinfo.csv")
    assert (gauge.gauge_id, gauge.name, gauge.river) == ("s1", "札内", "札内川")
    # 143 + 13/60 + 44/3600 and 42 + 55/60 + 33/3600
    assert (round(gauge.lon, 6), round(gauge.lat, 6)) == (143.228889, 42.925833)
    assert gauge.thresholds.items() == []


def test_a_position_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "siteinfo.csv").write_text(SITES.replace("北緯 42度", "42度"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"coordinate must be like 北緯 .* \(row 2\)"):
        read_siteinfo(tmp_path / "siteinfo.csv")
    assert np.isnan(position_of("")).all()


@pytest.mark.real_data
def test_tokachi_misses_15_percent_and_oita_7(real_data: Path) -> None:
    for folder, first, last, share in (
        ("tokachi_2016", datetime(2016, 7, 31, 16), datetime(2016, 9, 22, 1), 0.154),  # noqa: DTZ001
        ("oita_2017", datetime(2017, 6, 30, 16), datetime(2017, 7, 5, 22), 0.072),  # noqa: DTZ001
    ):
        where = real_data / "river" / folder
        gauges = read_siteinfo(where / "siteinfo.csv")
        seen = MlitLog(where).read(gauges, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))
        assert round(float(seen["level_m"].isnull().mean()), 3) == share
