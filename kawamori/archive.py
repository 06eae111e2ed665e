"""The archive of readings: every report as it came and when, so that any time can be told again.

One small Parquet file per append below a folder per day of receipt; nothing is overwritten. A
window is what was known at a time: of several reports of one station and time the newest received
by then counts, so a corrected reading takes effect when it came and no earlier. A file appears
whole or not at all; `compact` makes one file of a past day.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from forecasting.sources.grid import Credit, fixed_grid, on_grid, rain_gauges_of
from forecasting.types import Gauge, Observations, utc64
from kawamori.damaged import put_aside, read_whole

KINDS = ("level_m", "rain_mm")
STAMP = pa.timestamp("ms")  # UTC
SCHEMA = pa.schema(
    {
        "kind": pa.dictionary(pa.int32(), pa.string()),
        "station_id": pa.dictionary(pa.int32(), pa.string()),
        "at": STAMP,
        "value": pa.float64(),
        "received_at": STAMP,
    }
)
DAY = timedelta(days=1)
CREDIT = Credit("Readings of a desk's feeds", "archive", "")


@dataclass(frozen=True)
class Archive:
    """The folder of one city's readings."""

    folder: Path

    def append(self, readings: pd.DataFrame, *, received_at: datetime) -> int:
        """Keep readings; give how many. The same ones again at the same time change nothing.

        Parameters
        ----------
        readings
            Columns kind (`level_m` or `rain_mm`), station_id, at (aware), value [m above gauge
            zero, or mm of the step that ends at `at`]; NaN = reported as missing.

        Raises
        ------
        ValueError
            If a column is missing, a kind unknown, a time naive or later than `received_at`.
        """
        _check(readings, received_at)
        if readings.empty:
            return 0
        table = _table(readings, received_at)
        body = pa.BufferOutputStream()
        pq.write_table(table, body)
        content = body.getvalue().to_pybytes()
        at = pd.Timestamp(utc64(received_at))
        day = self.folder / f"{at:%Y-%m-%d}"
        day.mkdir(parents=True, exist_ok=True)
        name = f"{at:%H%M%S}-{hashlib.sha256(content).hexdigest()[:12]}.parquet"
        write_whole(day / name, content)
        return len(readings)

    def window(
        self,
        gauges: Sequence[Gauge],
        *,
        start: datetime,
        end: datetime,
        step: timedelta,
        rain_step: timedelta | None = None,
        known_at: datetime | None = None,
        to_the_end: bool = False,
    ) -> Observations:
        """Give the series of gauges and their rain gauges, `start` to `end` included.

        Parameters
        ----------
        step
            Of the series. A level between two steps stands at the later one, the newest counts.
        rain_step
            Of the rain reports, None = `step`. Rain of a step is missing unless all came.
        known_at
            Reports received later are left out; None = all.
        to_the_end
            Steps end at `end` itself, not at whole steps: an hourly series then reaches to now.
        """
        grid = fixed_grid(start, end, pd.Timedelta(step))
        if to_the_end:
            grid = grid + (pd.Timestamp(utc64(end)) - grid[-1])
        levels = [gauge.gauge_id for gauge in gauges]
        rains = list(rain_gauges_of(gauges))
        rows = self._rows(grid, step, known_at)
        each = step if rain_step is None else rain_step
        needed = round(step / each)
        level, _ = _placed(rows, "level_m", levels, grid, total=False)
        rain, count = _placed(rows, "rain_mm", rains, grid, total=True)
        rain = np.where(count == needed, rain, np.nan)
        frames = (pd.DataFrame(level, grid, levels), pd.DataFrame(rain, grid, rains))
        return on_grid(grid, *frames, CREDIT)

    def unknown(self, readings: pd.DataFrame) -> pd.DataFrame:
        """Give the readings that tell something new: not yet here, or with another value.

        Feeds repeat what they told; a repetition is not kept again, a correction is.
        """
        if readings.empty or not self.folder.is_dir():
            return readings
        at = pd.DatetimeIndex(pd.to_datetime(readings["at"], utc=True)).tz_localize(None)
        rows = self._between(at.min(), at.max())
        if not len(rows):
            return readings
        keys = ["kind", "station_id", "at"]
        held = rows.select([*keys, "value"]).to_pandas()
        held[keys[:2]] = held[keys[:2]].astype(str)
        held = held.drop_duplicates(keys, keep="last").set_index(keys)["value"]
        told: list[Any] = [*(readings[key].astype(str) for key in keys[:2]), at.as_unit("ms")]
        wanted = pd.MultiIndex.from_arrays(told, names=keys)
        position = held.index.get_indexer(wanted)
        before = np.where(position >= 0, held.to_numpy()[position], np.nan)
        value = readings["value"].to_numpy(dtype="float64")
        same = (before == value) | (np.isnan(before) & np.isnan(value))
        return pd.DataFrame(readings[~((position >= 0) & same)])

    def compact(self, before: datetime) -> int:
        """Make one file of each day of receipt before that of `before`; give how many files went.

        Every report stays.
        """
        last, gone = f"{pd.Timestamp(utc64(before)):%Y-%m-%d}", 0
        for day in sorted(path for path in self.folder.glob("????-??-??") if path.name < last):
            files = sorted(day.glob("*.parquet"))
            if len(files) < 2:
                continue
            if put_aside(files) and not (files := sorted(day.glob("*.parquet"))):
                continue
            body = pa.BufferOutputStream()
            pq.write_table(ds.dataset(files, schema=SCHEMA).to_table().unify_dictionaries(), body)
            write_whole(day / "day.parquet", body.getvalue().to_pybytes())
            for file in files:
                if file.name != "day.parquet":
                    file.unlink()
                    gone += 1
        return gone

    def _rows(self, grid: pd.DatetimeIndex, step: timedelta, known_at: datetime | None) -> pa.Table:
        """Give the reports of the window known at `known_at`, oldest received first."""
        after = pd.Timestamp(grid[0].to_datetime64() - np.timedelta64(step))
        return self._between(after, grid[-1], known_at=known_at, open_start=True)

    def _between(
        self,
        start: pd.Timestamp,
        end: pd.Timestamp,
        *,
        known_at: datetime | None = None,
        open_start: bool = False,
    ) -> pa.Table:
        """Give the reports of a time known at `known_at`, oldest received first."""
        first = f"{start - DAY:%Y-%m-%d}"  # a station's clock may run ahead
        since = pc.field("at") > _stamp(start) if open_start else pc.field("at") >= _stamp(start)
        inside = since & (pc.field("at") <= _stamp(end))
        if known_at is not None:
            inside &= pc.field("received_at") <= _stamp(utc64(known_at))

        def files() -> list[Path]:
            found = self.folder.glob("????-??-??/*.parquet")
            return sorted(file for file in found if file.parent.name >= first)

        def read(files: Sequence[Path]) -> pa.Table:
            if not files:
                return SCHEMA.empty_table()
            return ds.dataset(files, schema=SCHEMA).to_table(filter=inside).unify_dictionaries()

        return read_whole(files, read).sort_by("received_at")


