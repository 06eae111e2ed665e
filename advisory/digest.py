"""The sha256 that names a piece of advice: same content, same digest, in any time zone."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from advisory.types import Advice


def digest_of(advice: Advice) -> str:
    """Give the sha256 of the canonical JSON of every field but `digest`; NaN counts as null.

    Raises
    ------
    ValueError
        If a time is naive.
    """
    content = {
        field.name: _plain(getattr(advice, field.name))
        for field in fields(advice)
        if field.name != "digest"
    }
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"time must be aware (with a zone), got {value.isoformat()}.")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
