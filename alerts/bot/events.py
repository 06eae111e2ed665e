"""Webhook events as LINE sends them: signature over the raw bytes, then tolerant reading.

Unknown kinds and fields are expected: LINE adds new ones without notice.
"""

from __future__ import annotations

import base64
import hmac
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.bot.types import Event, Kind

TEXT_MAX = 1000  # characters that are looked at
EVENTS_MAX = 1000  # of one request; LINE sends a few


def signed(body: bytes, signature: str, secret: str) -> bool:
    """Tell whether LINE signed these bytes; takes as long for a wrong one as for a right one."""
    if not secret:
        return False
    right = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
    return hmac.compare_digest(right, signature.encode("utf-8", "surrogateescape"))


def read_events(body: bytes) -> list[Event]:
    """Give the events of a signed request that a person made; others are passed over.

    Raises
    ------
    ValueError
        If the body is no JSON object with a list of events.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"a webhook body must be JSON, got {type(error).__name__}.") from None
    rows = told.get("events") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise ValueError("a webhook body must have a list of events, got none.")
    events = [_event(row) for row in rows[:EVENTS_MAX] if isinstance(row, dict)]
    return [event for event in events if event is not None]


def _event(row: Mapping[str, Any]) -> Event | None:
    """Give an event of one user, None = of a group, or without what an event must have."""
    source = _table(row.get("source"))
    event_id, user_id = row.get("webhookEventId"), source.get("userId")
    if not (_word(event_id) and _word(user_id)) or source.get("type") != "user":
        return None
    if row.get("mode", "active") != "active":
        return None
    kind, text, place = _content(row)
    token = row.get("replyToken")
    return Event(
        event_id=str(event_id),
        kind=kind,
        user_id=str(user_id),
        reply_token=token if isinstance(token, str) else "",
        at=_time(row.get("timestamp")),
        text=text,
        lon=place[0],
        lat=place[1],
    )


def _content(row: Mapping[str, Any]) -> tuple[Kind, str, tuple[float | None, float | None]]:
    nowhere = (None, None)
    message = _table(row.get("message"))
    match row.get("type"), message.get("type"):
        case "message", "text":
            return "text", _text(message.get("text")), nowhere
        case "message", "location":
            return "location", "", (_degrees(message, "longitude"), _degrees(message, "latitude"))
        case "postback", _:
            return "postback", _text(_table(row.get("postback")).get("data")), nowhere
        case "follow", _:
            return "follow", "", nowhere
        case "unfollow", _:
            return "unfollow", "", nowhere
    return "other", "", nowhere


def _degrees(message: Mapping[str, Any], name: str) -> float | None:
    """Give a coordinate on the globe, None = it is none."""
    value = message.get(name)
    limit = 180.0 if name == "longitude" else 90.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= limit else None


def _time(stamp: object) -> datetime:
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 <= stamp < 2**42:
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromtimestamp(stamp / 1000, UTC)


def _word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100


def _text(value: object) -> str:
    return value[:TEXT_MAX] if isinstance(value, str) else ""


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