def _placed(
    table: pa.Table, kind: str, names: Sequence[str], grid: pd.DatetimeIndex, *, total: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Give the values (time, name) and how many reports are in each; NaN where none is.

    With `total` the values of a step add up, else the one of the latest time counts.
    """
    values = np.full((len(grid), len(names)), np.nan)
    count = np.zeros(values.shape, dtype="int64")
    some = table.filter(pc.equal(table["kind"].cast(pa.string()), kind)) if len(table) else table
    if not len(some) or not names:
        return values, count
    station = some["station_id"].combine_chunks()
    known = pd.Index(names).get_indexer(pd.Index(station.dictionary.to_pylist()))
    column = known[station.indices.to_numpy()]
    at = some["at"].to_numpy().astype("datetime64[ns]")
    value = some["value"].to_numpy()
    # Of reports of one station and time the last received stays, then by time.
    frame = pd.DataFrame({"column": column, "at": at, "value": value})
    frame = frame[frame["column"] >= 0].drop_duplicates(["column", "at"], keep="last")
    frame = frame[frame["value"].notna()].sort_values("at", kind="stable")
    row = grid.searchsorted(frame["at"].to_numpy(), side="left")
    place = row, frame["column"].to_numpy()
    np.add.at(count, place, 1)
    if total:
        added = np.zeros(values.shape)
        np.add.at(added, place, frame["value"].to_numpy())
        return np.where(count > 0, added, np.nan), count
    values[place] = frame["value"].to_numpy()  # in order of time: the latest stays
    return values, count


def _table(readings: pd.DataFrame, received_at: datetime) -> pa.Table:
    at = pd.DatetimeIndex(pd.to_datetime(readings["at"], utc=True)).tz_localize(None)
    columns = {
        "kind": pa.array(readings["kind"].astype(str)).dictionary_encode(),
        "station_id": pa.array(readings["station_id"].astype(str)).dictionary_encode(),
        "at": pa.array(at.as_unit("ms").to_numpy(), STAMP),
        "value": pa.array(readings["value"].to_numpy(dtype="float64")),
        "received_at": pa.array([_stamp(utc64(received_at)).as_py()], STAMP).take(
            pa.array(np.zeros(len(readings), dtype="int64"))
        ),
    }
    return pa.table(columns, schema=SCHEMA)


def _check(readings: pd.DataFrame, received_at: datetime) -> None:
    missing = [name for name in ("kind", "station_id", "at", "value") if name not in readings]
    if missing:
        raise ValueError(f"readings must have columns {SCHEMA.names[:4]}, missing {missing}.")
    unknown = sorted(set(readings["kind"]) - set(KINDS))
    if unknown:
        raise ValueError(f"kind of a reading must be one of {KINDS}, got {unknown}.")
    if readings.empty:
        return
    at = pd.DatetimeIndex(readings["at"])
    if at.tz is None:
        raise ValueError("times of readings must be aware (with a zone). Say the feed's zone.")
    ahead = at > pd.Timestamp(received_at)
    if ahead.any():
        first = readings[ahead].iloc[0]
        raise ValueError(
            f"a reading must not be later than it was received ({received_at.isoformat()}), got "
            f"{first['at']} of {first['station_id']} and {int(ahead.sum()) - 1} more. "
            "Check the clocks of the feed and of this machine."
        )


def _stamp(moment: np.datetime64 | pd.Timestamp) -> pa.Scalar:
    return pa.scalar(np.datetime64(pd.Timestamp(moment), "ms"), STAMP)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, also when the power fails."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
