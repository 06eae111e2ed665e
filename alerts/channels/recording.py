"""Recording channel: writes down what would be sent, sends nothing. Drills and demos use it."""

from __future__ import annotations

import json
from pathlib import Path

from alerts.types import Batch, Message, Receipt


class RecordingChannel:
    """Stands in for a real channel of the same name and form; each key is recorded once.

    `sent` holds one dict per batch; with `path` each is also a line of that JSONL file. Recipients
    appear as a number only.
    """

    def __init__(self, name: str = "recording", form: str = "plain", path: Path | None = None):
        self.name = name
        self.form = form
        self.path = path
        self.sent: list[dict[str, object]] = []
        self._keys: set[str] = set()

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Record the batch; a key seen before changes nothing."""
        if batch.key not in self._keys:
            self._keys.add(batch.key)
            self._write(batch, message)
        return Receipt(reference=f"recorded:{batch.key}", accepted=len(batch.recipients))

    def close(self) -> None:
        """Give back nothing: there are no connections."""

    def _write(self, batch: Batch, message: Message) -> None:
        entry: dict[str, object] = {
            "key": batch.key,
            "channel": self.name,
            "message_id": message.message_id,
            "district_id": message.district_id,
            "language": message.language,
            "subject": message.subject,
            "body": message.body.decode(),
            "sha256": message.sha256,
            "recipients": len(batch.recipients),
        }
        self.sent.append(entry)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
