"""Parquet files that a power cut or a failing disk spoilt: put aside, so that the rest is read.

One of them would end every cycle for as long as the window reaches back. What it told is missing
then, as readings that never came; the file stays beside the others, and `kawamori doctor` names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

DAMAGED = ".damaged"  # put behind the name
TRIES = 3  # files of a past day may go into one while they are read

T = TypeVar("T")


def read_whole(files: Callable[[], Sequence[Path]], read: Callable[[Sequence[Path]], T]) -> T:
    """Give what `read` makes of `files`; those that no program can read are put aside.

    Raises
    ------
    OSError
        If files cannot be opened (rights), or go away again and again.
    """
    for _ in range(TRIES - 1):
        there = files()
        try:
            return read(there)
        except FileNotFoundError:
            continue  # joined into the file of its day meanwhile
        except (pa.ArrowException, OSError) as error:
            if not put_aside(there):
                raise error
    return read(files())


def put_aside(files: Sequence[Path]) -> list[Path]:
    """Rename every file that is no whole Parquet file; give their new names."""
    moved = []
    for file in files:
        try:
            pq.read_table(file)
        except (PermissionError, FileNotFoundError):
            continue
        except (pa.ArrowException, OSError):
            moved.append(file.replace(file.with_name(f"{file.name}{DAMAGED}")))
    return moved
