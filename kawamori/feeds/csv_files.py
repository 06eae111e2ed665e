"""Series as CSV: from an address, or in a folder into which somebody drops files."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from forecasting.sources.readings import readings_of
from forecasting.sources.table_readings import table_readings
from kawamori.feeds.fetch import LIMIT_BYTES, Page, fetch, remembered
from kawamori.feeds.types import Feed, FeedError, Polled, Polling

DONE, REFUSED = "done", "refused"
SETTLED_S = 5.0  # a file that was written to more recently may still be growing
FILES_MAX = 200  # of one poll; the others wait for the next

T = TypeVar("T")
Table = tuple[pd.DataFrame, tuple[str, ...]]  # readings, and what could not be read


def poll_table(feed: Feed, polling: Polling) -> Polled:
    """Read a CSV at an address; None of it if it has not changed."""
    headers = remembered(polling, feed.url)

    def read(page: Page) -> Table:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "feed.csv"
            path.write_bytes(page.whole_lines(feed.encoding))
            return _read(path, feed, polling)

    answer = fetch(polling, feed.url, read, headers=headers)
    if answer is None:
        return Polled(readings_of([]), {"validators": {feed.url: headers}})
    (readings, odd), page = answer
    return Polled(readings, {"validators": {feed.url: page.validators}}, faults=odd)


def poll_drop(feed: Feed, polling: Polling) -> Polled:
    """Read each CSV of a folder once; it goes to done/, or to refused/ with a .txt that says why.

    A file that is still being written is left for the next poll. Files move only after their
    readings are kept, so one that is read twice after a crash changes nothing.
    """

    def read(path: Path) -> Table:
        readings, odd = _read(path, feed, polling)
        return readings, tuple(f"{path.name}: {one}" for one in odd)

    tables, faults, settle = dropped(feed.folder, read, (".csv",), LIMIT_BYTES)
    frames = [readings for readings, _ in tables]
    odd = [one for _, told in tables for one in told]
    return Polled(
        pd.concat([readings_of([]), *frames]), faults=(*faults, *odd), settle=settle,
        said=f"{len(frames)} files",
    )  # fmt: skip


def dropped(
    folder: Path | None, read: Callable[[Path], T], endings: tuple[str, ...], limit_bytes: int
) -> tuple[list[T], tuple[str, ...], Callable[[], None]]:
    """Give what was read of the files of a folder, the faults, and what moves them away."""
    if folder is None or not folder.is_dir():
        raise FeedError("folder", f"{folder} must be a folder that {endings[0]} files go into")
    told, moves, faults = [], [], []
    for path in _settled(folder, endings):
        try:
            if path.stat().st_size > limit_bytes:
                raise ValueError(f"{path.name} must have at most {limit_bytes} bytes.")
            told.append(read(path))
            moves.append(partial(_move, path, folder / DONE))
        except OSError as error:  # it is gone, or may not be read: it stays where it is
            faults.append(f"{path.name}: {error}")
        except ValueError as error:
            faults.append(f"{path.name}: {error}")
            moves.append(partial(_move, path, folder / REFUSED, why=str(error)))

    def settle() -> None:
        for move in moves:
            move()

    return told, tuple(faults), settle


def _read(path: Path, feed: Feed, polling: Polling) -> Table:
    return table_readings(
        path, feed.columns, polling.kinds, time_column=feed.time_column,
        utc_offset_h=feed.utc_offset_h, encoding=feed.encoding, header_row=feed.header_row,
    )  # fmt: skip


def _settled(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """Give the files nobody writes to any more, oldest first so that corrections come last."""
    written = {}
    for path in folder.iterdir():
        try:
            if path.suffix.lower() in endings and path.is_file():
                written[path] = path.stat().st_mtime
        except FileNotFoundError:  # somebody took it away
            continue
    quiet = [path for path in written if not 0 <= time.time() - written[path] < SETTLED_S]
    return sorted(quiet, key=lambda path: (written[path], path.name))[:FILES_MAX]


def _move(path: Path, folder: Path, *, why: str = "") -> None:
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    if why:
        target.with_name(f"{target.name}.txt").write_text(f"{why}\n", encoding="utf-8")
    path.replace(target)
