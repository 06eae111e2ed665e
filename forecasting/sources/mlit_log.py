"""Wide hourly logs of 水文水質データベース stations: one CSV per river system and event.

`water_level_log.csv` (datetime, one column per station) in Japanese time, the value at the hour; a
blank or a full-width space is missing. `dam_log.csv` (dNN_input, dNN_output, dNN_stocked_amount) is
optional. `siteinfo.csv` says where each station is.

A reading is above the station's own zero. Where a station's zero is T.P. (十勝川: readings like
345.1 m) it is an elevation, which differences do not mind and thresholds of another zero would.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from forecasting.sources.grid import HOUR, Credit, absent, fixed_grid, on_grid, rain_gauges_of
from forecasting.sources.rows import numbers, raise_faults, read_rows, utc_times
from forecasting.types import Gauge, Observations

DAM_COLUMNS = {"dam_inflow_m3s": "input", "dam_release_m3s": "output"}  # after "dNN_"
SITE_COLUMNS = {"gauge_id": "site_id", "name": "site_name", "river": "sub_river_name"}
POSITION = re.compile(r"北緯\s*(\d+)度(\d+)分(\d+)秒\s*東経\s*(\d+)度(\d+)分(\d+)秒")
CREDIT = Credit(
    title="Hourly water level of a river system through a flood",
    source="国土交通省 水文水質データベース, compiled as a flood log",
    credit="国土交通省; compilation CC BY-SA 2.0",
    comment="level_m is above each station's own zero, which is T.P. for some stations",
)


@dataclass(frozen=True)
class MlitLog:
    """The folder of one event's logs."""

    folder: Path

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give hourly levels and dam flows, `start` to `end` included; rain is all missing.

        Raises
        ------
        FileNotFoundError
            If `water_level_log.csv` is missing.
        ValueError
            If a gauge has no column, or a time or number cannot be read.
        """
        grid = fixed_grid(start, end, HOUR)
        path = self.folder / "water_level_log.csv"
        level = _log(path, [gauge.gauge_id for gauge in gauges])
        rain = absent(rain_gauges_of(gauges))
        return on_grid(grid, level, rain, CREDIT, dams=self._dams())

    def _dams(self) -> dict[str, pd.DataFrame]:
        path = self.folder / "dam_log.csv"
        if not path.exists():
            return {}
        names = [str(name) for name in read_rows(path, ("datetime",)).columns]
        dams = sorted({name.split("_")[0] for name in names if re.match(r"d\d+_", name)})
        flows = {
            house: _log(path, [f"{dam}_{foreign}" for dam in dams])
            for house, foreign in DAM_COLUMNS.items()
        }
        return {house: flow.set_axis(dams, axis=1) for house, flow in flows.items()}


def read_siteinfo(path: Path) -> tuple[Gauge, ...]:
    """Give the stations of `siteinfo.csv` as gauges without thresholds; the file's order.

    Raises
    ------
    ValueError
        If a position is not like 北緯 43度19分22秒 東経 142度56分36秒; all such rows are named.
    """
    rows = read_rows(path, ("coordinate", *SITE_COLUMNS.values()))
    positions = [position_of(str(text)) for text in rows["coordinate"]]
    unknown = [math.isnan(lon) for lon, _ in positions]
    raise_faults(
        f"{path.name}: coordinate must be like 北緯 43度19分22秒 東経 142度56分36秒",
        rows["coordinate"][unknown],
    )
    return tuple(
        Gauge(
            gauge_id=str(site[SITE_COLUMNS["gauge_id"]]),
            name=re.sub(r"（.*）$", "", str(site[SITE_COLUMNS["name"]])),  # its reading in kana
            river=str(site[SITE_COLUMNS["river"]]),
            lon=lon,
            lat=lat,
        )
        for site, (lon, lat) in zip(rows.to_dict("records"), positions, strict=True)
    )


def position_of(text: str) -> tuple[float, float]:
    """Give (lon, lat) in degrees of 北緯 d度m分s秒 東経 d度m分s秒; (nan, nan) if it is not one.

    >>> position_of("北緯 43度30分00秒 東経 142度15分36秒")
    (142.26, 43.5)
    """
    found = POSITION.fullmatch(text.strip())
    if not found:
        return math.nan, math.nan
    d_lat, m_lat, s_lat, d_lon, m_lon, s_lon = (int(part) for part in found.groups())
    return d_lon + m_lon / 60 + s_lon / 3600, d_lat + m_lat / 60 + s_lat / 3600


def _log(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    rows = read_rows(path, ("datetime", *columns))
    times = utc_times(rows["datetime"], path)
    frame = pd.DataFrame({name: numbers(rows[name], path) for name in columns}, index=times)
    return frame.groupby(level=0).last()
