"""厚東川 (Koto, Yamaguchi): stage at 持世寺 and the dam above it, every 10 minutes.

Three forms: the merged CSV (`統合データ…csv`, UTF-8 with BOM), the prefecture's own downloads
(`water-level_…csv`, `dam_…csv`, Shift-JIS, a block of lines before the header, a full-width space
before each time, 24:00 at midnight) and snapshots of the public page (`KotogawaScrape`).

Missing: a level, storage level or inflow of 0.00 was not measured; where the storage level is
0.00 or blank the whole dam row was not measured, rain and release included. An inflow of 0.00
beside a release is a negative balance that the page cannot show: also missing.

Rain: 60分雨量 is a running 60-minute sum printed every 10 minutes, so adding it up counts rain six
times. `rain_mm` is the difference of 累加雨量 between two stamps 10 minutes apart. 累加雨量 returns
to 0 after some dry hours: where it falls, the rain is what it shows since. Within a gap the rain is
NaN; the first step after a gap of up to an hour is 0 if the sum is as before, and NaN if it rose,
because nobody knows in which 10 minutes. Nothing is filled from later readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from forecasting.sources.grid import TEN_MINUTES, Credit, fixed_grid, on_grid, rain_gauges_of
from forecasting.sources.rows import check_step, numbers, read_rows, utc_times
from forecasting.types import Gauge, Observations

STATION, DAM = "jiseiji", "kotogawa-dam"  # 持世寺; 厚東川ダム, where the rain is measured too
LEVEL = {"level_m": "水位"}
DAM_ROW = {
    "rain_sum_mm": "累加雨量",
    "storage_m": "貯水位",
    "dam_inflow_m3s": "流入量",
    "dam_release_m3s": "全放流量",
}
DOWNLOADS = (  # file name, columns, the place that the block before the header must name
    ("water-level_*.csv", LEVEL, "持世寺"),
    ("dam_*.csv", DAM_ROW, "厚東川ダム"),
)
MERGED = {"level_m": "水位_水位"} | {name: f"ダム_{column}" for name, column in DAM_ROW.items()}
SCRAPE = {
    "level_m": "wl",
    "rain_sum_mm": "cum",
    "storage_m": "dam_wl",
    "dam_inflow_m3s": "inflow",
    "dam_release_m3s": "outflow",
}
DAM_VALUES = ("rain_sum_mm", "dam_inflow_m3s", "dam_release_m3s")
GAP_STEPS = 6  # an hour: 累加雨量 returns to 0 only after more dry hours than that
CREDIT = Credit(
    title="厚東川 持世寺 water level, 厚東川ダム rain, inflow and release, 10 min",
    source="山口県土木防災情報システム",
    credit="山口県",
    comment="rain_mm is derived from differences of the cumulative rain",
)


@dataclass(frozen=True)
class Kotogawa:
    """The folder of the merged CSV and the prefecture's downloads; either may be absent."""

    folder: Path

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give level, rain and dam flows every 10 min, `start` to `end` included.

        Raises
        ------
        FileNotFoundError
            If the folder holds none of the files.
        ValueError
            If a gauge is not 持世寺 (`jiseiji`), or a file has a wrong column, time or number.
        """
        frames = [_merged(path) for path in sorted(self.folder.glob("統合*.csv"))]
        frames += [
            _download(path, columns, place)
            for pattern, columns, place in DOWNLOADS
            for path in sorted(self.folder.glob(pattern))
        ]
        if not frames:
            raise FileNotFoundError(
                f"{self.folder} must hold 統合*.csv, water-level_*.csv or dam_*.csv, found none. "
                "Check the folder (KAWAMORI_DATA)."
            )
        whole = frames[0]
        for frame in frames[1:]:
            whole = whole.combine_first(frame)
        return _observations(whole, gauges, start, end)


@dataclass(frozen=True)
class KotogawaScrape:
    """The CSV of snapshots of the public page: irregular, with outages of hours.

    Only rows with the observation's own time (`tt`) count; the others carry the clock of the
    machine that looked, and first trials of the reading program.
    """

    path: Path

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give what the snapshots saw on the 10-min grid, `start` to `end` included.

        Raises
        ------
        FileNotFoundError, ValueError
            As `Kotogawa.read`; also if an observation's time is not a whole 10 minutes.
        """
        rows = read_rows(self.path, ("tt", *SCRAPE.values()))
        rows = rows[rows["tt"].str.strip() != ""]
        times = utc_times(rows["tt"], self.path)
        check_step(times, rows["tt"], self.path, TEN_MINUTES)
        frame = _frame(rows, SCRAPE, times, self.path)
        return _observations(frame, gauges, start, end)


