"""K-water hourly stage and rain of Korean basins: one file per station and half year.

`wl_<station>_<first>_<last>.csv` (ymdh, wl) [m above gauge zero] and `rf_...csv` (ymdh, rf) [mm in
the hour that ends then]. `ymdh` is Korean time (UTC+9), hours 01..24, 24 being the next day's 00.
An hour that was not measured has no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from forecasting.sources.grid import HOUR, Credit, fixed_grid, on_grid, rain_gauges_of
from forecasting.sources.rows import numbers, raise_faults, read_rows
from forecasting.types import Gauge, Observations

KST = pd.Timedelta(hours=9)
COLUMNS = {"level_m": "wl", "rain_mm": "rf"}  # house name: column, also the file name's prefix
CREDIT = Credit(
    title="K-water hourly water level and rain",
    source="K-water (Korea Water Resources Corporation) stage and rain gauges, hourly",
    credit="K-water",
)


@dataclass(frozen=True)
class KWater:
    """The folder of K-water half-year files."""

    folder: Path

    def read(self, gauges: Sequence[Gauge], start: datetime, end: datetime) -> Observations:
        """Give hourly level of `gauges` and rain of their rain gauges, `start` to `end` included.

        Raises
        ------
        FileNotFoundError
            If a station has no file.
        ValueError
            If a file has a wrong column, hour or number.
        """
        grid = fixed_grid(start, end, HOUR)
        level = self._stations([gauge.gauge_id for gauge in gauges], "level_m", grid)
        rain = self._stations(rain_gauges_of(gauges), "rain_mm", grid)
        return on_grid(grid, level, rain, CREDIT)

    def _stations(self, stations: Sequence[str], name: str, grid: pd.DatetimeIndex) -> pd.DataFrame:
        series = {station: self._station(station, COLUMNS[name]) for station in stations}
        return pd.DataFrame({key: one.reindex(grid) for key, one in series.items()}, index=grid)

    def _station(self, station: str, column: str) -> pd.Series:
        paths = sorted(self.folder.glob(f"{column}_{station}_*.csv"))
        if not paths:
            raise FileNotFoundError(
                f"{self.folder} must hold {column}_{station}_*.csv for station {station}, found "
                "none. Check the folder (KAWAMORI_DATA) and the station id."
            )
        whole: pd.Series = pd.concat([_read(path, column) for path in paths])
        return whole.groupby(level=0).last()


def _read(path: Path, column: str) -> pd.Series:
    rows = read_rows(path, ("ymdh", column))
    return pd.Series(numbers(rows[column], path), index=end_of_hour(rows["ymdh"], path))


def end_of_hour(ymdh: pd.Series, path: Path) -> pd.DatetimeIndex:
    """Give Korean `YYYYMMDDHH` with hours 01..24 as UTC; 2018123124 is 2018-12-31 15:00 UTC."""
    text = ymdh.str.strip()
    day = pd.to_datetime(text.str[:8], format="%Y%m%d", errors="coerce")
    hour = pd.to_numeric(text.str[8:], errors="coerce")
    bad = day.isna() | ~hour.between(1, 24) | (text.str.len() != 10)
    raise_faults(f"{path.name}: ymdh must be YYYYMMDDHH with hours 01 to 24", ymdh[bad])
    return pd.DatetimeIndex(day + pd.to_timedelta(hour, unit="h") - KST)
