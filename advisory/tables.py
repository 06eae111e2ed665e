"""Frozen values from parsed TOML tables, with every fault named at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import time
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def build(kind: type[T], raw: Any, where: str, faults: list[str]) -> T | None:
    """Give `kind` from a table; faults are added to `faults` and give None."""
    if not isinstance(raw, Mapping):
        faults.append(f"{where} must be a table, got {raw!r}")
        return None
    known = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    before = len(faults)
    faults += [
        f"unknown key {key!r} in {where} (known: {sorted(known)})"
        for key in sorted(set(raw) - set(known))
    ]
    faults += [
        f"{key!r} is missing in {where}"
        for key, default in known.items()
        if key not in raw and default is MISSING
    ]
    values = {
        key: _value(hints[key], raw[key], f"{where}.{key}", faults) for key in raw if key in known
    }
    faults += [
        f"{where}.{key} must be >= 0, got {value}"
        for key, value in values.items()
        if key.endswith(("_min", "_fraction")) and isinstance(value, float) and value < 0
    ]
    if len(faults) > before:
        return None
    try:
        return kind(**values)
    except ValueError as error:
        faults.append(f"{where}: {error}")
        return None


def _value(hint: Any, raw: Any, where: str, faults: list[str]) -> Any:
    if hint in READERS:
        try:
            return READERS[hint](raw)
        except (TypeError, ValueError) as error:
            faults.append(f"{where} must be {error}, got {raw!r}")
            return None
    row = getattr(hint, "__args__", (None,))[0]
    if row is None:
        return build(hint, raw, where, faults)
    if not isinstance(raw, list):
        faults.append(f"{where} must be a list of tables, got {raw!r}")
        return None
    names = [item.get("id", n) if isinstance(item, Mapping) else n for n, item in enumerate(raw)]
    return tuple(
        build(row, item, f"{where}[{name}]", faults) for name, item in zip(names, raw, strict=True)
    )


def _expect(kind: type, what: str) -> Callable[[Any], Any]:
    def read(raw: Any) -> Any:
        if type(raw) is not kind:
            raise TypeError(what)
        return raw

    return read


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise TypeError("a number")
    return float(raw)


def _clock(raw: Any) -> time:
    try:
        return time.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise ValueError('a clock time such as "15:00"') from error


def _words(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(word, str) for word in raw):
        raise TypeError("a list of words")
    return tuple(raw)


READERS: dict[Any, Callable[[Any], Any]] = {
    str: _expect(str, "text"),
    bool: _expect(bool, "true or false"),
    int: _expect(int, "a whole number"),
    float: _number,
    time: _clock,
    tuple[str, ...]: _words,
}
