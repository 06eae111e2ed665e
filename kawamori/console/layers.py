"""Map layers of stored runs as the console gives them: from the report, else made and kept."""

from __future__ import annotations

import gzip
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from kawamori.console.situation_records import Record
from kawamori.map_layers import (
    FACTS,
    Drawn,
    collection,
    packed,
    read_facts,
    read_map_data,
    stored_path,
)


def packed_layer(
    record: Record, name: str, at: datetime, *, geometry: bool = True, language: str = "ja"
) -> bytes:
    """Give `kawamori.map_layers.collection` as gzip, kept for as long as the record is.

    Read where the report has it, else made: at another time, or of a report of before.
    """
    key = (name, at, geometry, language)
    if key not in record.packed:
        stored = stored_path(record.folder, name, language)
        if geometry and at == record.run.issued_at and stored.is_file():
            record.packed[key] = stored.read_bytes()
        else:
            made = collection(drawn(record), name, at, geometry=geometry, language=language)
            record.packed[key] = packed(made)
    found: bytes = record.packed[key]
    return found


def layer(
    record: Record, name: str, at: datetime, *, geometry: bool = True, language: str = "ja"
) -> bytes:
    """Give `packed_layer` as GeoJSON text."""
    return gzip.decompress(packed_layer(record, name, at, geometry=geometry, language=language))


def drawn(record: Record) -> Drawn:
    """Give a stored run with the data of its map."""
    return Drawn(record.run, record.record, _map_data(record.folder, record.etag))


def map_facts(record: Record) -> dict[str, Any]:
    """Give what a map shows beside its layers, kept as long as the record is; empty without one."""
    if FACTS not in record.packed:
        record.packed[FACTS] = read_facts(record.folder)
    found: dict[str, Any] = record.packed[FACTS]
    return found


@lru_cache(maxsize=4)
def _map_data(folder: Path, _etag: str) -> dict[str, Any]:
    return read_map_data(folder)
