"""Rain forecasts as they came and when: one small Parquet file an issue, nothing is overwritten.

Kept for good: models that learn on simulated forecasts (模擬) now can one day learn on these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from forecasting.rain_periods import RainPeriods
from forecasting.types import aware, utc64
from kawamori.archive import write_whole
from kawamori.damaged import read_whole

AMOUNTS = ("rain_mm", "low_mm", "high_mm")
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class RainStore:
    """The folder of one feed."""

    folder: Path

    def keep(self, told: Sequence[RainPeriods], *, received_at: datetime) -> None:
        """Keep issues; the same one again at the same time changes nothing."""
        day = self.folder / f"{received_at:%Y-%m-%d}"
        day.mkdir(parents=True, exist_ok=True)
        for one in told:
            body = pa.BufferOutputStream()
            pq.write_table(_table(one), body)
            content = body.getvalue().to_pybytes()
            name = f"{received_at:{STAMP}}-{hashlib.sha256(content).hexdigest()[:12]}.parquet"
            write_whole(day / name, content)

    def known(self, *, known_at: datetime, since: datetime) -> list[RainPeriods]:
        """Give what was received by `known_at` and issued since, the newest issue first.

        Files of one model and time of issue are put together; what came last is told first.
        """
        first = f"{since - timedelta(days=1):%Y-%m-%d}"  # clocks may differ
        stamp = f"{known_at:{STAMP}}~"

        def paths() -> list[Path]:
            found = (path for path in self.folder.glob("????-??-??/*.parquet")
                     if path.parent.name >= first and path.name <= stamp)  # fmt: skip
            return sorted(found, key=lambda path: path.name, reverse=True)

        whole = read_whole(paths, lambda files: list(map(_read, files)))
        told = [one for one in whole if since <= one.issued_at <= known_at]
        told.sort(key=_issue, reverse=True)  # stable: the last received of an issue stays first
        return [_joined(list(same)) for _, same in groupby(told, key=_issue)]


def rain_folder(home: Path, city_id: str, feed: str) -> Path:
    """Give the folder of a feed's rain forecasts."""
    return home / "rain" / city_id / feed


def _issue(told: RainPeriods) -> tuple[datetime, str]:
    return told.issued_at, told.source


def _joined(same: Sequence[RainPeriods]) -> RainPeriods:
    """Give the periods of files of one issue as one, each period once."""
    names = tuple(dict.fromkeys(name for one in same for name in one.rain_gauges))
    rows: dict[tuple[np.datetime64, np.datetime64], tuple[RainPeriods, int]] = {}
    for one in same:
        for row, span in enumerate(zip(one.start, one.end, strict=True)):
            rows.setdefault(span, (one, row))
    amounts = {amount: np.full((len(rows), len(names)), np.nan) for amount in AMOUNTS}
    for place, (one, row) in enumerate(rows.values()):
        columns = [names.index(name) for name in one.rain_gauges]
        for amount in AMOUNTS:
            amounts[amount][place, columns] = getattr(one, amount)[row]
    spans = np.array(list(rows), dtype="datetime64[ns]").reshape(-1, 2)
    return RainPeriods(
        same[0].source, same[0].issued_at, spans[:, 0], spans[:, 1], names, **amounts
    )


def _table(told: RainPeriods) -> pa.Table:
    count = len(told.rain_gauges)
    columns = {
        "start": np.repeat(told.start.astype("datetime64[ms]"), count),
        "end": np.repeat(told.end.astype("datetime64[ms]"), count),
        "rain_gauge_id": np.tile(np.array(told.rain_gauges, dtype=object), len(told.start)),
    } | {amount: getattr(told, amount).ravel() for amount in AMOUNTS}
    facts = {"source": told.source, "issued_at": str(utc64(told.issued_at))}
    return pa.table(columns).replace_schema_metadata(facts)


def _read(path: Path) -> RainPeriods:
    table = pq.read_table(path)
    facts = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    names = tuple(dict.fromkeys(table["rain_gauge_id"].to_pylist()))
    shape = (-1, max(len(names), 1))
    start, end = (
        table[name].to_numpy().astype("datetime64[ns]").reshape(shape)[:, 0]
        for name in ("start", "end")
    )
    amounts = {amount: table[amount].to_numpy().reshape(shape) for amount in AMOUNTS}
    issued_at = aware(np.datetime64(facts["issued_at"]))
    return RainPeriods(facts["source"], issued_at, start, end, names, **amounts)
