"""What every feed keeps, whatever its form; a new feed adds its sample here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources import SOURCES
from forecasting.types import MISSING, Gauge, Observations, aware, step_of

START = datetime(2023, 7, 1, 0, tzinfo=UTC)  # 09:00 in Japan and Korea
END = START + timedelta(hours=2)
NAMES = sorted(SOURCES)


def kwater(folder: Path) -> Path:
    (folder / "wl_jiseiji_a.csv").write_text("ymdh,wl\n2023070109,1.5\n2023070111,1.7\n")
    (folder / "rf_kotogawa-dam_a.csv").write_text("ymdh,rf\n2023070110,2\n")
    return folder


def kotogawa(folder: Path) -> Path:
    (folder / "統合.csv").write_text(
        "時刻,水位_水位,ダム_累加雨量,ダム_貯水位,ダム_流入量,ダム_全放流量\n"
        "2023/07/01 09:00,1.5,0,37,5,5\n2023/07/01 11:00,1.7,2,37,5,5\n",
        encoding="utf-8-sig",
    )
    return folder


def scrape(folder: Path) -> Path:
    (folder / "s.csv").write_text(
        "wl,cum,dam_wl,inflow,outflow,tt\n1.5,0,37,5,5,2023-07-01 09:00:00+09:00\n"
    )
    return folder / "s.csv"


def mlit_log(folder: Path) -> Path:
    (folder / "water_level_log.csv").write_text("datetime,jiseiji\n2023/7/1 9:00,1.5\n")
    return folder


def amedas(folder: Path) -> Path:
    (folder / "a.csv").write_text(
        "hour_jst,amdno,precipitation1h,precipitation24h\n2023-07-01 10:00:00,kotogawa-dam,2,2\n"
    )
    return folder / "a.csv"


def table(folder: Path) -> Path:
    (folder / "t.csv").write_text("time,jiseiji,kotogawa-dam\n2023-07-01 09:00,1.5,0\n")
    return folder / "t.csv"


def crisis(folder: Path) -> Path:
    item = '{"code": "jiseiji", "obsTime": "2023-07-01T09:00:00+09:00", "level": 1.5}'
    (folder / "c.json").write_text(f'{{"items": [{item}]}}')
    return folder / "c.json"


SAMPLES: dict[str, Callable[[Path], Path]] = {
    "amedas": amedas,
    "crisis": crisis,
    "kotogawa": kotogawa,
    "kotogawa-scrape": scrape,
    "kwater": kwater,
    "mlit-log": mlit_log,
    "table": table,
}
GAUGE = Gauge("jiseiji", "持世寺", "厚東川", lon=0.0, lat=0.0, rain_gauges=("kotogawa-dam",))


@pytest.fixture(params=NAMES)
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> Observations:
    return SOURCES[request.param](SAMPLES[request.param](tmp_path)).read([GAUGE], START, END)


def test_every_feed_has_a_sample() -> None:
    assert sorted(SAMPLES) == NAMES


def test_both_ends_are_there_on_a_fixed_step(seen: Observations) -> None:
    times = seen["time"].values
    assert (aware(times[0]), aware(times[-1])) == (START, END)
    assert step_of(seen) in (np.timedelta64(10, "m"), np.timedelta64(1, "h"))


def test_the_gauges_and_rain_gauges_asked_for_are_the_ones_that_come(seen: Observations) -> None:
    assert seen["gauge"].values.tolist() == ["jiseiji"]
    assert seen["rain_gauge"].values.tolist() == ["kotogawa-dam"]


def test_nan_and_only_nan_is_flagged_missing(seen: Observations) -> None:
    for values, flags in (("level_m", "level_flag"), ("rain_mm", "rain_flag")):
        np.testing.assert_array_equal(seen[flags].values == MISSING, np.isnan(seen[values].values))


def test_title_source_and_credit_are_said(seen: Observations) -> None:
    assert {"title", "source", "credit"} <= set(seen.attrs)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_read_before_it_is_asked_for_and_nothing_found_is_an_error(
    name: str, tmp_path: Path
) -> None:
    source = SOURCES[name](tmp_path / "not-there")
    with pytest.raises(FileNotFoundError, match="not-there"):
        source.read([GAUGE], START, END)


@pytest.mark.parametrize("name", NAMES)
def test_an_end_before_the_start_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="start to end must hold"):
        SOURCES[name](SAMPLES[name](tmp_path)).read([GAUGE], END, START)