def _merged(path: Path) -> pd.DataFrame:
    rows = read_rows(path, ("時刻", *MERGED.values()))
    return _frame(rows, MERGED, utc_times(rows["時刻"], path), path)


def _download(path: Path, columns: Mapping[str, str], place: str) -> pd.DataFrame:
    header = _header_row(path, place)
    rows = read_rows(path, ("観測時刻", *columns.values()), encoding="cp932", header_row=header)
    return _frame(rows, columns, utc_times(rows["観測時刻"], path), path)


def _header_row(path: Path, place: str) -> int:
    """Give the row number of the header below the block that says place and period."""
    try:
        lines = path.read_text(encoding="cp932").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be Shift-JIS text, got {error}.") from error
    headers = [row for row, line in enumerate(lines, start=1) if line.startswith("観測時刻")]
    if not headers:
        raise ValueError(
            f"{path.name} must have a header row that begins with 観測時刻, got none in "
            f"{len(lines)} rows. Download the file again."
        )
    block = lines[: headers[0] - 1]
    if not any(place in line.split(",") for line in block):
        raise ValueError(f"{path.name} must be of {place}, got {block}. Take the file away.")
    return headers[0]


def _frame(
    rows: pd.DataFrame, columns: Mapping[str, str], times: pd.DatetimeIndex, path: Path
) -> pd.DataFrame:
    """Give house columns by UTC time with the zeros that mean missing taken out."""
    frame = pd.DataFrame(
        {name: numbers(rows[column], path) for name, column in columns.items()}, index=times
    )
    for name in ("level_m", "storage_m", "dam_inflow_m3s"):
        if name in frame:
            frame[name] = frame[name].where(frame[name] != 0)
    if "storage_m" in frame:
        for name in DAM_VALUES:
            frame[name] = frame[name].where(frame["storage_m"].notna())
    return frame.groupby(level=0).last()


def rain_of_sum(rain_sum_mm: pd.Series) -> pd.Series:
    """Give the rain of each step from a cumulative sum on a fixed grid. [mm per step]

    A fall of the sum is its return to 0: the rain is what it shows since.
    """
    step = rain_sum_mm.diff()
    step = step.where(step.isna() | (step >= 0), rain_sum_mm)
    before = rain_sum_mm.shift(1).ffill(limit=GAP_STEPS)
    return step.mask(step.isna() & (before == rain_sum_mm), 0.0)


def _observations(
    frame: pd.DataFrame, gauges: Sequence[Gauge], start: datetime, end: datetime
) -> Observations:
    grid = fixed_grid(start, end, TEN_MINUTES)
    _check_known([gauge.gauge_id for gauge in gauges], STATION, "gauge_id")
    _check_known(rain_gauges_of(gauges), DAM, "rain gauge")
    frame = frame.asfreq("10min").reindex(columns=list(MERGED))
    rain = rain_of_sum(frame["rain_sum_mm"]).to_frame(DAM)
    return on_grid(
        grid,
        frame["level_m"].to_frame(STATION)[[gauge.gauge_id for gauge in gauges]],
        rain[list(rain_gauges_of(gauges))],
        CREDIT,
        dams={name: frame[name].to_frame(DAM) for name in DAM_VALUES[1:]},
    )


def _check_known(ids: Sequence[str], known: str, what: str) -> None:
    unknown = sorted(set(ids) - {known})
    if unknown:
        raise ValueError(f"{what} must be {known} for 厚東川, got {unknown}. Correct the gauge.")
