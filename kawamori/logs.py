"""The program's log: a line an event, as text or as JSON, without anybody's address.

Only what the program says stands in a line, never an extra field; mail addresses, LINE ids and
bearer secrets that slip into a message are blotted out.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Literal

PRIVATE = re.compile(
    r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[^\s@\"'<>]+|\bU[0-9a-f]{32}\b|(?<=[Bb]earer )\S+|kwm_[\w-]{20,}"
)
BLOT = "[…]"


def blotted(text: str) -> str:
    """Give a text without addresses and secrets.

    >>> blotted("550 taro@example.jp refused")
    '550 […] refused'
    """
    return PRIVATE.sub(BLOT, text)


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the kind of a fault."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of one event."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blotted(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["fault"] = record.exc_info[0].__name__
            told["traceback"] = blotted(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


class TextLines(logging.Formatter):
    """The same for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of one event."""
        return blotted(super().format(record))


def set_up(form: Literal["json", "text"]) -> None:
    """Write every event of level INFO and above to standard error, in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
