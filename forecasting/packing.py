"""A nested state as files: bytes that are the same for the same state, and read without pickle."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from forecasting.state import BoosterText, State

TREE, ARRAYS = "state.json", "arrays.npz"
BOOSTER = "boosters/{:05d}.txt"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
UNIX = 3  # the "made on" byte of a zip entry
# A leaf that is no JSON value is an object with one of these keys.
ARRAY_KEY, TEXT_KEY, FLOAT_KEY = "$array", "$text", "$float"


def pack(state: State) -> dict[str, bytes]:
    """Give the files of a state by name: its tree as JSON, its arrays, each booster's text.

    Raises
    ------
    ValueError
        If a value is of a kind that a state must not hold; the message names its place.
    """
    arrays: list[bytes] = []
    texts: list[str] = []
    tree = _folded(state, "state", arrays, texts)
    files = {BOOSTER.format(number): text.encode() for number, text in enumerate(texts)}
    return {TREE: _json(tree), ARRAYS: _zipped(arrays), **files}


def unpack(files: Mapping[str, bytes]) -> State:
    """Give the state of `pack`'s files."""
    tree = json.loads(files[TREE])
    with ZipFile(BytesIO(files[ARRAYS])) as folder:
        arrays = [
            np.lib.format.read_array(BytesIO(folder.read(name)), allow_pickle=False)
            for name in sorted(folder.namelist())
        ]
    texts = [files[name].decode() for name in sorted(files) if name.startswith("boosters/")]
    state: State = _unfolded(tree, arrays, texts)
    return state


def canonical_json(value: Any) -> bytes:
    """Give JSON of which there is one form only: sorted keys, no blanks, UTF-8, a final newline.

    NaN and infinity, which JSON lacks, are objects with the key `FLOAT_KEY`.

    Raises
    ------
    ValueError
        If a value is of a kind that JSON cannot hold; the message names its place.
    """
    return _json(_folded(value, "value", None, None))


def _json(tree: Any) -> bytes:
    text = json.dumps(
        tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return f"{text}\n".encode()


def _folded(value: Any, place: str, arrays: list[bytes] | None, texts: list[str] | None) -> Any:
    """Give a value as JSON can hold it; arrays and booster texts move to their lists, if any."""
    if texts is not None and isinstance(value, BoosterText):
        texts.append(str(value))
        return {TEXT_KEY: len(texts) - 1}
    if arrays is not None and isinstance(value, np.ndarray):
        arrays.append(_npy(value, place))
        return {ARRAY_KEY: len(arrays) - 1}
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str) or key.startswith("$")]
        if wrong:
            raise ValueError(f"keys of a state must be text without $, got {wrong} in {place}.")
        return {key: _folded(value[key], f"{place}.{key}", arrays, texts) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [
            _folded(one, f"{place}[{number}]", arrays, texts) for number, one in enumerate(value)
        ]
    if isinstance(value, float) and not math.isfinite(value):
        return {FLOAT_KEY: repr(float(value))}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise ValueError(
        "a state must hold numbers, text, None, lists, arrays and states, "
        f"got {type(value).__name__} at {place}. Give it as plain values."
    )


def _unfolded(value: Any, arrays: list[Any], texts: list[str]) -> Any:
    if isinstance(value, list):
        return [_unfolded(one, arrays, texts) for one in value]
    if not isinstance(value, dict):
        return value
    if ARRAY_KEY in value:
        return arrays[value[ARRAY_KEY]]
    if TEXT_KEY in value:
        return BoosterText(texts[value[TEXT_KEY]])
    if FLOAT_KEY in value:
        return float(value[FLOAT_KEY])
    return {key: _unfolded(one, arrays, texts) for key, one in value.items()}


def _npy(array: np.ndarray, place: str) -> bytes:
    if array.dtype.hasobject:
        raise ValueError(f"arrays of a state must hold numbers or text, got objects at {place}.")
    buffer = BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _zipped(arrays: list[bytes]) -> bytes:
    """Give an uncompressed .npz whose entries carry no time of their own."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as folder:
        for number, content in enumerate(arrays):
            entry = ZipInfo(f"{number:06d}.npy", EPOCH)
            entry.create_system = UNIX
            folder.writestr(entry, content)
    return buffer.getvalue()
