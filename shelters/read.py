"""Official shelter lists in the house form, whichever form they were published in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shelters import gsi, municipal
from shelters.merge import merge_places
from shelters.records import Record, frame_of, with_capacity
from shelters.types import Shelters

# `evacuation` takes everyone, `welfare` only people who need care; both are 指定避難所.
KIND_WORDS = {
    "emergency": "指定緊急避難場所",
    "evacuation": "指定避難所",
    "welfare": "要配慮者だけの指定避難所",
}


def read_shelters(
    paths: Path | Sequence[Path], *, city: str | None = None, assumed_capacity: int | None = None
) -> Shelters:
    """Read one or more lists and merge 指定緊急避難場所 with 指定避難所 into one record each.

    Parameters
    ----------
    paths
        GSI lists (CSV, GeoJSON, short-key JSON) or a 自治体標準オープンデータセット CSV, in any
        mix; the form is told from the content.
    city
        Keeps the rows of one municipality of a GSI list, by name ("いわき市").
    assumed_capacity
        People for every place whose list gives neither capacity nor area; its
        `capacity_source` is then "assumed". None leaves it <NA> and "unknown".

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file has other columns, or rows are not usable: the message names every one.
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    frame = frame_of([record for path in files for record in read_records(path, city=city)])
    emergency = frame["kinds"].map(lambda kinds: "emergency" in kinds).astype(bool)
    merged = merge_places(Shelters(frame[emergency]), Shelters(frame[~emergency]))
    return with_capacity(merged, assumed=assumed_capacity)


def read_list(path: Path, *, city: str | None = None) -> Shelters:
    """Read one list as published: nothing merged, no capacity but the listed ones.

    Errors are those of `read_shelters`.
    """
    return frame_of(read_records(path, city=city))


def summary(shelters: Shelters) -> str:
    """Give what a list holds, in lines for the desk."""
    kinds = {word: int(shelters["kinds"].map(lambda held, k=kind: k in held).sum())
             for kind, word in KIND_WORDS.items()}  # fmt: skip
    flood = int(shelters["hazard_ok"].map(lambda held: "flood" in held).sum())
    known = shelters["capacity"].dropna()
    return "\n".join(
        [
            f"{len(shelters)}か所: "
            + "、".join(f"{word} {count}" for word, count in kinds.items()),
            f"洪水に対応: {flood}か所",
            f"収容人数: 判明 {len(known)}か所 計{int(known.sum()):,}人、"
            f"不明 {len(shelters) - len(known)}か所 (0人とはみなさない)",
        ]
    )


def read_records(path: Path, *, city: str | None = None) -> list[Record]:
    """Read the rows of one list as text under house names, not yet merged or checked."""
    text = _text(path)
    if path.suffix.lower() in {".json", ".geojson"}:
        return _json_records(_document(text, path.name), path.name, city)
    rows = _rows(text, path.name)
    if "共通ID" in rows[0]:
        return gsi.table_records(rows, path.name, city=city)
    return municipal.table_records(rows, path.name)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV list under its own column names."""
    return _rows(_text(path), path.name)


def _rows(text: str, name: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    _check_rows(rows, name)
    return rows


def _json_records(document: Any, name: str, city: str | None) -> list[Record]:
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        return gsi.geojson_records(document, name, city=city)
    if isinstance(document, dict) and {"e", "s"} <= set(document):
        return gsi.short_records(document, name, city=city)
    keys = sorted(document) if isinstance(document, dict) else type(document).__name__
    raise ValueError(
        f"{name} must be GeoJSON (features) or a short-key list (e, s), got {keys}."
        " Fetch one of the GSI lists."
    )


def _document(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} must be JSON, got {error}. Fetch the list again.") from error


def _text(path: Path) -> str:
    """Decode UTF-8 with or without BOM, or CP932 as spreadsheets write it."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} must be a shelter list, but there is no such file.")
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path.name} must be UTF-8 or CP932 text. Save the list again as UTF-8.")


def _check_rows(rows: Sequence[dict[str | Any, Any]], name: str) -> None:
    if not rows:
        raise ValueError(
            f"{name} must have a header and at least one row, got none. Fetch the list again."
        )
    ragged = [
        f"row {number + 2}"
        for number, row in enumerate(rows)
        if None in row or None in row.values()
    ]
    if ragged:
        raise ValueError(
            f"{name} must have as many cells in each row as the header, got more or fewer in"
            f" {', '.join(ragged)}. Quote cells that hold a comma."
        )
